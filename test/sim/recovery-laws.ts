/** Laws of what becomes of runs when their processes die. */
import { crashesMax } from "../../src/base/limits.ts";
import { first, type Law } from "./laws.ts";
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
  const isSure = plan.failedWrite === 0 && plan.failedRead === 0;
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
        crashes.set(run, entry.crashes);
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
