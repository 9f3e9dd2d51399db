/**
 * What becomes of unfinished runs when a process starts: they go on, all at once.
 *
 * If a step has ended the process before, its run alone is held to account (`step-under-way.ts`
 * knows): at `crashesMax` such ends, without the end of that job in between, it is not tried again:
 * it has failed. So a poisoned run costs a few restarts, and takes nobody with it.
 *
 * Of any other end (by a signal, for want of memory, by the loss of power) nobody is known to be
 * the cause, and no run is failed for it. But one that was under way at `killsMax` of them and got
 * nowhere may be: it is held back while the others go on (`held.ts`).
 */
import { crashesMax } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { isTerminal } from "../protocol/status.ts";
import type { Culprit, RunRecord, RunSummary, Store } from "../store/store.ts";
import type { Admission } from "./admission.ts";
import { goOn, type RecoveryPorts } from "./held.ts";
import type { Registry } from "./registry.ts";
import { readState } from "./story.ts";

/** Resolves when all runs but those held back are under way. */
export async function recover(ports: RecoveryPorts): Promise<void> {
  const { culprit } = ports.legacy;
  if (culprit) await blame(ports, culprit);
  const known: RunRecord[] = [];
  for (const run of await ports.store.listActive()) {
    if (ports.isKnown(run.workflowName)) known.push(run);
    else reportUnknown(ports.log, run);
  }
  // A process may have been killed between the count and what follows from it.
  const guilty = known.filter((run) => run.crashes >= crashesMax);
  await Promise.all(guilty.map((run) => ports.go(run)));
  const others = known.filter((run) => run.crashes < crashesMax);
  await goOn(ports, others);
}

/**
 * Where runs are counted, those that were under way count before any that waits is let in. Runs
 * that rest are not loaded for that, and count all the same.
 */
export async function countUnderWay(
  store: Store,
  registry: Registry,
  admission: Admission,
): Promise<void> {
  if (!admission.isLimited && !registry.isLimited) return;
  for (const run of await store.listHandlers({ statuses: ["running"] })) {
    const { runId, workflowName, isResting, parentRunId } = run;
    if (parentRunId !== null) continue; // Its parent has a place for both.
    const definition = isResting ? undefined : registry.get(workflowName);
    const state = definition && (await readState(store, definition, runId));
    if (!state?.queued) admission.occupy(runId, workflowName);
  }
}

/** It goes on at a start at which somebody knows its workflow. */
export function reportUnknown(log: Log, { runId, handlerId, workflowName }: RunSummary): void {
  log("warn", `A run of \`${workflowName}\` is left alone: there is no such workflow.`, {
    run: runId,
    handler: handlerId,
  });
}

// ---

/** Counts the end of the process against the run whose step it was, wherever that run is now. */
async function blame(ports: RecoveryPorts, culprit: Culprit): Promise<void> {
  const { store, log } = ports;
  const { runId, step } = culprit;
  const who = step === undefined ? "A run" : `Step \`${step}\``;
  const run = await store.getRun(runId);
  if (!run || isTerminal(run.status) || !ports.isKnown(run.workflowName)) return;
  const fields = { run: runId, handler: run.handlerId, workflow: run.workflowName };
  try {
    const crashes = run.crashes + 1;
    await store.setDeaths(runId, { crashes });
    log("warn", `${who} has ended the process.`, { ...fields, crashes });
    if (run.isResting && crashes >= crashesMax) await ports.go({ ...run, crashes });
  } catch (error) {
    // A store that fails now must not keep all the others from going on.
    log("error", `${who} has ended the process, and that could not be counted.`, {
      ...fields,
      error,
    });
  }
}
