/** What a step function sees of its run. */
import type { Failure } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { AnyEventType, Event, EventOf } from "./event.ts";

/** The state that all steps of a run share. */
export interface StateStore<State extends object = Record<string, unknown>> {
  /** The value of a field, or at a dotted path; `fallback` if there is none. */
  get<K extends keyof State & string>(field: K): Promise<State[K]>;
  get(path: string, fallback?: unknown): Promise<unknown>;
  /** The whole state, a copy. */
  get(): Promise<State>;
  /** Sets a field, or the value at a dotted path; missing objects on the way are made. */
  set<K extends keyof State & string>(field: K, value: State[K]): Promise<void>;
  set(path: string, value: unknown): Promise<void>;
  /**
   * Changes a copy, then keeps it; if `change` throws, nothing changes. Edits do not interleave.
   */
  edit<T>(change: (draft: State) => T | Promise<T>): Promise<T>;
  /** Back to the defaults. */
  clear(): Promise<void>;
}

export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Since the first attempt started. */
  readonly elapsedSeconds: number;
  /** Why the attempt before this one failed. */
  readonly lastFailure: Failure | null;
  /** The same for every attempt at this job, different for every other: an idempotency key. */
  readonly key: string;
}

export interface WaitOptions<T> {
  /** Shown on the stream when the wait opens. */
  readonly prompt?: Event;
  /** Fields that the event must have. Data, so that a wait survives a restart and can be shown. */
  readonly where?: Partial<T>;
  /** Seconds; then the wait throws `wait_timed_out`. Default: none. */
  readonly timeout?: number;
  /** Tells waits of one type in one step apart; by default they are numbered as they open. */
  readonly id?: string;
}

export interface ChildOptions {
  /** Tells children of one step apart; by default they are numbered as they start. */
  readonly key?: string;
  /** Shows the child's events on this run's stream, all but its last. Default false. */
  readonly events?: boolean;
}

/** A workflow, as far as its types say what goes in and what comes out. */
export interface Runnable<Input, Result> {
  run(input: Input): PromiseLike<Result>;
}

export interface StepContext<
  State extends object = Record<string, unknown>,
  Resources = Readonly<Record<string, unknown>>,
> {
  readonly runId: string;
  readonly handlerId: string;
  readonly workflowName: string;
  readonly stepName: string;
  readonly attempt: Attempt;
  /** Aborted when the run ends or the step's time is over. */
  readonly signal: AbortSignal;
  readonly store: StateStore<State>;
  /** What the step named in its `resources`. */
  readonly resources: Resources;
  readonly log: Log;
  /** Shows an event to whoever reads the run's stream. It goes to no step and ends nothing. */
  writeEventToStream(event: Event): void;
  /** Gives an event to the steps that accept it and the waits that match, or to one step only. */
  sendEvent(event: Event, options?: { readonly step?: string }): void;
  /**
   * Puts `event` aside until one of each of `types` has come, then returns them in that order;
   * until then, undefined. A buffer belongs to the step and is shared by its jobs. What `types` does
   * not name, or has enough of until the others have come, is not kept.
   */
  collectEvents<const T extends readonly AnyEventType[]>(
    event: Event,
    types: T,
    options?: { readonly buffer?: string },
  ): { -readonly [I in keyof T]: EventOf<T[I]> } | undefined;
  /**
   * Waits for an event from outside or from another step; for one that has come already and that
   * nobody took, not at all. While it waits, the step holds no slot, and its time stands still.
   * Throws `wait_timed_out` after `timeout` seconds.
   */
  waitForEvent<T extends AnyEventType>(
    type: T,
    options?: WaitOptions<EventOf<T>["data"]>,
  ): Promise<EventOf<T>>;
  /**
   * Calls `effect` once per job and key, and keeps what it returned: after a retry or a restart the
   * kept value is returned and `effect` is not called again. Its failure is an ordinary failure.
   */
  run<T>(key: string, effect: () => T | Promise<T>): Promise<T>;
  /**
   * Runs another workflow, named in the step's `children`, and gives its result. The child is a run
   * of its own: it outlives a restart, and ends with this run. Throws `RunFailedError` if it fails.
   */
  runWorkflow<Input, Result>(
    child: Runnable<Input, Result>,
    input: Input,
    options?: ChildOptions,
  ): Promise<Result>;
}
