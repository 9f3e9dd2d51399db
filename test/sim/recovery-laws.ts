/** Laws of what becomes of runs when their processes die. */
import { crashesMax, trialMs } from "../../src/base/limits.ts";
import { first, type Law } from "./laws.ts";
import type { EntryOf } from "./story.ts";

/** Only a run with which processes died again and again is given up for that. */
export const quarantineIsEarned: Law = ({ scenes, trace }) =>
  first(scenes, ({ run, tick, index }) => {
    // A process that is only robbed of its runs looks like one that has died.
    if (trace.plan.weights.steal > 0) return undefined;
    if (tick.kind !== "run_quarantined") return undefined;
    const progress = run.commits.findLast(({ commit }) => commit.isProgress) ?? run.commits[0];
    const since = progress ? trace.entries.indexOf(progress) : 0;
    const died = trace.entries
      .slice(since, index)
      .filter((entry) => entry.kind === "died" && entry.where !== "after it was closed");
    return died.length >= crashesMax ? undefined : `${run.run} was given up after ${died.length}`;
  });

/** What the store has of a run, as far as recovery looks at it. */
interface Known {
  readonly isActive: boolean;
  readonly crashes: number;
}

interface Trial {
  readonly run: string;
  readonly at: number;
  /** The furthest that the clock has been since. */
  latest: number;
  isOver: boolean;
}

/**
 * A process that comes after one that has ended itself counts that against every run that it takes
 * up, once; it acquits one that was there before when that has got somewhere or has had its time, and
 * does not try one that was there too often. After a process that was killed nothing is counted.
 */
export const trialsAreFair: Law = ({ trace }) => {
  const { entries, plan } = trace;
  if (plan.weights.steal > 0 || plan.weights.delete > 0) return undefined;
  const known = new Map<string, Known>();
  let booted: EntryOf<"booted"> | undefined;
  let atBoot: ReadonlyMap<string, Known> = known;
  let counted = new Set<string>();
  let suspect: { readonly run: string; readonly at: number } | null = null;
  let claimed = new Set<string>();
  let trial: Trial | null = null;
  let now = 0;
  const learn = (run: string, what: Partial<Known>): void =>
    void known.set(run, { ...{ isActive: true, crashes: 0 }, ...known.get(run), ...what });
  return first(entries, (entry) => {
    switch (entry.kind) {
      case "moved":
        now = entry.at;
        if (trial) trial.latest = Math.max(trial.latest, now);
        return undefined;
      case "booted":
        [booted, atBoot, counted, claimed] = [entry, new Map(known), new Set(), new Set()];
        [suspect, trial] = [null, null];
        return undefined;
      case "committed": {
        const { run, commit } = entry;
        const { outcome, rest, isProgress } = commit;
        if (outcome) learn(run, { isActive: false });
        else if (rest !== undefined) learn(run, { isActive: rest === null });
        else if (entry.created) learn(run, {});
        if (isProgress) learn(run, { crashes: 0 });
        // Where the store fails, a run may be loaded again when it has nothing to do any more.
        const isSure = plan.failedWrite === 0 && plan.failedRead === 0;
        const isAcquittal = isSure && isProgress && commit.ticks.length === 0;
        const isLong = !trial || trial.isOver || trial.latest >= trial.at + trialMs;
        if (isAcquittal && trial?.run === run && !isLong) {
          return `${run} was acquitted before it had got anywhere`;
        }
        if (outcome || rest || isProgress) {
          if (trial?.run === run) trial.isOver = true;
          // It had nothing to do that could end the process, and is no suspect any more.
          if (suspect?.run === run) suspect = null;
        }
        return undefined;
      }
      case "counted": {
        const { run, process, crashes } = entry;
        learn(run, { crashes });
        if (booted?.process !== process) return undefined;
        if (!booted.isAfterExit) return `${run} was blamed for a process that was killed`;
        if (counted.has(run)) return `${run} was blamed twice by process ${process}`;
        if (crashes >= crashesMax) return `${run} was tried once too often`;
        counted.add(run);
        // Whoever has it in memory already may have seen it get somewhere.
        if (crashes > 1 && !claimed.has(run)) suspect = { run, at: now };
        return undefined;
      }
      case "claimed":
        if (booted?.process === entry.process) claimed.add(entry.run);
        return undefined;
      case "entered": {
        // One that cannot be loaded is loaded when that is possible, and then beside others.
        if (suspect?.run === entry.run && booted?.process === entry.process) {
          // A clock may be set back between the count and the trial, whose time runs from then on.
          trial = { ...suspect, at: Math.min(suspect.at, now), latest: now, isOver: false };
          suspect = null;
        }
        const before = atBoot.get(entry.run);
        if (!booted?.isAfterExit || booted.process !== entry.process || !before?.isActive) {
          return undefined;
        }
        const isDue = before.crashes === 0 && !counted.has(entry.run);
        if (isDue) return `${entry.run} was taken up, and not counted`;
        const isDead = before.crashes >= crashesMax - 1;
        return isDead ? `${entry.run} was not given up after ${before.crashes}` : undefined;
      }
      default:
        return undefined;
    }
  });
};
