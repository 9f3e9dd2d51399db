/**
 * What the engine publishes, as rows of the store: encoded once, here, for all who will read it.
 */
import type { JsonObject } from "../base/json.ts";
import { must } from "../base/assert.ts";
import type { Published } from "../engine/change.ts";
import type { RunState } from "../engine/state.ts";
import { encodeEnvelope } from "../protocol/envelope.ts";
import type { NewEvent } from "../store/event.ts";
import type { Outcome } from "../store/store.ts";
import { engineEventTypes, StepFailedEvent, toWireStepFailed } from "../workflow/builtin.ts";
import { type Definition, qualifiedName } from "../workflow/definition.ts";
import { type AnyEventType, type Event, typeOfEvent } from "../workflow/event.ts";

const engineTypes: ReadonlyMap<string, AnyEventType> = new Map(
  engineEventTypes.map((type) => [type.type, type]),
);

export function toNewEvent(definition: Definition, published: Published, at: number): NewEvent {
  const { isTerminal } = published;
  if ("envelope" in published) {
    return { json: published.envelope, at, isInternal: false, isTerminal };
  }
  const { event } = published;
  const type = typeOf(definition, event);
  const data = StepFailedEvent.is(event)
    ? toWireStepFailed(event.data)
    : (event.data as JsonObject); // Events of a run are JSON.
  const json = encodeEnvelope(type, data, qualifiedName(definition, type.type));
  return { json, at, isInternal: type.family === "internal", isTerminal };
}

/** What the handler shows of a run that has ended. */
export function toOutcome(state: RunState, events: readonly NewEvent[], at: number): Outcome {
  return {
    status: state.status,
    // The last event of a run that has completed is its stop event.
    result: state.result && must(events.at(-1), "A run ends with an event.").json,
    error: state.failure?.message ?? null,
    completedAt: at,
  };
}

// ---

function typeOf(definition: Definition, event: Event): AnyEventType {
  return must(
    definition.eventTypes.get(event.type) ?? typeOfEvent(event) ?? engineTypes.get(event.type),
    "Only events of types that the workflow knows are published.",
  );
}
