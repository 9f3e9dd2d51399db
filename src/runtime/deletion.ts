/** Deleting a handler with everything of its runs, and with the children that are under way. */
import { WorkflowError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { isTerminal } from "../protocol/status.ts";
import type { RunRecord, Store } from "../store/store.ts";
import type { HandlerChanges } from "./handler-changes.ts";
import type { LiveRun } from "./live-run.ts";
import type { LiveRuns } from "./live-runs.ts";

export interface DeletionPorts {
  readonly store: Store;
  readonly runs: LiveRuns;
  readonly changes: HandlerChanges;
  readonly log: Log;
  readonly cancel: (run: RunRecord) => Promise<boolean>;
}

/**
 * A run that is going on is cancelled before, so that whoever reads it or waits for it learns how
 * it ended. False: there is no such handler.
 */
export async function deleteHandler(ports: DeletionPorts, handlerId: string): Promise<boolean> {
  const { store, runs, changes } = ports;
  const run = await store.getHandler(handlerId);
  const reason = new WorkflowError("handler_not_found", `Handler \`${handlerId}\` was deleted.`);
  const live = run && !isTerminal(run.status) ? await tryCancel(ports, run) : undefined;
  const isDeleted = await store.delete(handlerId);
  if (run) runs.drop(run.runId, reason);
  if (isDeleted) changes.deleted(handlerId);
  await runs.dropDeleted(handlerId, reason);
  // A run that has children under way is under way itself.
  for (const child of live?.loop.state.children ?? []) await deleteHandler(ports, child.handlerId);
  return isDeleted;
}

// ---

/** What cannot be cancelled, such as a run of a workflow that is gone, can still be deleted. */
async function tryCancel(ports: DeletionPorts, run: RunRecord): Promise<LiveRun | undefined> {
  const { runs, cancel, log } = ports;
  let live: LiveRun | undefined;
  try {
    live = await runs.find(run, true);
    await cancel(run);
  } catch (error) {
    // Nothing is wrong with it: whoever asked is told to ask the next process.
    if (error instanceof WorkflowError && error.code === "shutting_down") throw error;
    log("warn", "A run is deleted as it stands.", { run: run.runId, error });
  }
  return live;
}
