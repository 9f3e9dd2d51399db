/** Laws of step functions: when they are called, and what becomes of what they do. */
import type { Tick } from "../../src/engine/tick.ts";
import { first, jobsOf, type Law } from "./laws.ts";
import { mistakenOnPurpose } from "./opening.ts";
import { sightsOf } from "./story.ts";

/**
 * Steps: a function is called only for an attempt that is under way; so what has completed never
 * runs again, and nobody is tried again before it is time. The same process calls it once, unless
 * it has taken the run up anew.
 */
export const stepsRunWhenTold: Law = (story) => {
  const called = new Set<string>();
  return first(story.sights, ({ entry, run: tale, state, previous }) => {
    if (entry.kind === "claimed") {
      for (const key of called) if (key.startsWith(`${tale.id}:`)) called.delete(key);
    }
    // Without the lease another process has the run, and knows better.
    if (entry.kind !== "entered" || !entry.isHolder) return undefined;
    const { process, run, step, job, attempt } = entry;
    const isTold = [state, previous].some(({ steps }) =>
      steps[step]?.running.some((other) => other.id === job && other.attempt === attempt),
    );
    const key = `${tale.id}:${job}:${attempt}:${process}`;
    const isAgain = called.has(key);
    called.add(key);
    const name = `attempt ${attempt} at job ${job} of \`${step}\` in ${run}`;
    if (isAgain) return `${name} was called twice`;
    return isTold ? undefined : `${name} was called out of turn`;
  });
};

/** What a step has shown, sent and set is stored before it is stored how the step has ended. */
export const stepsAreHeard: Law = (story) => {
  /** Where the calls began: one may outlive the loop that it was made for. */
  const entered = new Map<string, number>();
  const claims = sightsOf(story, "claimed");
  return first(story.sights, ({ entry, index, run }) => {
    if (entry.kind !== "entered" && entry.kind !== "left") return undefined;
    const { process, job, attempt, step, call } = entry;
    const key = `${process}:${call}`;
    if (entry.kind === "entered") return void entered.set(key, index);
    if (!entry.isHolder) return undefined;
    const since = entered.get(key) ?? index;
    const own = run.scenes.filter(
      ({ tick }) => "job" in tick && tick.job === job && tick.attempt === attempt,
    );
    const end = own.find(({ tick }) => ["step_succeeded", "step_failed"].includes(tick.kind));
    const isOwnEnd = end && end.index > index && end.commit.process === process;
    // Who takes a run up anew begins with what is stored.
    const isNew = claims.some((claim) => {
      return claim.run === run && claim.index > since && claim.index < (end?.index ?? 0);
    });
    if (!isOwnEnd || isNew) return undefined;
    // What was done before an interruption is not done again.
    const count = (kind: Tick["kind"]): number =>
      own.filter(({ tick }) => tick.kind === kind).length;
    const { writes, sends, sets } = entry.told;
    const isHeard =
      count("event_written") >= writes &&
      count("event_sent") >= sends &&
      count("state_changed") >= sets;
    if (isHeard) return undefined;
    return `attempt ${attempt} at job ${job} of \`${step}\` did more than is stored of it`;
  });
};

/** A step fails because its function has, or has returned what it may not: not by our mistake. */
export const stepsFailForAReason: Law = ({ scenes }) =>
  first(scenes, ({ run, tick }) => {
    if (tick.kind !== "step_failed") return undefined;
    const { name, message, code } = tick.failure;
    // No function here gives a key to two effects, or to two waits.
    const isOurs = /^(Type|Reference|Range|Assertion)Error$/.test(name) || code === "key_reused";
    if (!isOurs || message === mistakenOnPurpose) return undefined;
    return `\`${tick.step}\` of ${run.run} failed with ${name}: ${message}`;
  });

/** Effects: what `ctx.run` has returned is never done again, and always the same. */
export const effectsAreKept: Law = (story) => {
  const kept = new Map<string, string>();
  return first(story.sights, ({ entry, run, state }) => {
    if (entry.kind !== "effect_called" && entry.kind !== "effect_kept") return undefined;
    const key = `${run.id}:${entry.job}:${entry.key}`;
    if (entry.kind === "effect_kept") {
      const value = JSON.stringify(entry.value);
      const before = kept.get(key) ?? value;
      kept.set(key, before);
      return value === before ? undefined : `effect ${key} gave ${before}, then ${value}`;
    }
    if (!entry.isHolder) return undefined;
    const job = jobsOf(state).find(({ id }) => id === entry.job);
    const isStored = job?.effects.some((effect) => effect.key === entry.key) ?? false;
    return kept.has(key) || isStored ? `effect ${key} was done again` : undefined;
  });
};
