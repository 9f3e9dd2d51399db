/** `collectEvents`: events put aside in a buffer of their step until a batch is complete. */
import { isEqualJson, type Json } from "../base/json.ts";
import type { Event } from "../workflow/event.ts";
import { activeJob, type Change, setStep, stepState, updateJob } from "./change.ts";
import type { Collected } from "./state.ts";
import type { TickOf } from "./tick.ts";

/** A completed batch belongs to the job that completed it, whatever becomes of its attempts. */
export function eventCollected(change: Change, tick: TickOf<"event_collected">): void {
  const found = activeJob(change, tick);
  if (!found || Object.hasOwn(found.job.batches, tick.buffer)) return;
  const { buffers } = stepState(change, tick.step);
  // A buffer may have any name, also one that objects have by themselves.
  const before = Object.hasOwn(buffers, tick.buffer) ? (buffers[tick.buffer] ?? []) : [];
  if (!isWanted(before, tick)) return;
  const entries = [...before, { job: tick.job, event: tick.event }];
  if (entries.length < tick.expected.length) {
    setStep(change, tick.step, { buffers: { ...buffers, [tick.buffer]: entries } });
    return;
  }
  const { [tick.buffer]: _, ...others } = buffers;
  setStep(change, tick.step, { buffers: others });
  const batches = { ...found.job.batches, [tick.buffer]: inOrder(entries, tick.expected) };
  updateJob(change, { ...found.job, batches }, found.place);
}

// ---

function isWanted(before: readonly Collected[], tick: TickOf<"event_collected">): boolean {
  const { job, event, expected } = tick;
  // A function that runs again after a restart brings what it has brought before.
  const isKnown = before.some((entry) => entry.job === job && isEqualEvent(entry.event, event));
  const count = (types: readonly string[]): number =>
    types.filter((type) => type === event.type).length;
  return !isKnown && count(before.map((entry) => entry.event.type)) < count(expected);
}

function isEqualEvent(a: Event, b: Event): boolean {
  // Events of a run are JSON.
  return a.type === b.type && isEqualJson(a.data as Json, b.data as Json);
}

function inOrder(entries: readonly Collected[], expected: readonly string[]): readonly Event[] {
  const rest = entries.map((entry) => entry.event);
  return expected.flatMap((type) => {
    const index = rest.findIndex((event) => event.type === type);
    return rest.splice(index, 1);
  });
}
