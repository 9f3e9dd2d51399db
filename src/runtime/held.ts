/**
 * How runs go on after a start: all at once, but for those that may be why processes are killed. A
 * run that takes all memory kills each process that takes it up, and nobody would get anywhere.
 *
 * - A run counts the kills at which it was under way. Progress forgets them.
 * - Those with `killsMax` of them are suspects. They are taken up after the others, the least
 *   suspect first: those that are equally suspect in `killSlices` slices, each when the one before
 *   has got somewhere or has had its time.
 * - So at a kill the count of one slice rises, or of a few while they have little time. They have
 *   four times as long after each further kill, until the killer is alone.
 * - One that was taken up alone when the process was killed is held back for four times as long at
 *   each further kill: after kills at will, for no more than four times what those let it live.
 * - One that was held back so, and still is when the process is killed, is held back for less.
 * - One that is under way for `killTrialMs` after it was held back counts from 0 again.
 *
 * A run whose step has ended the process (`crashes`) is held back alone in the same way. Whoever is
 * taken up alone is also suspect of keeping the thread, if nobody is known to (`watchdog.ts`).
 */
import { type Clock, pause } from "../base/clock.ts";
import {
  killHoldAloneMs,
  killHoldMs,
  killsAlone,
  killSliceMs,
  killSlices,
  killsMax,
  killTrialMs,
} from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import { isTerminal } from "../protocol/status.ts";
import type { Legacy, RunRecord, Store } from "../store/store.ts";

/** What the recovery of runs after a start needs of the runtime. */
export interface RecoveryPorts {
  readonly store: Store;
  readonly legacy: Legacy;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
  isKnown(workflowName: string): boolean;
  /**
   * Lets a run go on, or end, if it is one of those that have failed for what they have done.
   * Resolves when it is under way; `progress` when it has got somewhere.
   */
  go(run: RunRecord): Promise<{ readonly progress: Promise<void> } | undefined>;
  /**
   * If the thread is kept by somebody who is not known, it is by this run. The result takes that
   * back.
   */
  suspect(run: RunRecord): () => void;
}

/** Resolves when all runs but those held back are under way. */
export async function goOn(ports: RecoveryPorts, runs: readonly RunRecord[]): Promise<void> {
  const { wasClosed, culprit } = ports.legacy;
  const counted = wasClosed || culprit ? 0 : 1;
  const isHeld = (run: RunRecord): boolean => !wasClosed && suspicionOf(run) >= killsMax;
  await Promise.all(
    runs.map(async (run) => {
      if (isHeld(run)) {
        if (run.kills > killsAlone) await note(ports, run, run.kills - 1);
        return;
      }
      await note(ports, run, wasClosed ? 0 : run.kills + counted);
      await ports.go(run);
    }),
  );
  void goOnLater(ports, runs.filter(isHeld));
}

// ---

function suspicionOf({ crashes, kills }: RunRecord): number {
  return crashes > 0 ? killsAlone + crashes - 1 : kills;
}

interface Slice {
  readonly runs: readonly RunRecord[];
  /** It is taken up this long after the start of the process, or later. */
  readonly holdMs: number;
  /** What it has of time before the next one. */
  readonly trialMs: number;
}

/** In the order in which they are taken up. */
function slicesOf(suspects: readonly RunRecord[]): readonly Slice[] {
  // The newest first: a run that waits for its child must not be taken up before it.
  const alike = Map.groupBy(suspects.toReversed(), suspicionOf);
  const levels = [...alike.keys()].toSorted((one, other) => one - other);
  return levels.flatMap((level) => {
    const runs = alike.get(level) ?? [];
    const length = level < killsAlone ? Math.ceil(runs.length / killSlices) : 1;
    const count = Math.ceil(runs.length / length);
    // Many that go on one by one have together the time of a few.
    const trialMs = Math.min(trialMsOf(level), (trialMsOf(level) * killSlices) / count);
    return Array.from({ length: count }, (_, index) => ({
      runs: runs.slice(index * length, (index + 1) * length),
      holdMs: holdMsOf(level),
      trialMs,
    }));
  });
}

async function goOnLater(ports: RecoveryPorts, held: readonly RunRecord[]): Promise<void> {
  const { clock, signal } = ports;
  const since = clock.now();
  report(ports, held);
  for (const { runs, holdMs, trialMs } of slicesOf(held)) {
    await pause(clock, since + holdMs - clock.now(), signal);
    if (signal.aborted) return;
    const progress = runs.map((run) => takeUp(ports, run, runs.length === 1));
    await pause(clock, trialMs, signal, Promise.all(progress));
  }
}

function report({ log }: RecoveryPorts, held: readonly RunRecord[]): void {
  const single = held.length === 1 ? held : held.filter((run) => suspicionOf(run) >= killsAlone);
  for (const run of single) {
    log(
      "warn",
      "The process was killed again and again with this run under way: it is held back.",
      {
        run: run.runId,
        handler: run.handlerId,
        workflow: run.workflowName,
        seconds: holdMsOf(suspicionOf(run)) / 1000,
      },
    );
  }
  const count = held.length - single.length;
  if (count === 0) return;
  log("warn", "The process was killed again and again: the runs under way go on in turns.", {
    runs: count,
  });
}

/** Resolves when it has got somewhere, or has nowhere to get. */
async function takeUp(ports: RecoveryPorts, run: RunRecord, isAlone: boolean): Promise<void> {
  if (!(await isThere(ports, run))) return;
  const isLast = isAlone && run.kills >= killsMax;
  const kills = isLast ? Math.max(run.kills + 1, killsAlone) : run.kills + 1;
  await note(ports, run, kills);
  const clear = isAlone ? ports.suspect(run) : () => {};
  const live = await ports.go(run);
  if (!live) return clear();
  void acquitLater(ports, { ...run, kills }, live.progress).then(clear);
  await live.progress;
}

function holdMsOf(suspicion: number): number {
  if (suspicion < killsAlone) return Math.min(trialMsOf(suspicion), killHoldMs);
  return Math.min(killSliceMs * 4 ** (suspicion - killsAlone), killHoldAloneMs);
}

function trialMsOf(suspicion: number): number {
  const repeated = suspicion - (suspicion < killsAlone ? killsMax : killsAlone);
  return Math.min(killSliceMs * 4 ** repeated, killTrialMs);
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
  const { clock, signal } = ports;
  await pause(clock, killTrialMs, signal, progress);
  if (!signal.aborted && (await isThere(ports, run))) await note(ports, run, 0);
}

/** A count that cannot be stored is no reason to hold up a run. */
async function note(
  { store, log, signal }: RecoveryPorts,
  { runId, kills }: RunRecord,
  now: number,
): Promise<void> {
  if (kills === now) return;
  try {
    await store.setDeaths(runId, { kills: now });
  } catch (error) {
    if (!signal.aborted) log("warn", "Kills could not be counted.", { run: runId, error });
  }
}
