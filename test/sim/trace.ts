/**
 * What a simulation leaves behind: everything that was seen from outside the code under test, in
 * the order in which it happened. The laws judge this, and nothing else.
 */
import type { RunState } from "../../src/engine/state.ts";
import type { Tick } from "../../src/engine/tick.ts";
import { describeTick } from "../../src/runtime/verbose.ts";
import type { Commit, Culprit, Pruning, RunRecord } from "../../src/store/store.ts";
import type { StoredEvent } from "../../src/store/event.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import type { Json } from "../../src/base/json.ts";
import type { Plan } from "./plan.ts";
import type { Workload } from "./workload.ts";
import type { Branch } from "./world.ts";

/** Which attempt at which job of which run, and whether its process had the right to drive it. */
interface OfAttempt {
  readonly process: number;
  readonly run: string;
  readonly step: string;
  readonly job: number;
  readonly attempt: number;
  /** Which call of a step function it was, of all that the process has made. */
  readonly call: number;
  readonly isHolder: boolean;
}

export interface Told {
  readonly writes: number;
  readonly sends: number;
  readonly sets: number;
}

export type Entry =
  /** `culprit`: whose step has ended the process before, if one has. */
  | {
      readonly kind: "booted";
      readonly process: number;
      readonly culprit: Culprit | null;
      readonly wasClosed: boolean;
    }
  /** It serves: all who need not wait go on. */
  | { readonly kind: "opened"; readonly process: number }
  /** `culprit`: whose step has ended it, if one has. */
  | {
      readonly kind: "died";
      readonly process: number;
      readonly where: string;
      readonly culprit: Culprit | null;
    }
  /** Closed in good order; `timers`: those that it has left. */
  | { readonly kind: "closed"; readonly process: number; readonly timers: number }
  | { readonly kind: "moved"; readonly at: number }
  | {
      readonly kind: "claimed";
      readonly process: number;
      readonly run: string;
      readonly epoch: number;
    }
  | {
      readonly kind: "committed";
      readonly process: number;
      readonly run: string;
      /** Of a first commit. */
      readonly created: { readonly workflow: string; readonly handler: string } | null;
      readonly epoch: number;
      /** The newest epoch at that moment. */
      readonly newest: number;
      /** As it was written. */
      readonly commit: Commit;
      /** Whether that is what was handed in. */
      readonly isFaithful: boolean;
      readonly at: number;
    }
  | {
      readonly kind: "refused";
      readonly process: number;
      readonly method: string;
      readonly code: string;
    }
  | { readonly kind: "deleted"; readonly runs: readonly string[] }
  /** A run in memory with nothing on its way to the store: `commits` of it are stored. */
  | {
      readonly kind: "settled";
      readonly process: number;
      readonly run: string;
      readonly commits: number;
      readonly state: RunState;
    }
  /**
   * A run in memory with nothing to do, nothing due and nothing on its way: so long ago it was
   * brought there, had its last tick or was asked for.
   */
  | {
      readonly kind: "kept";
      readonly process: number;
      readonly run: string;
      readonly ms: number;
    }
  /** A run that is under way is not in memory for so long after the store was back. */
  | {
      readonly kind: "missing";
      readonly process: number;
      readonly run: string;
      readonly ms: number;
    }
  /** The disk takes nothing any more, or again. */
  | { readonly kind: "cut"; readonly isCutOff: boolean }
  /** Somebody comes to a run for nothing. `isAway`: the process does not have it in memory. */
  | {
      readonly kind: "visited";
      readonly process: number;
      readonly run: string;
      readonly how: string;
      readonly isAway: boolean;
    }
  /** A process has counted an end of the process before against a run. */
  | {
      readonly kind: "counted";
      readonly process: number;
      readonly run: string;
      readonly crashes: number;
    }
  /** A process has noted how suspect a run is. */
  | {
      readonly kind: "noted";
      readonly process: number;
      readonly run: string;
      readonly kills: number;
    }
  /** A step function was called. */
  | ({ readonly kind: "entered"; readonly at: number } & OfAttempt)
  | ({
      readonly kind: "left";
      readonly how: string;
      /** How much it has told of itself: what it has shown, sent and set. */
      readonly told: Told;
    } & OfAttempt)
  /** The function that `ctx.run` was given was called. */
  | ({ readonly kind: "effect_called"; readonly key: string } & OfAttempt)
  /** `ctx.run` has returned. */
  | ({ readonly kind: "effect_kept"; readonly key: string; readonly value: Json } & OfAttempt)
  | {
      readonly kind: "asked";
      readonly request: number;
      readonly what: "start" | "fork" | "send" | "cancel" | "end" | "delete";
      readonly process: number;
      readonly run: string;
      /** Of an event that is sent: what it carries, to be known by. */
      readonly mark: number | null;
      /** Under which a start may be repeated. */
      readonly key: string | null;
    }
  /** How a fork was asked for. */
  | ({ readonly kind: "branched"; readonly request: number; readonly run: string } & Branch)
  /** `error` is null when it was granted. */
  | {
      readonly kind: "answered";
      readonly request: number;
      readonly value: unknown;
      readonly error: string | null;
    }
  | {
      readonly kind: "read";
      readonly reader: number;
      readonly run: string;
      readonly event: StoredEvent;
    }
  | {
      readonly kind: "reader_attached";
      readonly reader: number;
      readonly run: string;
      readonly after: number;
    }
  /** Somebody follows the handlers that a process has, and what it is told. */
  | { readonly kind: "followed"; readonly follower: number; readonly process: number }
  | {
      readonly kind: "told";
      readonly follower: number;
      readonly process: number;
      readonly handler: string;
      /** Null: it is deleted. */
      readonly as: Shown | null;
    }
  /**
   * Nothing is on its way to the store, or from it. `isDue`: a timer may be. `followers`: those who
   * have taken all that they were told.
   */
  | {
      readonly kind: "quiet";
      readonly process: number;
      readonly at: number;
      readonly isDue: boolean;
      readonly followers: readonly number[];
    }
  /** Handlers are deleted; `pruning`: those that need not be kept; `left`: what is still there. */
  | {
      readonly kind: "gone";
      readonly process: number;
      readonly handlers: readonly string[];
      readonly pruning: Pruning | null;
      readonly at: number;
      readonly left: readonly string[];
    }
  | { readonly kind: "reader_ended"; readonly reader: number; readonly run: string }
  /** Faults have stopped. */
  | { readonly kind: "calmed" }
  /** After the calm: something that should have moved by then. */
  | { readonly kind: "stuck"; readonly run: string; readonly reason: string }
  /** A workload (in which `run`), or the platform, has seen what must not be. */
  | { readonly kind: "broke"; readonly reason: string; readonly run?: string };

/** A handler as its followers know it. */
export interface Shown {
  readonly run: string;
  readonly status: string;
  readonly isAsking: boolean;
}

/** What the store has of a run in the end. */
export interface Stored {
  readonly record: RunRecord;
  readonly ticks: readonly Json[];
  readonly events: readonly StoredEvent[];
}

export interface Trace {
  readonly seed: number;
  readonly plan: Plan;
  readonly entries: readonly Entry[];
  /** By the names that runs are started under. */
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly workloads: readonly Workload[];
  readonly stored: ReadonlyMap<string, Stored>;
}

/** A number for all of a trace: two traces with the same one are the same. */
export function hashOf({ entries, stored }: Trace): string {
  let hash = 0n;
  const add = (value: unknown): void => {
    hash = BigInt(Bun.hash(stringify(value), hash));
  };
  for (const entry of entries) add(entry);
  for (const item of stored) add(item);
  return hash.toString(16).padStart(16, "0");
}

/** The trace for people, a line for each entry. */
export function* describe({ entries }: Trace): Generator<string> {
  for (const [index, entry] of entries.entries()) {
    yield `${String(index).padStart(5)} ${entry.kind.padEnd(15)} ${factsOf(entry)}`;
  }
}

// ---

/** Stack traces name places in files, which are no part of what happened. */
function stringify(value: unknown): string {
  return JSON.stringify(value, (key, field: unknown) => (key === "stack" ? undefined : field));
}

function factsOf(entry: Entry): string {
  const { kind, ...facts } = entry;
  switch (entry.kind) {
    case "committed": {
      const { process, run, epoch, at, commit } = entry;
      const ticks = commit.ticks.map((tick) => describeTick(tick as unknown as Tick));
      const outcome = commit.outcome ? ` => ${commit.outcome.status}` : "";
      const where = `p${process} ${run} epoch ${epoch} at ${at % 1e9}`;
      return `${where}${outcome}\n${ticks.map((line) => `${" ".repeat(22)}${line}`).join("\n")}`;
    }
    case "settled":
      return `p${entry.process} ${entry.run} commits ${entry.commits}`;
    case "read":
      return `reader ${entry.reader} ${entry.run} ${entry.event.sequence} ${typeIn(entry.event)}`;
    case "entered":
    case "left":
    case "effect_called":
    case "effect_kept": {
      const { process, run, step, job, attempt, isHolder } = entry;
      const more = "how" in entry ? entry.how : "key" in entry ? entry.key : "";
      const doubt = isHolder ? "" : " (without the lease)";
      return `p${process} ${run} ${step} job ${job} attempt ${attempt} ${more}${doubt}`;
    }
    default:
      return `${kind === "calmed" ? "-".repeat(60) : stringify(facts)}`;
  }
}

function typeIn(event: StoredEvent): string {
  return (JSON.parse(event.json) as { readonly type: string }).type;
}
