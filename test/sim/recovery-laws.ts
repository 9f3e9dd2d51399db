/** Laws of what becomes of runs when their processes die. */
import { crashesMax, killsMax } from "../../src/base/limits.ts";
import { first, type Law } from "./laws.ts";
import type { Plan } from "./plan.ts";
import type { EntryOf } from "./story.ts";

/** Only a run whose steps have ended processes again and again is given up for that. */
export const quarantineIsEarned: Law = ({ scenes, trace }) =>
  first(scenes, ({ run, tick, index }) => {
    if (trace.plan.weights.steal > 0 || tick.kind !== "run_quarantined") return undefined;
    const progress = run.commits.findLast(({ commit }) => commit.isProgress) ?? run.commits[0];
    const since = progress ? trace.entries.indexOf(progress) : 0;
    const ended = trace.entries
      .slice(since, index)
      .filter((entry) => entry.kind === "died" && entry.culprit?.runId === run.run);
    return ended.length >= crashesMax ? undefined : `${run.run} was given up after ${ended.length}`;
  });

/**
 * A process that comes after one that a step has ended counts that against the run of that step,
 * once, before that goes on, and against nobody else. At `crashesMax` it does not go on.
 */
export const blameIsExact: Law = ({ runs, trace }) => {
  const { entries, plan } = trace;
  if (plan.weights.steal > 0 || plan.weights.delete > 0) return undefined;
  const isSure = isTrusty(plan);
  const crashes = new Map<string, number>();
  let booted: EntryOf<"booted"> | undefined;
  let isCounted = false;
  return first(entries, (entry) => {
    switch (entry.kind) {
      case "booted":
        [booted, isCounted] = [entry, false];
        return undefined;
      case "committed":
        if (entry.commit.isProgress) crashes.set(entry.run, 0);
        return undefined;
      case "counted": {
        const { run, process } = entry;
        const before = crashes.get(run) ?? 0;
        crashes.set(run, entry.crashes);
        if (entry.crashes !== before + 1) return `${run} has ${entry.crashes} after ${before}`;
        if (booted?.process !== process) return `process ${process} blames ${run} late`;
        if (booted.culprit?.runId !== run) return `${run} was blamed for what it had not done`;
        if (isCounted) return `${run} was blamed twice by process ${process}`;
        isCounted = true;
        return undefined;
      }
      case "entered": {
        const { run, process } = entry;
        if (booted?.process !== process || !isSure || runs.get(run)?.isAgain) return undefined;
        if (booted.culprit?.runId === run && !isCounted) return `${run} goes on and is not blamed`;
        const count = crashes.get(run) ?? 0;
        return count >= crashesMax ? `${run} was not given up after ${count}` : undefined;
      }
      default:
        return undefined;
    }
  });
};

/** When the store takes again what is written, all that is under way goes on within a second. */
export const outagesEnd: Law = ({ trace }) => {
  const { failedWrite, failedRead, weights } = trace.plan;
  if (failedWrite > 0 || failedRead > 0 || weights.steal > 0) return undefined;
  return first(trace.entries, (entry) =>
    entry.kind === "missing"
      ? `${entry.run} does not go on ${entry.ms} ms after the store was back`
      : undefined,
  );
};

/** What the store has of a run, as far as its recovery depends on it. */
interface Known {
  readonly isActive: boolean;
  readonly crashes: number;
  readonly kills: number;
}

/**
 * When a process serves, all runs that were under way go on in it, but for those that have ended a
 * process, or were under way at `killsMax` kills; after a process that was closed, these too.
 */
export const onlySuspectsWait: Law = ({ trace }) => {
  const { entries, plan } = trace;
  if (!isTrusty(plan) || plan.weights.steal > 0 || plan.weights.delete > 0) return undefined;
  const known = new Map<string, Known>();
  let atBoot: ReadonlyMap<string, Known> = known;
  let booted: EntryOf<"booted"> | undefined;
  let seen = new Set<string>();
  const learn = (run: string, what: Partial<Known>): undefined => {
    const before = known.get(run) ?? { isActive: true, crashes: 0, kills: 0 };
    known.set(run, { ...before, ...what });
  };
  return first(entries, (entry) => {
    switch (entry.kind) {
      case "booted":
        [booted, atBoot, seen] = [entry, new Map(known), new Set()];
        return undefined;
      case "committed": {
        const { run, commit } = entry;
        const { outcome, rest, isProgress } = commit;
        if (outcome) learn(run, { isActive: false });
        else if (rest !== undefined) learn(run, { isActive: rest === null });
        else if (entry.created) learn(run, {});
        if (isProgress) learn(run, { crashes: 0, kills: 0 });
        seen.add(run);
        return undefined;
      }
      case "counted":
        return learn(entry.run, { crashes: entry.crashes });
      case "noted":
        return learn(entry.run, { kills: entry.kills });
      case "claimed":
        seen.add(entry.run);
        return undefined;
      case "opened":
        if (entry.process !== booted?.process) return undefined;
        return first(atBoot, ([run, { isActive, crashes, kills }]) => {
          const isSuspect = crashes > 0 || kills >= killsMax || booted?.culprit?.runId === run;
          if (!isActive || seen.has(run) || (isSuspect && !booted?.wasClosed)) return undefined;
          return `${run} has to wait after ${crashes} ends and ${kills} kills`;
        });
      default:
        return undefined;
    }
  });
};

// ---

/** Whether what is written is stored, and can be read, and every process knows every workflow. */
export function isTrusty({ failedWrite, failedRead, weights, forgets }: Plan): boolean {
  return failedWrite === 0 && failedRead === 0 && weights.cut === 0 && forgets === 0;
}
