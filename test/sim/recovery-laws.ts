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
  isOver: boolean;
}

/**
 * A process that comes after one that has ended itself counts that against every run that it takes
 * up, once; it tries those that were there before one at a time, and those that were there too often
 * not at all. After a process that was killed nothing is counted.
 */
export const trialsAreFair: Law = ({ trace }) => {
  const { entries, plan } = trace;
  if (plan.weights.steal > 0 || plan.weights.delete > 0) return undefined;
  const known = new Map<string, Known>();
  let booted: EntryOf<"booted"> | undefined;
  let atBoot: ReadonlyMap<string, Known> = known;
  let counted = new Set<string>();
  let suspect: string | null = null;
  let trial: Trial | null = null;
  let now = 0;
  const learn = (run: string, what: Partial<Known>): void =>
    void known.set(run, { ...{ isActive: true, crashes: 0 }, ...known.get(run), ...what });
  return first(entries, (entry) => {
    switch (entry.kind) {
      case "moved":
        now = entry.at;
        return undefined;
      case "booted":
        [booted, atBoot, counted] = [entry, new Map(known), new Set()];
        [suspect, trial] = [null, null];
        return undefined;
      case "committed": {
        const { run, commit } = entry;
        const { outcome, rest, isProgress } = commit;
        if (outcome) learn(run, { isActive: false });
        else if (rest !== undefined) learn(run, { isActive: rest === null });
        else if (entry.created) learn(run, {});
        if (isProgress) learn(run, { crashes: 0 });
        if (outcome || rest || isProgress) {
          if (trial?.run === run) trial.isOver = true;
          // It had nothing to do that could end the process, and is no suspect any more.
          if (suspect === run) suspect = null;
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
        if (crashes > 1) suspect = run;
        const isAlone = crashes === 1 || !trial || trial.isOver || now >= trial.at + trialMs;
        return isAlone ? undefined : `${run} was tried beside ${trial?.run}`;
      }
      case "entered": {
        // One that cannot be loaded is loaded when that is possible, and then beside others.
        if (suspect === entry.run && booted?.process === entry.process) {
          suspect = null;
          trial = { run: entry.run, at: now, isOver: false };
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
