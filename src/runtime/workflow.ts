/**
 * What authors write: steps, one after another, then `run`. The types that the steps accept and
 * emit are collected on the way, so that `run` knows what goes in and what comes out.
 */
import { WorkflowError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { type Log, silentLog } from "../base/log.ts";
import { MemoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { StepFailedEvent } from "../workflow/builtin.ts";
import type { StepContext } from "../workflow/context.ts";
import { define } from "../workflow/define.ts";
import { type Definition, type StepFunction, toStartEvent } from "../workflow/definition.ts";
import type { CatchOptions, StepDraft, StepOptions, WorkflowOptions } from "../workflow/draft.ts";
import { type Acceptable, type InputFor, isJoin, type TypesIn } from "../workflow/join.ts";
import type { Resource, ResourceValues } from "../workflow/resource.ts";
import type { AnyEventType, EventOf, InputOfType } from "../workflow/event.ts";
import type { Entries, OutputOf } from "../workflow/schema.ts";
import { Admission } from "./admission.ts";
import { RunHandle } from "./run-handle.ts";
import { Runtime } from "./runtime.ts";
import { stepUnderWay } from "./step-under-way.ts";

export type StateOf<S extends Entries> = string extends keyof S
  ? Record<string, unknown>
  : OutputOf<S>;

/** A step returns an event, a list of events (a fan-out), or nothing. */
type Returned<Emits extends readonly AnyEventType[]> =
  EventOf<Emits[number]> | readonly EventOf<Emits[number]>[] | undefined | void;

export type StepBody<
  Accepts extends readonly Acceptable[],
  Emits extends readonly AnyEventType[],
  State extends Entries,
  Resources,
> = (
  input: InputFor<Accepts[number]>,
  context: StepContext<StateOf<State>, ResourceValues<Resources>>,
) => Returned<Emits> | Promise<Returned<Emits>>;

/** What `run` takes: the start event, or its fields. */
export type StartInput<Accepted> =
  Extract<Accepted, { readonly family: "start" }> extends infer Start
    ? InputOfType<Start> | EventOf<Start>
    : never;

/** What a run results in: `result` of the plain stop event, or the author's stop event itself. */
export type ResultOf<Emitted> =
  Extract<Emitted, { readonly family: "stop" }> extends infer Stop
    ? Stop extends { readonly type: "StopEvent" }
      ? unknown
      : EventOf<Stop>
    : never;

export interface RunOptions {
  /** Default: a store in memory, which goes when the handle goes. */
  readonly store?: Store;
  readonly handlerId?: string;
  /** Initial values of the shared state. */
  readonly state?: JsonObject;
  readonly log?: Log;
}

export class Workflow<
  State extends Entries = Entries,
  Accepted extends AnyEventType = never,
  Emitted extends AnyEventType = never,
> {
  readonly #options: WorkflowOptions<State>;
  readonly #steps: StepDraft[] = [];
  /** Counts all runs of this workflow that have no server. */
  readonly #admission = new Admission(null);
  #isInUse = false;

  constructor(options: WorkflowOptions<State> = {}) {
    this.#options = options;
  }

  /** The name it goes by where it is given none. */
  get title(): string {
    return this.#options.name ?? "workflow";
  }

  /** Adds a step: a named function with the event types that it accepts and emits. */
  step<
    const Accepts extends readonly Acceptable[],
    const Emits extends readonly AnyEventType[],
    const Resources extends Readonly<Record<string, Resource>> = {},
  >(
    name: string,
    options: StepOptions<Accepts, Emits, Resources>,
    fn: StepBody<Accepts, Emits, State, Resources>,
  ): Workflow<State, Accepted | TypesIn<Accepts[number]>, Emitted | Emits[number]> {
    const accepts: readonly Acceptable[] = Array.isArray(options?.accepts) ? options.accepts : [];
    this.#add({
      name,
      accepts: accepts.flatMap((item) => (isJoin(item) ? item.types : [item])),
      join: accepts.find(isJoin) ?? null,
      options,
      catches: null,
      // The engine gives a step only what it accepts: the author's narrower type holds.
      run: fn as unknown as StepFunction,
    });
    return this as never; // The same workflow, known to have more steps.
  }

  /** Adds a step that is given the failures of other steps, when their retries are used up. */
  catchError<const Emits extends readonly AnyEventType[]>(
    name: string,
    options: CatchOptions<Emits>,
    fn: StepBody<readonly [typeof StepFailedEvent], Emits, State, {}>,
  ): Workflow<State, Accepted, Emitted | Emits[number]> {
    const { steps = null, recoveries = 1, ...others } = Object(options) as CatchOptions<Emits>;
    const accepts = [StepFailedEvent];
    this.#add({
      name,
      accepts,
      join: null,
      options: { ...others, accepts },
      catches: { steps, recoveries },
      run: fn as unknown as StepFunction, // As in `step`.
    });
    return this as never; // As in `step`.
  }

  /** Adds all steps of another workflow. The state has to hold what those steps expect of it. */
  merge<OtherState extends Entries, A extends AnyEventType, E extends AnyEventType>(
    other: Workflow<OtherState, A, E>,
  ): Workflow<State, Accepted | A, Emitted | E> {
    for (const step of other.#steps) this.#add(step);
    return this as never; // As in `step`.
  }

  /** Starts a run in this process, without a server. */
  run(
    ...args: {} extends StartInput<Accepted>
      ? [input?: StartInput<Accepted>, options?: RunOptions]
      : [input: StartInput<Accepted>, options?: RunOptions]
  ): RunHandle<ResultOf<Emitted>> {
    const [input, { store = new MemoryStore(), handlerId, state, log = silentLog } = {}] = args;
    const definition = this.define(this.title);
    const event = toStartEvent(definition, input);
    const runtime = new Runtime({ store, log, idleMs: null, admission: this.#admission });
    runtime.register(this, definition);
    const runId = runtime.newRunId();
    const started = store.open(stepUnderWay).then(() =>
      runtime.start({
        workflowName: definition.name,
        event,
        runId,
        ...(handlerId !== undefined && { handlerId }),
        ...(state !== undefined && { state }),
      }),
    );
    const ended = started.then(() => runtime.ended(runId));
    void ended.catch(() => {}).then(() => runtime.endResources()); // The handle tells how it ended.
    return new RunHandle(runtime, runId, started);
  }

  /** Checks the workflow whole, under a name. Throws `definition_invalid` with every mistake. */
  define(name: string, additionalEvents: readonly AnyEventType[] = []): Definition {
    const definition = define(name, {
      options: this.#options as WorkflowOptions,
      steps: this.#steps,
      additionalEvents,
    });
    this.#isInUse = true;
    return definition;
  }

  #add(step: StepDraft): void {
    if (this.#isInUse) {
      throw new WorkflowError(
        "definition_invalid",
        `Step \`${step.name}\` comes too late: the workflow is in use. Add all steps before \`run\` or \`addWorkflow\`.`,
      );
    }
    this.#steps.push(step);
  }
}
