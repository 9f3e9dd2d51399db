/**
 * Ticks: facts about a run, in the past tense, each with the time at which it happened. The journal
 * of a run is its ticks; replaying them gives its state. Whatever was random, timed or decided by
 * the author's code is recorded here, so that a replay needs none of it.
 */
import type { Failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Event } from "../workflow/event.ts";
import type { Parent } from "./state.ts";

/** Which attempt at which job a tick is about. */
interface OfJob {
  readonly step: string;
  readonly job: number;
  readonly attempt: number;
}

export type Timer =
  | { readonly kind: "deadline" }
  | { readonly kind: "retry"; readonly step: string; readonly job: number }
  | { readonly kind: "wait"; readonly step: string; readonly job: number; readonly wait: string };

export type TimerOf<Kind extends Timer["kind"]> = Extract<Timer, { readonly kind: Kind }>;

/** Where a fork has come from. */
export interface Origin {
  readonly runId: string;
  readonly handlerId: string;
  readonly sequence: number;
}

/**
 * Types of a batch, in order. Several of one type in a row are one item, because each event of a
 * batch of 8,000 has all of them on its tick.
 */
export type Expected = readonly (string | { readonly type: string; readonly count: number })[];

/** Sets the value at a path of the state, or removes it when `value` is absent. */
export interface StateChange {
  readonly path: readonly string[];
  readonly value?: Json;
}

/** What has happened to a run. */
type RunTickBody =
  /** `isQueued`: as many runs as may are under way, so this one waits for `run_admitted`. */
  | {
      readonly kind: "run_started";
      readonly event: Event;
      readonly store: JsonObject;
      readonly isQueued: boolean;
      readonly parent: Parent | null;
    }
  | { readonly kind: "run_admitted" }
  /**
   * All ticks before this one are another run's: this run goes on from there. `edited`: a job whose
   * input is another one now.
   */
  | {
      readonly kind: "run_forked";
      readonly from: Origin;
      readonly edited: {
        readonly step: string;
        readonly job: number;
        readonly event: Event;
      } | null;
    }
  /** It was under way each time that the process died: it is not tried again. */
  | { readonly kind: "run_quarantined"; readonly crashes: number }
  /** From outside the run; `target` is a step, or null for all. */
  | { readonly kind: "event_received"; readonly event: Event; readonly target: string | null }
  | { readonly kind: "timer_fired"; readonly timer: Timer }
  | { readonly kind: "cancel_requested" };

/** What a step function has done at a job, or how it has ended. */
export type JobTickBody =
  | { readonly kind: "event_sent"; readonly event: Event; readonly target: string | null }
  | { readonly kind: "event_written"; readonly event: Event }
  | {
      readonly kind: "event_collected";
      readonly event: Event;
      readonly buffer: string;
      readonly expected: Expected;
    }
  | {
      readonly kind: "wait_opened";
      readonly wait: string;
      readonly type: string;
      readonly where: JsonObject | null;
      readonly prompt: Event | null;
      readonly deadlineAt: number | null;
    }
  | { readonly kind: "effect_returned"; readonly key: string; readonly value: Json }
  | { readonly kind: "state_changed"; readonly changes: readonly StateChange[] }
  | {
      readonly kind: "child_started";
      readonly runId: string;
      readonly handlerId: string;
      readonly workflowName: string;
    }
  /** `envelope` is JSON text, as the child's own readers got it. */
  | {
      readonly kind: "child_shown";
      readonly runId: string;
      readonly sequence: number;
      readonly envelope: string;
    }
  /** `isFanOut`: it returned a list, whose events are branches of one scope. */
  | {
      readonly kind: "step_succeeded";
      readonly events: readonly Event[];
      readonly isFanOut: boolean;
    }
  /** `retryAt` is what the policy decided; null: it gave up. */
  | {
      readonly kind: "step_failed";
      readonly failure: Failure;
      readonly retryAt: number | null;
    };

export type TickBody = RunTickBody | (JobTickBody & OfJob);

/** `at` is milliseconds since 1970. */
export type Tick = TickBody & { readonly at: number };
export type TickOf<Kind extends Tick["kind"]> = Extract<Tick, { readonly kind: Kind }>;
