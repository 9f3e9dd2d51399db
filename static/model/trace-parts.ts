/** What the story of a run is made of. */
import type { Json } from "../../src/client/bodies.ts";
import type { JobPlace, RunState } from "../../src/engine/state.ts";
import type { StateChange, Tick } from "../../src/engine/tick.ts";
import type { Definition } from "./definition.ts";

export type RunEvent = NonNullable<RunState["queued"]>;
export type Failure = NonNullable<RunState["failure"]>;

/** A stretch of a job's life in one place. */
export interface Segment {
  readonly place: JobPlace;
  readonly attempt: number;
  readonly worker: number | null;
  readonly fromAt: number;
  readonly fromTick: number;
  toAt: number | null;
  toTick: number | null;
  /** While running: which time that the step began to work, from 1. */
  readonly start: number | null;
}

export interface AttemptTrace {
  readonly number: number;
  readonly outputs: Mark<RunEvent>[];
  readonly written: Mark<RunEvent>[];
  readonly logs: Mark<LogLine>[];
  readonly changes: Mark<StateChange>[];
  readonly effects: Mark<{ readonly key: string; readonly value: Json }>[];
  failure: Mark<Failure> | null;
}

/** A thing with the tick that brought it. */
export interface Mark<T> {
  readonly tick: number;
  readonly at: number;
  readonly value: T;
}

/** The data of a `StepLogged`. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Json;
}

export type Outcome = "succeeded" | "failed" | "dropped";

export interface JobTrace {
  readonly id: number;
  readonly step: string;
  /** Which job of its step, from 1. */
  readonly nth: number;
  /** What it was given; a fork may have got it edited. */
  events: readonly RunEvent[];
  readonly fromAt: number;
  readonly fromTick: number;
  /** The job whose event made it; null: an event from outside. */
  readonly cause: number | null;
  readonly segments: Segment[];
  readonly attempts: AttemptTrace[];
  end: (Mark<Outcome> & { readonly value: Outcome }) | null;
}

export interface Trace {
  readonly definition: Definition;
  readonly firstSequence: number;
  readonly ticks: Tick[];
  /** Of every tick: the sequence of the last event up to it. */
  readonly ends: number[];
  /** Events that came from outside, the start event first. */
  readonly outside: Mark<RunEvent>[];
  readonly jobs: JobTrace[];
  readonly byId: Map<number, JobTrace>;
  readonly counts: Map<string, { jobs: number; starts: number }>;
  /** States after every so many ticks, from the initial one on. */
  readonly checkpoints: RunState[];
  state: RunState;
}
