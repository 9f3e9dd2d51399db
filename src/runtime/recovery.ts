/**
 * What becomes of unfinished runs when a process starts: they go on. If the process before ended by
 * itself, one of them has ended it, so each is counted until it has got somewhere.
 *
 * - A run that was taken up and was there when the process ended again is tried alone, one at a
 *   time.
 * - One that was there at `crashesMax` such ends is not tried again: it has failed.
 *
 * So a poisoned run costs a few restarts, and takes nobody with it.
 *
 * A process that was killed (by a signal, for want of memory, by the loss of power) tells nothing
 * of its runs: none of them is failed for it. But one that was under way at `killsMax` kills in a
 * row and got nowhere may be their cause, so it is held back while the others go on, for longer
 * each time (`held.ts`).
 */
import { crashesMax, parkedRunRetryMs, trialMs } from "../base/limits.ts";
import { isTerminal } from "../protocol/status.ts";
import type { RunRecord } from "../store/store.ts";
import { goOnAfterKill } from "./held.ts";
import { pause, type RecoveryPorts } from "./recovery-ports.ts";

/** Resolves when all runs but those on trial are under way. */
export async function recover(ports: RecoveryPorts): Promise<void> {
  const active = await ports.store.listActive();
  const known = active.filter((run) => ports.isKnown(run.workflowName));
  reportUnknown(
    ports,
    active.filter((run) => !known.includes(run)),
  );
  if (!ports.store.wasExit()) return goOnAfterKill(ports, known);
  // A run's first death with a process is not counted: it was started then, not taken up.
  const dead = known.filter((run) => run.crashes >= crashesMax - 1);
  const suspects = known.filter((run) => !dead.includes(run) && run.crashes > 0);
  const innocent = known.filter((run) => run.crashes === 0);
  await Promise.all(dead.map((run) => ports.quarantine(run, crashesMax)));
  await Promise.all(
    innocent.map(async (run) => {
      await ports.store.countCrash(run.runId, 0);
      await ports.go(run);
    }),
  );
  void tryAll(ports, suspects);
}

// ---

async function tryAll(ports: RecoveryPorts, suspects: readonly RunRecord[]): Promise<void> {
  // The newest first: a run that waits for its child must not be tried before it.
  for (const run of suspects.toReversed()) {
    try {
      if (await beginTrial(ports, run)) await tryAlone(ports, run);
    } catch (error) {
      ports.log("error", "A run could not be acquitted.", { run: run.runId, error });
    }
  }
}

/**
 * Counts the trial, also where the store fails for a while: nobody else takes the run up. False: it
 * needs no trial any more.
 */
async function beginTrial(
  ports: RecoveryPorts,
  { runId, handlerId, workflowName, crashes }: RunRecord,
): Promise<boolean> {
  const { store, log, signal } = ports;
  while (!signal.aborted) {
    try {
      // Somebody may have needed it before its turn: it may have got somewhere, or ended.
      const now = await store.getRun(runId);
      if (!now || isTerminal(now.status)) return false;
      if ((await store.countCrash(runId, crashes)) !== crashes + 1) return false;
      const fields = { run: runId, handler: handlerId, workflow: workflowName };
      log("warn", "A run died with the process before; it is tried alone.", fields);
      return true;
    } catch (error) {
      log("error", "A trial could not begin; it is tried again.", { run: runId, error });
      await pause(ports, parkedRunRetryMs);
    }
  }
  return false;
}

async function tryAlone(ports: RecoveryPorts, run: RunRecord): Promise<void> {
  const live = await ports.go(run);
  if (!live) return;
  await pause(ports, trialMs, live.progress);
  if (!ports.signal.aborted) await ports.acquit(run);
}

function reportUnknown({ log }: RecoveryPorts, runs: readonly RunRecord[]): void {
  for (const { runId, handlerId, workflowName } of runs) {
    log("warn", `A run of \`${workflowName}\` is left alone: there is no such workflow.`, {
      run: runId,
      handler: handlerId,
    });
  }
}
