/** What the run in view is, and what can be done with it. */
import type { VNode } from "preact";

import type { HandlerBody } from "../../src/client/bodies.ts";
import { parseRoute } from "../model/route.ts";
import { formatMs } from "../model/words.ts";
import type { LiveRun } from "../state/live-run.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { exportEvents, exportRun } from "./export.ts";
import { MenuButton } from "./menu-button.tsx";
import { durationOf, shownStatus } from "./run-row.tsx";
import { Status } from "./status.tsx";

export function RunBar({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  const { handlers, now } = store;
  // The list hears of changes first; the journal knows runs that the list does not.
  const listed = handlers.list.value.find(({ handler_id: id }) => id === run.handlerId);
  const handler = (run.isReadOnly ? null : listed) ?? run.handler.value;
  if (!handler) {
    return (
      <div class="run-bar">
        <span class="quiet">Reading the run …</span>
      </div>
    );
  }
  const { handler_id: id } = handler;
  return (
    <div class="run-bar">
      <span role="status" aria-label="Status of the run">
        <Status status={shownStatus(store, handler)} />
      </span>
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
      {run.isReadOnly && (
        <span class="badge is-file">
          {run.isGone.value ? "deleted from the server" : "from a file, read only"}
        </span>
      )}
      <span class="header-space" />
      {run.isReadOnly ? <FileActions run={run} /> : <Actions run={run} handler={handler} />}
    </div>
  );
}

// ---

function Actions(props: { readonly run: LiveRun; readonly handler: HandlerBody }): VNode {
  const store = useStore();
  const { run, handler } = props;
  const { handler_id: id, status } = handler;
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
      <Button label="Run again" icon="again" onClick={() => store.rerun(handler, false)} />
      <Button
        label="Run again with other input"
        icon="edit"
        isIconOnly
        onClick={() => store.rerun(handler, true)}
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
      <Export run={run} />
      <Button
        label="Delete this run"
        icon="trash"
        isIconOnly
        onClick={() => (store.dialog.value = { kind: "delete", handlerId: id })}
      />
    </div>
  );
}

function Export({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  return (
    <MenuButton
      label="Export this run"
      icon="download"
      isIconOnly
      items={[
        {
          label: "All of it, as JSON to open here again",
          icon: "download",
          onChoose: () => exportRun(store, run),
        },
        {
          label: "Its events, as lines of JSON (NDJSON)",
          icon: "queued",
          onChoose: () => exportEvents(run),
        },
      ]}
    />
  );
}

/** What can be done with a run that the server does not have. */
function FileActions({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  return (
    <div class="actions" role="group" aria-label="Actions on this run">
      <Button
        label="Compare with another run"
        icon="compare"
        isIconOnly
        onClick={() => store.navigate({ tab: "compare" })}
      />
      <Export run={run} />
      <Button label="Close" icon="close" onClick={() => store.navigate(parseRoute(""))} />
    </div>
  );
}
