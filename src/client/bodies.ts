/** What the server answers, as types. Keys are the wire's. */
import type { Json, JsonObject } from "../base/json.ts";
import type { Envelope } from "../protocol/envelope.ts";
import type { HandlerBody } from "../protocol/handler.ts";

export type { Envelope, HandlerBody, Json, JsonObject };

export interface TimedEnvelope extends Envelope {
  /** Asked for by `include_timestamps`. */
  readonly timestamp?: string;
}

export interface SchemaBody {
  readonly start: JsonObject;
  readonly stop: JsonObject;
}

export interface GraphNodeBody {
  readonly id: string;
  readonly label: string;
  readonly node_type: string;
  readonly description?: string | null;
  readonly event_schema?: JsonObject;
}

export interface GraphBody {
  readonly name: string;
  readonly nodes: readonly GraphNodeBody[];
  readonly edges: readonly {
    readonly source: string;
    readonly target: string;
    readonly label: string | null;
  }[];
  readonly description: string | null;
}

export interface EventTypeBody {
  readonly type: string;
  readonly family: string;
  readonly parents: readonly string[];
  readonly fields: readonly string[];
  readonly jsonSchema: JsonObject;
}

export interface StepBody {
  readonly name: string;
  readonly description: string | null;
  readonly accepts: readonly string[];
  readonly join: JsonObject | null;
  readonly emits: readonly string[];
  readonly waits: readonly string[];
  readonly prompts: readonly string[];
  readonly workers: number;
  readonly recoveriesMax: number | null;
  readonly timeoutMs: number | null;
}

/** A workflow without its author's functions: what a replay needs. */
export interface DefinitionBody {
  readonly name: string;
  readonly title: string;
  readonly description: string | null;
  readonly timeoutMs: number | null;
  readonly concurrency: number | null;
  readonly steps: readonly StepBody[];
  readonly routes: Readonly<Record<string, readonly string[]>>;
  readonly catchers: Readonly<Record<string, string>>;
  readonly joins: readonly string[];
  /** Whether a step takes events that come from outside. */
  readonly isOpen: boolean;
  readonly eventTypes: readonly EventTypeBody[];
}

export interface JournalBody {
  readonly handler: HandlerBody;
  readonly forked_from: JsonObject | null;
  readonly first_sequence: number;
  /** As the engine wrote them. */
  readonly ticks: readonly JsonObject[];
}

export interface LineageBody {
  readonly forked_from: ForkPointBody | null;
  readonly forks: readonly ForkPointBody[];
}

export interface ForkPointBody {
  readonly handler_id: string | null;
  readonly run_id: string;
  readonly sequence: number | null;
}

export interface HandlerEntry {
  readonly handler: HandlerBody;
  /** Whether the run wants something from outside. */
  readonly is_asking: boolean;
}

export type HandlerFrame = HandlerEntry | { readonly deleted: string } | { readonly ready: true };
