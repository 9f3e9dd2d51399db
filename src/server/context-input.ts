/**
 * The `context` of a start: initial state, as the peer's clients serialise it. It is data only:
 * what it says of types and modules is ignored, and nothing of a run's progress is taken from it.
 */
import { WorkflowError } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { parseInnerJson } from "./request-body.ts";

/** Throws `request_invalid`. */
export function parseContext(context: unknown): JsonObject {
  const state = isJsonObject(context) ? context["state"] : undefined;
  if (!isJsonObject(context) || (state !== undefined && !isJsonObject(state))) {
    throw invalid("`context` to be an object whose `state` is an object");
  }
  return state === undefined ? {} : readStateData(state["state_data"] ?? {});
}

// ---

/** Either a typed state, as one JSON string, or one JSON string for each field. */
function readStateData(data: Json): JsonObject {
  if (typeof data === "string") return unwrap(parse(data));
  if (!isJsonObject(data)) throw invalid("`context.state.state_data` to be an object");
  const fields = isJsonObject(data["_data"]) ? data["_data"] : data;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "string" ? parse(value) : value,
    ]),
  );
}

/** The peer wraps a model into an envelope that names its class. */
function unwrap(value: Json): JsonObject {
  const inner = isJsonObject(value) && isJsonObject(value["value"]) ? value["value"] : value;
  if (isJsonObject(inner)) return inner;
  throw invalid("`context.state.state_data` to be the JSON text of an object");
}

function parse(text: string): Json {
  const value = parseInnerJson(text, refuse);
  if (value !== undefined) return value as Json; // A parser makes nothing else.
  throw invalid(
    `the values of \`context.state.state_data\` to be JSON text, as ${JSON.stringify(text.slice(0, 40))} is not`,
  );
}

function invalid(expected: string): WorkflowError {
  return refuse(`expected ${expected}.`);
}

function refuse(problem: string): WorkflowError {
  return new WorkflowError("request_invalid", `Error processing request body: ${problem}`);
}
