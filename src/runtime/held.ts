/**
 * Runs after the process was killed. That may have been anybody's doing, so nobody is blamed; but a
 * run that takes all memory kills each process that takes it up, and nobody would get anywhere.
 *
 * - A run counts the kills at which it was under way. Progress forgets them.
 * - At `killsMax` of them it is held back, while the others go on, and those that are held back are
 *   taken up one after another.
 * - A process that is killed while it holds a run back was not killed by that run: it counts from 0
 *   again. So under kills at random, a run is held back once now and then, and seldom for long.
 * - One that is under way for `killTrialMs` after that counts from 0 again, too.
 */
import { killHoldMs, killHoldMsMax, killsMax, killTrialMs, trialMs } from "../base/limits.ts";
import { isTerminal } from "../protocol/status.ts";
import type { RunRecord } from "../store/store.ts";
import { pause, type RecoveryPorts } from "./recovery-ports.ts";

/** Resolves when all runs but those held back are under way. */
export async function goOnAfterKill(
  ports: RecoveryPorts,
  runs: readonly RunRecord[],
): Promise<void> {
  const wasKilled = !ports.store.wasClosed();
  const held = wasKilled ? runs.filter((run) => run.kills >= killsMax) : [];
  await Promise.all(held.map((run) => note(ports, run, 0)));
  const others = runs.filter((run) => !held.includes(run));
  await Promise.all(
    others.map(async (run) => {
      await note(ports, run, wasKilled ? run.kills + 1 : 0);
      await ports.go(run);
    }),
  );
  void goOnLater(ports, held);
}

// ---

async function goOnLater(ports: RecoveryPorts, held: readonly RunRecord[]): Promise<void> {
  const { clock, log, signal, go } = ports;
  const since = clock.now();
  // The newest first: a run that waits for its child must not be taken up before it.
  const waiting = held.toReversed().toSorted((a, b) => a.kills - b.kills);
  for (const { runId, handlerId, workflowName, kills } of waiting) {
    const fields = { run: runId, handler: handlerId, workflow: workflowName };
    log("warn", `${kills} processes were killed with this run under way: it is held back.`, {
      ...fields,
      seconds: holdMs(kills) / 1000,
    });
  }
  for (const run of waiting) {
    await pause(ports, since + holdMs(run.kills) - clock.now());
    if (signal.aborted) return;
    if (!(await isThere(ports, run))) continue;
    await note(ports, run, run.kills + 1);
    const live = await go(run);
    if (!live) continue;
    void acquitLater(ports, run, live.progress);
    await pause(ports, trialMs, live.progress);
  }
}

function holdMs(kills: number): number {
  return Math.min(killHoldMs * 4 ** (kills - killsMax), killHoldMsMax);
}

/** An event may have brought it to its end meanwhile, or somebody deleted it. */
async function isThere({ store, log }: RecoveryPorts, { runId }: RunRecord): Promise<boolean> {
  try {
    const now = await store.getRun(runId);
    return now !== undefined && !isTerminal(now.status);
  } catch (error) {
    log("error", "A run that was held back could not be looked up.", { run: runId, error });
    return true;
  }
}

async function acquitLater(
  ports: RecoveryPorts,
  run: RunRecord,
  progress: Promise<void>,
): Promise<void> {
  await pause(ports, killTrialMs, progress);
  if (!ports.signal.aborted && (await isThere(ports, run))) await note(ports, run, 0);
}

/** A count that cannot be stored is no reason to hold up a run. */
async function note(
  { store, log, signal }: RecoveryPorts,
  { runId, kills }: RunRecord,
  now: number,
): Promise<void> {
  if (kills === 0 && now === 0) return;
  try {
    await store.setKills(runId, now);
  } catch (error) {
    if (!signal.aborted) log("warn", "Kills could not be counted.", { run: runId, error });
  }
}
