/** `collectEvents`: events put aside in a buffer of their step until a batch is complete. */
import { isEqualJson, type Json } from "../base/json.ts";
import type { Event } from "../workflow/event.ts";
import { activeJob, type Change, setStep, stepState, updateJob } from "./change.ts";
import type { Collected, Job } from "./state.ts";
import type { TickOf } from "./tick.ts";

/** A completed batch belongs to the job that completed it, whatever becomes of its attempts. */
export function eventCollected(change: Change, tick: TickOf<"event_collected">): void {
  const found = activeJob(change, tick);
  if (!found || Object.hasOwn(found.job.batches, tick.buffer)) return;
  const { buffer, event, expected } = tick;
  const { buffers } = stepState(change, tick.step);
  const before = own(buffers, buffer) ?? [];
  const brought = own(found.job.collected ?? {}, buffer) ?? [];
  if (brought.some((other) => isEqualEvent(other, event)) || !isWanted(before, tick)) return;
  const entries = [...before, { job: tick.job, event }];
  const batch = takeBatch(entries, expected);
  const left = batch ? entries.filter((entry) => !batch.includes(entry)) : entries;
  const { [buffer]: _, ...others } = buffers;
  setStep(change, tick.step, {
    buffers: left.length > 0 ? { ...others, [buffer]: left } : others,
  });
  const { batches } = found.job;
  const job: Job = {
    ...found.job,
    // A function that runs again brings this again, also when the batch has gone to another job.
    collected: { ...found.job.collected, [buffer]: [...brought, event] },
    batches: batch ? { ...batches, [buffer]: batch.map((entry) => entry.event) } : batches,
  };
  updateJob(change, job, found.place);
}

// ---

/** A buffer may have any name, also one that objects have by themselves. */
function own<T>(fields: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function isWanted(before: readonly Collected[], tick: TickOf<"event_collected">): boolean {
  const count = (types: readonly string[]): number =>
    types.filter((type) => type === tick.event.type).length;
  return count(before.map((entry) => entry.event.type)) < count(tick.expected);
}

function isEqualEvent(a: Event, b: Event): boolean {
  // Events of a run are JSON.
  return a.type === b.type && isEqualJson(a.data as Json, b.data as Json);
}

/** One of each, in the order asked for; undefined while one is missing. */
function takeBatch(
  entries: readonly Collected[],
  expected: readonly string[],
): readonly Collected[] | undefined {
  // Asked for every event, and most are not the last.
  if (entries.length < expected.length) return undefined;
  const byType = Map.groupBy(entries, ({ event }) => event.type);
  const batch = expected.map((type) => byType.get(type)?.shift());
  return batch.every((entry) => entry !== undefined) ? batch : undefined;
}
