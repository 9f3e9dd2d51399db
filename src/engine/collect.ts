/** `collectEvents`: events put aside in a buffer of their step until a batch is complete. */
import { isEqualJson, type Json, ownField } from "../base/json.ts";
import type { Event } from "../workflow/event.ts";
import { activeJob, type Change, setStep, stepState, updateJob } from "./change.ts";
import type { Collected, Job } from "./state.ts";
import type { Expected, TickOf } from "./tick.ts";

/** A completed batch belongs to the job that completed it, whatever becomes of its attempts. */
export function eventCollected(change: Change, tick: TickOf<"event_collected">): void {
  const found = activeJob(change, tick);
  if (!found || Object.hasOwn(found.job.batches, tick.buffer)) return;
  const { buffer, event, expected } = tick;
  const { buffers } = stepState(change, tick.step);
  const before = ownField(buffers, buffer) ?? [];
  const brought = ownField(found.job.collected ?? {}, buffer) ?? [];
  if (brought.some((other) => isEqualEvent(other, event)) || !isWanted(before, tick)) return;
  const entries = before.concat({ job: tick.job, event });
  const batch = takeBatch(entries, expected);
  const taken = new Set(batch);
  const left = batch ? entries.filter((entry) => !taken.has(entry)) : entries;
  const { [buffer]: _, ...others } = buffers;
  setStep(change, tick.step, {
    buffers: left.length > 0 ? { ...others, [buffer]: left } : others,
  });
  const { batches } = found.job;
  const job: Job = {
    ...found.job,
    // A function that runs again brings this again, also when the batch has gone to another job.
    collected: { ...found.job.collected, [buffer]: brought.concat(event) },
    batches: batch ? { ...batches, [buffer]: batch.map((entry) => entry.event) } : batches,
  };
  updateJob(change, job, found.place);
}

/** As a tick tells them. */
export function toExpected(types: readonly { readonly type: string }[]): Expected {
  const expected: { readonly type: string; count: number }[] = [];
  for (const { type } of types) {
    const last = expected.at(-1);
    if (last?.type === type) last.count++;
    else expected.push({ type, count: 1 });
  }
  return expected.map((run) => (run.count > 1 ? run : run.type));
}

export function isEqualEvent(a: Event, b: Event): boolean {
  // Events of a run are JSON.
  return a.type === b.type && isEqualJson(a.data as Json, b.data as Json);
}

// ---

function countOf(expected: Expected, of: string | null): number {
  let count = 0;
  for (const run of expected) {
    const type = typeof run === "string" ? run : run.type;
    if (of === null || type === of) count += typeof run === "string" ? 1 : run.count;
  }
  return count;
}

function isWanted(before: readonly Collected[], { event, expected }: TickOf<"event_collected">) {
  let count = 0;
  for (const entry of before) if (entry.event.type === event.type) count++;
  return count < countOf(expected, event.type);
}

/** One of each, in the order asked for; undefined while one is missing. */
function takeBatch(
  entries: readonly Collected[],
  expected: Expected,
): readonly Collected[] | undefined {
  // Most events are not the last: counting them is enough.
  if (entries.length < countOf(expected, null)) return undefined;
  const byType = Map.groupBy(entries, ({ event }) => event.type);
  const iterators = new Map([...byType].map(([type, list]) => [type, list.values()]));
  const batch: Collected[] = [];
  for (const run of expected) {
    const { type, count } = typeof run === "string" ? { type: run, count: 1 } : run;
    const taken = iterators.get(type)?.take(count).toArray() ?? [];
    if (taken.length < count) return undefined;
    for (const entry of taken) batch.push(entry);
  }
  return batch;
}
