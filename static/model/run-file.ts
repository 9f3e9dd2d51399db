/**
 * A run in a file: all that this page knows of it, so that it is looked at without its server. The
 * other export, of events alone, has a line for each: it is for other programs.
 */
import type {
  DefinitionBody,
  GraphBody,
  HandlerBody,
  JsonObject,
  SchemaBody,
  TimedEnvelope,
} from "../../src/client/bodies.ts";
import { isObject } from "./json.ts";

export interface FiledEvent extends TimedEnvelope {
  readonly sequence: number;
}

export interface RunFile {
  readonly handler: HandlerBody;
  readonly workflow: {
    readonly graph: GraphBody;
    readonly schema: SchemaBody;
    readonly definition: DefinitionBody;
  };
  readonly first_sequence: number;
  readonly events: readonly FiledEvent[];
  readonly ticks: readonly JsonObject[];
}

/** Throws what was expected and what came, for who has chosen the file. */
export function parseRunFile(text: string, name: string): RunFile {
  const file = parse(text, name);
  const missing = partsOf(file).find(({ isThere }) => !isThere)?.name;
  if (missing === undefined) return file as unknown as RunFile; // As far as it is looked into.
  throw new Error(
    `Expected \`${name}\` to be a run that this page has exported as JSON, but it has no \`${missing}\` as such a run has. Export the run anew, and open that file.`,
  );
}

/** A line of JSON for each. */
export function toNdjson(events: readonly FiledEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

// ---

function parse(text: string, name: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  const isLines = /^\{.*\}\r?\n\{/.test(text.slice(0, 100_000));
  const hint = isLines ? " Lines of events have no story: export the run as JSON instead." : "";
  throw new Error(`Expected \`${name}\` to be one JSON object, and it is none.${hint}`);
}

function partsOf(
  file: Partial<RunFile> | JsonObject,
): readonly { readonly name: string; readonly isThere: boolean }[] {
  const { handler, workflow, first_sequence: first, events, ticks } = file as Partial<RunFile>;
  const { graph, definition } = workflow ?? {};
  const maps = [definition?.routes, definition?.catchers];
  const isWhole =
    areAll(definition?.steps, ["name"]) &&
    areAll(definition?.eventTypes, ["type"]) &&
    definition?.eventTypes.every(({ fields }) => Array.isArray(fields)) === true &&
    Array.isArray(definition.joins) &&
    maps.every(isObject);
  const isGraph =
    areAll(graph?.nodes, ["id", "label", "node_type"]) &&
    areAll(graph?.edges, ["source", "target"]);
  return [
    { name: "handler", isThere: areAll([handler], ["handler_id", "workflow_name", "started_at"]) },
    { name: "graph", isThere: isGraph },
    { name: "definition", isThere: isWhole },
    { name: "first_sequence", isThere: typeof first === "number" },
    { name: "ticks", isThere: areAll(ticks, ["kind"]) },
    { name: "events", isThere: Array.isArray(events) && events.every(isEvent) },
  ];
}

/** Whether it is a list of objects that have text under these keys. */
function areAll(list: unknown, keys: readonly string[]): boolean {
  const isItem = (item: unknown): boolean =>
    isObject(item) && keys.every((key) => isText(item[key]));
  return Array.isArray(list) && list.every(isItem);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isEvent(value: unknown): boolean {
  if (!isObject(value)) return false;
  return typeof value["sequence"] === "number" && isText(value["type"]) && isObject(value["value"]);
}
