/** A workflow before any run of it: what it is, takes and gives, and how to start it. */
import type { VNode } from "preact";

import { toField } from "../model/form.ts";
import { initialGroup } from "../model/form-value.ts";
import { formatCount } from "../model/words.ts";
import type { WorkflowInfo } from "../state/workflows.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { CopyAs, startSnippets } from "./copy-as.tsx";

export function WorkflowAbout({ info }: { readonly info: WorkflowInfo }): VNode {
  const store = useStore();
  const { body, schema } = info;
  const start = toField(schema.start, schema.start);
  const fields = start.kind === "group" ? start.members : [];
  const input = start.kind === "group" ? initialGroup(start) : {};
  const snippets = startSnippets(store, info.name, input);
  return (
    <div class="result">
      <section class="card">
        <h3>{body.title}</h3>
        {body.description && <p>{body.description}</p>}
        <p class="quiet">
          {formatCount(body.steps.length, "step")}
          {body.timeoutMs !== null && ` · ends after ${body.timeoutMs / 1000} s at the latest`}
          {body.concurrency !== null && ` · ${formatCount(body.concurrency, "run")} at a time`}
        </p>
        <p>
          {fields.length === 0 ? "Takes any fields." : "Takes "}
          {fields.map(({ name, isRequired }, index) => (
            <span key={name}>
              {index > 0 && ", "}
              <code>{name}</code>
              {!isRequired && " (optional)"}
            </span>
          ))}
        </p>
        <Button
          label={`Run ${info.name}`}
          icon="play"
          kind="primary"
          onClick={() => (store.dialog.value = { kind: "run", workflow: info.name })}
        />
      </section>
      <section class="card">
        <h3>From a shell</h3>
        <pre class="code-block" tabIndex={0} aria-label="Command">
          {snippets.curl}
        </pre>
        <h3>From a program</h3>
        <pre class="code-block" tabIndex={0} aria-label="Program">
          {snippets.typescript}
        </pre>
        <CopyAs snippets={snippets} />
      </section>
    </div>
  );
}
