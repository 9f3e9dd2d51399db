/**
 * What holds of every state that `reduce` can make: asserted after a load, and all over the tests.
 */
import { assert } from "../base/assert.ts";
import { ownField } from "../base/json.ts";
import type { Definition } from "../workflow/definition.ts";
import { isIdle, jobPlaces, jobsOf, type RunState } from "./state.ts";
import { isOpen } from "./wait.ts";

export function checkInvariants(definition: Definition, state: RunState): void {
  const seen = new Set<number>();
  for (const [name, step] of Object.entries(state.steps)) {
    const workers = definition.steps.get(name)?.workers ?? 0;
    for (const job of jobPlaces.flatMap((place) => step[place])) {
      assert(!seen.has(job.id), `Job ${job.id} is in one place only.`);
      assert(job.step === name, `Job ${job.id} is kept with its step.`);
      assert(job.id < state.nextJob, `Job ${job.id} was numbered by this run.`);
      seen.add(job.id);
    }
    const slots = step.running.map((job) => job.worker);
    assert(slots.length <= workers, `Step \`${name}\` works on ${workers} jobs at most.`);
    assert(new Set(slots).size === slots.length, `Step \`${name}\` gives a slot to one job.`);
    assert(!slots.includes(null), `A running job of step \`${name}\` has a slot.`);
    assert(
      step.queue.length === 0 || slots.length === workers,
      `Step \`${name}\` queues only while its slots are taken.`,
    );
    assert(
      step.delayed.every((job) => job.retryAt !== null),
      `A delayed job of step \`${name}\` is due some time.`,
    );
    assert(
      step.waiting.every((job) => job.waits.length > 0),
      `A waiting job of step \`${name}\` waits for something.`,
    );
  }
  checkScopes(state);
  checkWaits(state);
  assert(state.status === "running" || isIdle(state), "A run that has ended does nothing.");
  assert(
    (state.status === "completed") === (state.result !== null),
    "A completed run has a result.",
  );
}

// ---

function checkWaits(state: RunState): void {
  const waits = jobsOf(state).flatMap((job) => job.waits.filter(isOpen));
  const counts = Map.groupBy(waits, ({ type }) => type);
  for (const type of new Set([...counts.keys(), ...Object.keys(state.waitedFor)])) {
    const open = counts.get(type)?.length ?? 0;
    const counted = ownField(state.waitedFor, type) ?? 0;
    assert(
      open === counted,
      `\`${type}\` is waited for ${open} times, and ${counted} are counted.`,
    );
  }
}

function checkScopes(state: RunState): void {
  const counts = new Map<number, number>();
  for (const id of jobsOf(state).flatMap((job) => job.scopes)) {
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  let before = -1;
  for (const { id, jobs } of state.scopes) {
    const inside = counts.get(id) ?? 0;
    assert(id > before, `Scope ${id} is in its place.`);
    assert(jobs === inside, `Scope ${id} has ${inside} jobs, and counts ${jobs}.`);
    assert(id === 0 || inside > 0, `Scope ${id} ends with its last job.`);
    before = id;
  }
}
