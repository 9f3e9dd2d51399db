/** What the run in view is, and what can be done with it. */
import type { VNode } from "preact";

import type { HandlerBody } from "../../src/client/bodies.ts";
import { formatMs, pretty } from "../model/words.ts";
import type { LiveRun } from "../state/live-run.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { durationOf, isAsking } from "./run-row.tsx";
import { Status } from "./status.tsx";

export function RunBar({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  const { handlers, now } = store;
  // The list hears of changes first; the journal knows runs that the list does not.
  const listed = handlers.list.value.find(({ handler_id: id }) => id === run.handlerId);
  const handler = listed ?? run.handler.value;
  if (!handler) {
    return (
      <div class="run-bar">
        <span class="quiet">Reading the run …</span>
      </div>
    );
  }
  const { handler_id: id, status } = handler;
  return (
    <div class="run-bar">
      <Status status={status} />
      {isAsking(store, handler) && <span class="badge is-asking">asks you</span>}
      <span class="run-title">{handler.workflow_name}</span>
      <button
        type="button"
        class="id"
        title="Copy the id of this run"
        onClick={() => store.copy(id, "the id")}
      >
        {id}
      </button>
      <span class="quiet">{formatMs(durationOf(handler, now.value))}</span>
      <span class="header-space" />
      <Actions run={run} handler={handler} />
    </div>
  );
}

/** Everything that this page knows of a run, as a file. */
export function exportRun(run: LiveRun, handler: HandlerBody): void {
  const content = pretty({
    handler,
    events: run.events.map(({ sequence, envelope }) => ({ sequence, ...envelope })),
    ticks: run.trace?.ticks ?? [],
  });
  const url = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${handler.workflow_name}-${handler.handler_id}.json`;
  link.click();
  // The browser has taken what it wants of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// ---

function Actions(props: { readonly run: LiveRun; readonly handler: HandlerBody }): VNode {
  const store = useStore();
  const { run, handler } = props;
  const { handler_id: id, status } = handler;
  const attempt = (action: Promise<void>): void => void action.catch(store.report);
  return (
    <div class="actions" role="group" aria-label="Actions on this run">
      {status === "running" && (
        <Button
          label="Cancel"
          icon="stop"
          kind="danger"
          onClick={() => (store.dialog.value = { kind: "cancel", handlerId: id })}
        />
      )}
      <Button label="Run again" icon="again" onClick={() => attempt(store.rerun(handler, false))} />
      <Button
        label="Run again with other input"
        icon="edit"
        isIconOnly
        onClick={() => attempt(store.rerun(handler, true))}
      />
      <Button
        label="Compare with another run"
        icon="compare"
        isIconOnly
        onClick={() => store.navigate({ tab: "compare" })}
      />
      <Button
        label="Copy a link to this view"
        icon="link"
        isIconOnly
        onClick={() => store.copy(location.href, "the link")}
      />
      <Button
        label="Export this run as JSON"
        icon="download"
        isIconOnly
        onClick={() => exportRun(run, handler)}
      />
      <Button
        label="Delete this run"
        icon="trash"
        isIconOnly
        onClick={() => (store.dialog.value = { kind: "delete", handlerId: id })}
      />
    </div>
  );
}
