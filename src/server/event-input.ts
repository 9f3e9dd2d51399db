/**
 * An event in a request, in any of the forms that clients send: the bare fields of a start event,
 * an envelope, the peer's serialised form, each also as a JSON string. Names are looked up among
 * the event types of the workflow, whatever they claim to be qualified with; nothing is ever
 * imported.
 */
import { WorkflowError } from "../base/errors.ts";
import { isEqualJson, isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { fromWireValue } from "../protocol/wire-value.ts";
import { readLeniently } from "../protocol/lenient.ts";
import type { Definition } from "../workflow/definition.ts";
import type { AnyEventType, Event } from "../workflow/event.ts";
import { parseInnerJson } from "./request-body.ts";

/** The start event of a run. `input` undefined or null stands for no fields. */
export function parseStartEvent(definition: Definition, input: unknown): Event {
  const { startType } = definition;
  let event: Event;
  try {
    const object = toObject(input ?? {});
    const isBare = isBareStartEvent(object);
    event = isBare ? parseData(startType, object) : parseEvent(definition, object);
  } catch (error) {
    throw withPrefix("Validation error for 'start_event': ", error);
  }
  if (event.type === startType.type) return event;
  throw new WorkflowError(
    "event_type_unknown",
    `Start event must be an instance of \`${startType.type}\`, got \`${event.type}\`.`,
  );
}

/** An event that says its type. */
export function parseEvent(definition: Definition, input: unknown): Event {
  const object = toObject(input);
  const value = "value" in object ? object["value"] : (object["data"] ?? {});
  const type = typeOf(definition, object);
  if (!isJsonObject(value)) {
    throw new WorkflowError(
      "event_invalid",
      `Failed to deserialize event: expected \`value\` to be an object with the fields of \`${type.type}\`, got ${JSON.stringify(value)?.slice(0, 80)}.`,
    );
  }
  return parseData(type, value);
}

// ---

function toObject(input: unknown): JsonObject {
  const value = typeof input === "string" ? parseInnerJson(input, tooDeep) : input;
  if (isJsonObject(value)) return value;
  throw new WorkflowError(
    "event_invalid",
    "Failed to deserialize event. Must be a json object, or stringified json object",
  );
}

function tooDeep(problem: string): WorkflowError {
  return new WorkflowError("event_invalid", `Failed to deserialize event: ${problem}`);
}

/** Without an envelope around it; a start event may well have a field called `type`. */
function isBareStartEvent(object: JsonObject): boolean {
  return !("value" in object) && !("qualified_name" in object && "type" in object);
}

function typeOf(definition: Definition, object: JsonObject): AnyEventType {
  const { type, qualified_name: qualifiedName } = object;
  const last = typeof qualifiedName === "string" ? qualifiedName.split(".").at(-1) : undefined;
  const found =
    definition.eventTypes.get(typeof type === "string" ? type : "") ??
    definition.eventTypes.get(last ?? "");
  if (found) return found;
  const name = type ?? qualifiedName;
  if (typeof name !== "string") {
    const keys = Object.keys(object).map((key) => `\`${key.slice(0, 40)}\``);
    throw new WorkflowError(
      "event_invalid",
      `Invalid client data. Must have a type or a qualified name, got an object with ${keys.slice(0, 10).join(", ") || "no fields"}.`,
    );
  }
  throw new WorkflowError(
    "event_type_unknown",
    `Invalid event type: ${name.slice(0, 200)}. Expected one of ${[...definition.eventTypes.keys()].join(", ")}`,
  );
}

function parseData(type: AnyEventType, value: JsonObject): Event {
  try {
    return parseOrLenient(type, fromWireValue(value));
  } catch (error) {
    throw withPrefix("Failed to deserialize event: ", error);
  }
}

function parseOrLenient(type: AnyEventType, data: JsonObject): Event {
  try {
    return type.parse(data);
  } catch (error) {
    const meant: Json = readLeniently(data, type.jsonSchema);
    if (isEqualJson(meant, data)) throw error;
    return type.parse(meant);
  }
}

/** Says in front of an error what it is about, in the words that clients know. */
function withPrefix(prefix: string, error: unknown): unknown {
  if (!(error instanceof WorkflowError)) return error;
  const { code, message, details } = error;
  return new WorkflowError(code, prefix + message, { details, cause: error });
}
