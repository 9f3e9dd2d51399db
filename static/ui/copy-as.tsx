/** What a button would do, to be taken along: as a command for a shell, or as a program. */
import type { VNode } from "preact";

import type { Json, JsonObject } from "../../src/client/bodies.ts";
import { toCurl } from "../model/curl.ts";
import { type Program, toSendProgram, toStartProgram } from "../model/typescript.ts";
import type { Store } from "../state/store.ts";
import { useStore } from "./context.ts";
import { MenuButton } from "./menu-button.tsx";

export interface Snippets {
  readonly curl: string;
  readonly typescript: string;
}

export function startSnippets(store: Store, workflow: string, input: JsonObject): Snippets {
  const program = programOf(store);
  const url = new URL(`workflows/${encodeURIComponent(workflow)}/run-nowait`, document.baseURI);
  return {
    curl: toCurl(url.href, { start_event: input }, program.hasKey),
    typescript: toStartProgram(program, workflow, input),
  };
}

export function sendSnippets(
  store: Store,
  event: { readonly type: string; readonly value: JsonObject },
  step: string | null,
): Snippets {
  const program = programOf(store);
  const id = store.route.value.run ?? "";
  const url = new URL(`events/${encodeURIComponent(id)}`, document.baseURI);
  const body: Json = { event, ...(step !== null && { step }) };
  return {
    curl: toCurl(url.href, body, program.hasKey),
    typescript: toSendProgram(program, id, event, step),
  };
}

export function CopyAs({ snippets }: { readonly snippets: Snippets }): VNode {
  const store = useStore();
  return (
    <MenuButton
      label="Copy as …"
      icon="copy"
      items={[
        {
          label: "curl",
          icon: "command",
          onChoose: () => store.copy(snippets.curl, "the command"),
        },
        {
          label: "TypeScript",
          icon: "code",
          onChoose: () => store.copy(snippets.typescript, "the program"),
        },
      ]}
    />
  );
}

// ---

function programOf(store: Store): Program {
  return { baseUrl: new URL(".", document.baseURI).href, hasKey: store.key.isSet.value };
}
