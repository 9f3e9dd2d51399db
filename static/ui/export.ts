/** What this page knows of a run, as a file. */
import { type RunFile, toNdjson } from "../model/run-file.ts";
import type { LiveRun } from "../state/live-run.ts";
import type { Store } from "../state/store.ts";

/** All of it: this page opens it again. */
export function exportRun(store: Store, run: LiveRun): void {
  const handler = run.handler.value;
  const info = handler ? infoOf(store, run, handler.workflow_name) : undefined;
  if (!handler || !info) return;
  const { graph, schema, body: definition } = info;
  const file: RunFile = {
    handler,
    workflow: { graph, schema, definition },
    first_sequence: run.trace?.firstSequence ?? 0,
    events: eventsOf(run),
    ticks: JSON.parse(JSON.stringify(run.trace?.ticks ?? [])), // As they came.
  };
  const text = JSON.stringify(file, null, 1);
  save(text, `${handler.workflow_name}-${handler.handler_id}.json`, "application/json");
}

/** A line for each, as the server streams them. */
export function exportEvents(run: LiveRun): void {
  const name = `${run.handler.value?.workflow_name ?? "run"}-${run.handlerId}.ndjson`;
  save(toNdjson(eventsOf(run)), name.replace("file:", ""), "application/x-ndjson");
}

// ---

function eventsOf(run: LiveRun): RunFile["events"] {
  return run.events.map(({ sequence, envelope }) => ({ sequence, ...envelope }));
}

function infoOf(store: Store, run: LiveRun, workflow: string): LiveRun["info"] {
  const loaded = store.workflows.info(workflow).value;
  return run.info ?? (loaded.kind === "ready" ? loaded.value : null);
}

function save(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken what it wants of it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
