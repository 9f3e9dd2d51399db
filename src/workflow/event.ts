/**
 * Events and event types. An event is plain frozen data, `{ type, data }`; an event type makes and
 * knows events of one name. The name is the identity: it is a string that the author gives, so it
 * is the same in every process, in the journal and on the wire.
 */
import { WorkflowError } from "../base/errors.ts";
import { isJsonObject, type JsonObject } from "../base/json.ts";
import { checkTypeName } from "./names.ts";
import {
  type DataSchema,
  type Entries,
  entryMistakes,
  type InputOf,
  isStandardSchema,
  type OutputOf,
  parseData,
  type StandardSchema,
  toDataJsonSchema,
} from "./schema.ts";

export interface Event<Name extends string = string, Data extends object = object> {
  readonly type: Name;
  readonly data: Readonly<Data>;
}

/** What an event is for: starting and ending a run, asking a human and being answered, or work. */
export type EventFamily =
  "start" | "stop" | "input_required" | "human_response" | "internal" | "event";

export interface EventTypeOptions {
  /** Shown in schemas, graphs and forms. */
  readonly description?: string;
}

/** Data whose fields nobody declared. */
export interface OpenData {
  readonly [field: string]: unknown;
}

type Arguments<Input> = {} extends Input ? [data?: Input] : [data: Input];

/** Any event type, of whatever data: what definitions are made of. */
export interface AnyEventType {
  readonly type: string;
  readonly family: EventFamily;
  readonly description: string | null;
  /** Names of the types that this one extends, nearest first. */
  readonly parents: readonly string[];
  /** Names of the fields that the type knows; others are extra. */
  readonly fields: ReadonlySet<string>;
  /** JSON Schema of the data. */
  readonly jsonSchema: JsonObject;
  /** Whether a value is an event of exactly this type. */
  is(value: unknown): boolean;
  /** Like calling, for data of unknown origin. Throws `event_invalid`. */
  parse(data: unknown): Event;
}

/** Makes events of one type when called, with `data` checked and defaults filled in. */
export interface EventType<
  Name extends string = string,
  Data extends object = object,
  Input = never,
  Family extends EventFamily = EventFamily,
> extends AnyEventType {
  (...args: Arguments<Input>): Event<Name, Data>;
  readonly type: Name;
  readonly family: Family;
  is(value: unknown): value is Event<Name, Data>;
  parse(data: unknown): Event<Name, Data>;
  /** A new type with more fields. Steps that accept this type do not accept the new one. */
  extend<const N extends string, const E extends Entries>(
    name: N,
    entries: E,
    options?: EventTypeOptions,
  ): EventType<N, Data & OutputOf<E>, Input & InputOf<E>, Family>;
}

/** A built-in type whose own events may carry any field. */
export interface OpenEventType<
  Name extends string,
  Family extends EventFamily,
  Fields extends object = {},
> extends Omit<EventType<Name, Fields & OpenData, Fields & OpenData, Family>, "extend"> {
  (data?: Fields & OpenData): Event<Name, Fields & OpenData>;
  extend<const N extends string, const E extends Entries>(
    name: N,
    entries: E,
    options?: EventTypeOptions,
  ): EventType<N, Fields & OutputOf<E>, Fields & InputOf<E>, Family>;
}

/** The event that a type makes. */
export type EventOf<T> = T extends { parse(data: unknown): infer E } ? E : never;

/** What a type is called with. */
export type InputOfType<T> = T extends (...args: infer A) => Event ? NonNullable<A[0]> : never;

/**
 * Declares a type of events.
 *
 * @example
 * const Progress = defineEvent("Progress", { percent: v.number() });
 * ctx.writeEventToStream(Progress({ percent: 50 }));
 */
export function defineEvent<const N extends string, const E extends Entries>(
  name: N,
  entries?: E,
  options?: EventTypeOptions,
): EventType<N, OutputOf<E>, InputOf<E>, "event">;
export function defineEvent<const N extends string, Input extends object, Output extends object>(
  name: N,
  schema: StandardSchema<Input, Output>,
  options?: EventTypeOptions,
): EventType<N, Output, Input, "event">;
export function defineEvent(
  name: string,
  described: Entries | StandardSchema = {},
  options: EventTypeOptions = {},
): unknown {
  const schema: DataSchema = isStandardSchema(described)
    ? { foreign: described, entries: {} }
    : { foreign: null, entries: described };
  checkTypeName(name);
  return createEventType({
    type: name,
    schema,
    family: "event",
    parents: [],
    description: options.description ?? null,
    hiddenFields: [],
    shownEntries: null,
  });
}

export function isEventType(value: unknown): value is AnyEventType {
  return typeof value === "function" && "family" in value && "parse" in value;
}

/** An event from the journal, whose data was checked when it was made: frozen as it was then. */
export function reviveEvent(event: Event): Event {
  return Object.isFrozen(event)
    ? event
    : Object.freeze({ type: event.type, data: deepFreeze(event.data) });
}

/** The type that made an event, which has checked its data; undefined for a look-alike. */
export function typeOfEvent(event: unknown): AnyEventType | undefined {
  return typeof event === "object" && event !== null ? Origin.of(event) : undefined;
}

// --- internal to the room

/** Everything that makes up an event type. */
export interface EventTypeParts {
  readonly type: string;
  readonly schema: DataSchema;
  readonly family: EventFamily;
  readonly parents: readonly string[];
  readonly description: string | null;
  /** Fields that belong to the type but not to its schema. */
  readonly hiddenFields: readonly string[];
  /** What its schema shows, where that is not what its data is checked for. */
  readonly shownEntries: Entries | null;
}

export function createEventType(parts: EventTypeParts): AnyEventType {
  const { type: name, schema, family, parents, description, hiddenFields, shownEntries } = parts;
  const [mistake] = entryMistakes(schema.entries);
  if (mistake !== undefined) {
    throw new WorkflowError("definition_invalid", `Event type \`${name}\`, ${mistake}`);
  }
  const parse = (data: unknown): Event =>
    Origin.mark({ type: name, data: parseData(schema, name, data) }, self);
  let jsonSchema: JsonObject | undefined;
  let fields: ReadonlySet<string> | undefined;
  const type = Object.assign((data: unknown = {}) => parse(data), {
    type: name,
    family,
    description,
    parents,
    parse,
    is: (value: unknown): boolean =>
      isJsonObject(value) && value["type"] === name && "data" in value,
    extend(child: string, entries: Entries, options: EventTypeOptions = {}): AnyEventType {
      checkTypeName(child);
      if (isStandardSchema(entries)) {
        throw new WorkflowError(
          "definition_invalid",
          `Event type \`${child}\`: expected fields, such as \`{ text: v.string() }\`, got a whole schema. What extends a type adds fields to it: pass those of the schema.`,
        );
      }
      return createEventType({
        ...parts,
        type: child,
        schema: { foreign: schema.foreign, entries: { ...schema.entries, ...entries } },
        parents: [name, ...parents],
        description: options.description ?? null,
        shownEntries: null,
      });
    },
  });
  // Described when first asked for: most processes never show their schemas.
  const shown = shownEntries ? { foreign: null, entries: shownEntries } : schema;
  const describe = (): JsonObject => (jsonSchema ??= toDataJsonSchema(shown, name, description));
  Object.defineProperties(type, {
    jsonSchema: { get: describe },
    fields: {
      get: () =>
        (fields ??= new Set([...hiddenFields, ...Object.keys(describe()["properties"] ?? {})])),
    },
  });
  const self = Object.freeze(type) as unknown as AnyEventType; // With the two getters above.
  return self;
}

/** What is constructed is the object that is handed in: with the fields of whoever extends this. */
class Itself {
  constructor(object: object) {
    return object;
  }
}

/**
 * Who made an event, in a field that nothing outside can see or forge. A map from events to types
 * would be gone through by each collection of garbage, with as many entries as there are events.
 */
class Origin extends Itself {
  readonly #type: AnyEventType;

  private constructor(event: Event, type: AnyEventType) {
    super(event);
    this.#type = type;
  }

  static mark(event: Event, type: AnyEventType): Event {
    new Origin(event, type);
    return Object.freeze(event);
  }

  static of(event: object): AnyEventType | undefined {
    return #type in event ? event.#type : undefined;
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const field of Object.values(value)) {
    if (typeof field === "object" && field !== null) deepFreeze(field);
  }
  return Object.freeze(value);
}
