/**
 * What the engine publishes, as rows of the store: encoded once, here, for all who will read it.
 */
import type { JsonObject } from "../base/json.ts";
import { must } from "../base/assert.ts";
import type { Published } from "../engine/change.ts";
import type { RunState } from "../engine/state.ts";
import { toEnvelope } from "../protocol/envelope.ts";
import type { NewEvent } from "../store/event.ts";
import type { Outcome } from "../store/store.ts";
import { engineEventTypes } from "../workflow/builtin.ts";
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
  const isInternal = typeOf(definition, event).family === "internal";
  return { json: encodeEvent(definition, event), at, isInternal, isTerminal };
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

function encodeEvent(definition: Definition, event: Event): string {
  const type = typeOf(definition, event);
  const data = event.data as JsonObject; // Events of a run are JSON.
  return JSON.stringify(toEnvelope(type, data, qualifiedName(definition, event.type)));
}

function typeOf(definition: Definition, event: Event): AnyEventType {
  return must(
    definition.eventTypes.get(event.type) ?? typeOfEvent(event) ?? engineTypes.get(event.type),
    `Only events of types that the workflow knows are published, not \`${event.type}\`.`,
  );
}
