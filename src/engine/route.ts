/** An event has come: it answers waits, makes jobs for the steps that accept it, or is kept. */
import { unclaimedEventsMax } from "../base/limits.ts";
import { qualifiedName } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";
import { type Change, publish } from "./change.ts";
import { joinEvent } from "./join.ts";
import { type Lineage, newJob } from "./queue.ts";
import { isIdle } from "./state.ts";
import { answerWaits } from "./wait.ts";

/**
 * Gives an event to the steps that accept it, or to `target` only, and to every job that waits for
 * it. A step whose wait it answers does not get it as input as well.
 */
export function route(change: Change, event: Event, target: string | null, lineage: Lineage): void {
  const answered = answerWaits(change, event, target);
  let isTaken = answered.size > 0;
  for (const step of change.definition.routes.get(event.type) ?? []) {
    if ((target !== null && step !== target) || answered.has(step)) continue;
    isTaken = true;
    const join = change.definition.steps.get(step)?.join;
    if (join) joinEvent(change, step, join, event, lineage);
    else newJob(change, step, { events: [event], isBatch: false }, lineage);
  }
  if (!isTaken) keepUnclaimed(change, event, target);
}

// ---

/**
 * Nobody takes it now: that is reported, and it is kept for a wait that opens later in this run.
 */
function keepUnclaimed(change: Change, event: Event, target: string | null): void {
  const family = change.definition.eventTypes.get(event.type)?.family;
  if (family === "input_required") return; // Meant for the outside, which sees it on the stream.
  publish(change, "UnhandledEvent", {
    event_type: event.type,
    qualified_name: qualifiedName(change.definition, event.type),
    step_name: target,
    idle: isIdle(change.state),
  });
  if (family === "stop") return; // Only a step ends a run; nobody can wait for this.
  const unclaimed = [...change.state.unclaimed, { event, target }].slice(-unclaimedEventsMax);
  change.state = { ...change.state, unclaimed };
}
