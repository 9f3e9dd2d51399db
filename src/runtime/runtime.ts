/**
 * All runs of a process. It starts them, finds them wherever they are (in memory or only in the
 * store), and is the only place where time passes for them.
 */
import { must } from "../base/assert.ts";
import { type Clock, type Random, systemClock, systemRandom } from "../base/clock.ts";
import { WorkflowError } from "../base/errors.ts";
import { newId } from "../base/id.ts";
import { type JsonObject, toJson } from "../base/json.ts";
import { idleMsDefault, parkedRunRetryMs } from "../base/limits.ts";
import { type Log, silentLog } from "../base/log.ts";
import { checkInvariants } from "../engine/invariants.ts";
import { replay } from "../engine/replay.ts";
import { initialState, type Parent, type RunState } from "../engine/state.ts";
import type { Tick } from "../engine/tick.ts";
import { isTerminal } from "../protocol/status.ts";
import type { Commit, RunSummary, Store } from "../store/store.ts";
import { type AnyWorkflow, checkTarget, type Definition } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";
import { Admission } from "./admission.ts";
import { Alarms } from "./alarms.ts";
import type { ChildPorts } from "./child-ports.ts";
import { Endings } from "./endings.ts";
import { handlerActive, handlerFinished } from "./errors.ts";
import { LiveRun } from "./live-run.ts";
import { Registry } from "./registry.ts";
import { ResourcePool } from "./resources.ts";

export interface RuntimeOptions {
  readonly store: Store;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** How long a run that only waits stays in memory; null: for ever. Default one minute. */
  readonly idleMs?: number | null;
  /** Runs at a time, of all workflows; null: no limit. */
  readonly concurrency?: number | null;
}

export interface StartRequest {
  readonly workflowName: string;
  readonly event: Event;
  readonly handlerId?: string;
  readonly runId?: string;
  /** Initial values of the shared state. Default: those of the handler's last run. */
  readonly state?: JsonObject;
  readonly parent?: Parent;
}

export class Runtime implements AsyncDisposable {
  readonly store: Store;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #idleMs: number | null;
  readonly #registry = new Registry();
  readonly #admission: Admission;
  readonly #resources: ResourcePool;
  readonly #endings = new Endings();
  /** What wakes runs that are not in memory. */
  readonly #alarms: Alarms;
  readonly #live = new Map<string, LiveRun>();
  readonly #loading = new Map<string, Promise<LiveRun>>();
  #isClosed = false;

  constructor(options: RuntimeOptions) {
    this.store = options.store;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#log = options.log ?? silentLog;
    this.#idleMs = options.idleMs === undefined ? idleMsDefault : options.idleMs;
    this.#admission = new Admission(options.concurrency ?? null);
    this.#resources = new ResourcePool("server", null, this.#log);
    this.#alarms = new Alarms(this.#clock, (runId) => this.#wake(runId));
  }

  register(workflow: AnyWorkflow, definition: Definition): void {
    this.#registry.add(workflow, definition);
  }

  /** Opens the store, and lets every running run go on. */
  async open(): Promise<void> {
    await this.store.open();
    for (const run of await this.store.listHandlers({ statuses: ["running"] })) {
      if (this.#registry.get(run.workflowName)) this.#wake(run.runId);
      else {
        const { runId: id, handlerId: handler, workflowName } = run;
        this.#log(
          "warn",
          `A run of \`${workflowName}\` is left alone: there is no such workflow.`,
          {
            run: id,
            handler,
          },
        );
      }
    }
  }

  /** Stops all runs where they are; they go on when the store is opened again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const reason = new WorkflowError("shutting_down", "The server is shutting down.");
    this.#alarms.clear();
    for (const run of this.#live.values()) run.stop(reason);
    this.#live.clear();
    this.#endings.rejectAll(reason);
    await this.#resources.end();
    await this.store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  newRunId(): string {
    return newId(this.#random);
  }

  /** Resolves when the run is stored. Throws `handler_active` while the handler's last one runs. */
  async start(request: StartRequest): Promise<RunSummary> {
    this.#checkOpen();
    const { parent = null, handlerId = newId(this.#random), runId = newId(this.#random) } = request;
    const definition = this.#registry.must(request.workflowName);
    const state = request.state ?? (await this.#inheritedState(request.handlerId));
    const initial = definition.checkState({ ...definition.initialState(), ...state });
    const store = toJson(initial, "state") as JsonObject;
    const startedAt = this.#clock.now();
    const run = { runId, handlerId, workflowName: definition.name, startedAt };
    let isCreated = false;
    const live = this.#newLiveRun(
      definition,
      toSummary(run),
      initialState(definition),
      async (commit) => {
        if (isCreated) return this.store.commit(runId, 1, commit);
        await this.store.create(run, commit);
        isCreated = true;
      },
    );
    // A parent holds its place while it waits for its children: they need none of their own.
    const isQueued =
      !parent && !this.#admission.enter(runId, definition.name, definition.concurrency);
    try {
      await live.loop.submit({
        kind: "run_started",
        event: request.event,
        store,
        isQueued,
        parent,
      });
    } catch (error) {
      this.#leave(runId);
      const isActive = error instanceof WorkflowError && error.code === "handler_active";
      throw isActive ? handlerActive(handlerId) : error;
    }
    return live.summary;
  }

  /** Resolves when the event is stored. Throws `handler_finished` if the run has ended by then. */
  async send(run: RunSummary, event: Event, target: string | null): Promise<void> {
    const live = await this.#find(run);
    if (target !== null) checkTarget(live.loop.definition, target, event.type);
    if (live.loop.state.status !== "running") throw handlerFinished(run.handlerId);
    await live.loop.submit({ kind: "event_received", event, target });
  }

  /** Resolves when the run has ended. False: it had ended before. */
  async cancel(run: RunSummary): Promise<boolean> {
    const live = await this.#find(run);
    if (live.loop.state.status !== "running") return false;
    await live.loop.submit({ kind: "cancel_requested" });
    return true;
  }

  /** Deletes a handler with everything of its runs, running or not. False: there is none. */
  async delete(handlerId: string): Promise<boolean> {
    const run = await this.store.getHandler(handlerId);
    const reason = new WorkflowError("handler_not_found", `Handler \`${handlerId}\` was deleted.`);
    if (run) {
      this.#live.get(run.runId)?.stop(reason);
      this.#forget(run.runId);
    }
    const isDeleted = await this.store.delete(handlerId);
    if (run) this.#endings.reject(run.runId, reason);
    if (run) this.#leave(run.runId);
    return isDeleted;
  }

  /** Resolves when the run has ended, however often it is released in between. */
  async ended(runId: string): Promise<RunSummary> {
    this.#checkOpen();
    const ended = this.#endings.wait(runId);
    if (!this.#live.has(runId)) {
      const run = await this.store.getRun(runId);
      if (run && isTerminal(run.status)) this.#endings.resolve(run);
    }
    return ended;
  }

  /** A run that is in memory, as it is at this instant. */
  inspect(runId: string): { readonly state: RunState; readonly isSettled: boolean } | undefined {
    return this.#live.get(runId)?.loop;
  }

  // ---

  #newLiveRun(
    definition: Definition,
    summary: RunSummary,
    state: RunState,
    commit: (commit: Commit) => Promise<void>,
  ): LiveRun {
    const { runId } = summary;
    const live: LiveRun = new LiveRun(definition, summary, state, {
      clock: this.#clock,
      log: this.#log,
      idleMs: this.#idleMs,
      resources: this.#resources,
      children: this.#children,
      commit,
      ended: (ended) => {
        this.#forget(runId);
        this.#endings.resolve(ended);
        this.#leave(runId);
        this.#report(ended);
      },
      broke: (error) => this.#park(live, error),
      idled: () => this.#release(live),
    });
    this.#live.set(runId, live);
    return live;
  }

  readonly #children: ChildPorts = {
    definitionOf: (workflow) => this.#registry.of(workflow),
    ensure: async (child) => {
      if (!(await this.store.getRun(child.runId))) await this.start(child);
    },
    ended: (runId) => this.ended(runId),
    cancel: async (runId) => {
      const run = await this.store.getRun(runId);
      if (run && !isTerminal(run.status)) await this.cancel(run);
    },
    follow: (runId, after, signal) => this.store.feed.follow(runId, after, signal),
  };

  /** The run in memory, where it is brought if it is not there. */
  async #find({ runId, workflowName }: RunSummary): Promise<LiveRun> {
    this.#checkOpen();
    const live = this.#live.get(runId);
    if (live) return live;
    const loading = this.#loading.get(runId) ?? this.#load(runId, workflowName);
    this.#loading.set(runId, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(runId);
    }
  }

  async #load(runId: string, workflowName: string): Promise<LiveRun> {
    const definition = this.#registry.must(workflowName);
    const epoch = await this.store.claim(runId);
    const run = must(await this.store.getRun(runId), "A claimed run is there.");
    const state = await this.#replay(definition, runId);
    checkInvariants(definition, state);
    this.#forget(runId);
    const live = this.#newLiveRun(definition, run, state, (commit) =>
      this.store.commit(runId, epoch, commit),
    );
    await this.#settle(live);
    return live;
  }

  /** Lets a run that was loaded go on, unless it has to wait or there is nobody to go on for. */
  async #settle(live: LiveRun): Promise<void> {
    const { state, definition } = live.loop;
    const { runId } = live.summary;
    live.loop.resume();
    if (state.parent) {
      const parent = await this.store.getRun(state.parent.runId);
      if (!parent || isTerminal(parent.status)) void live.loop.submit({ kind: "cancel_requested" });
    } else if (!state.queued) this.#admission.occupy(runId, definition.name);
    else if (this.#admission.enter(runId, definition.name, definition.concurrency)) {
      void live.loop.submit({ kind: "run_admitted" });
    }
  }

  #wake(runId: string): void {
    void this.store
      .getRun(runId)
      .then((run) => (run && !isTerminal(run.status) ? this.#find(run) : undefined))
      .catch((error: unknown) => this.#retryLater(runId, error));
  }

  #release(live: LiveRun): void {
    const { nextTimerAt } = live;
    if (!live.release()) return;
    const { runId } = live.summary;
    this.#live.delete(runId);
    if (nextTimerAt !== null) this.#alarms.set(runId, nextTimerAt);
  }

  /** Its store failed: what it had not stored has not happened, and it is taken up again later. */
  #park(live: LiveRun, error: unknown): void {
    const { runId } = live.summary;
    live.stop(error);
    this.#forget(runId);
    this.#endings.reject(runId, error);
    const isForGood =
      error instanceof WorkflowError && ["lease_lost", "handler_active"].includes(error.code);
    if (!isForGood) this.#retryLater(runId, error);
  }

  #retryLater(runId: string, error: unknown): void {
    if (this.#isClosed) return;
    this.#log("error", "A run could not be stored or loaded; it is tried again.", {
      run: runId,
      error,
    });
    this.#alarms.set(runId, this.#clock.now() + parkedRunRetryMs);
  }

  #forget(runId: string): void {
    this.#live.delete(runId);
    this.#alarms.cancel(runId);
  }

  /** Gives up the run's place, or its place in the queue, and lets the next ones start. */
  #leave(runId: string): void {
    for (const next of this.#admission.leave(runId)) {
      void this.#live.get(next)?.loop.submit({ kind: "run_admitted" });
    }
  }

  #report(run: RunSummary): void {
    const fields = { run: run.runId, handler: run.handlerId, workflow: run.workflowName };
    if (run.status === "failed") this.#log("warn", `Run failed: ${run.error}`, fields);
    else this.#log("debug", `Run ${run.status}.`, fields);
  }

  /** The state that the last run of a handler has left. */
  async #inheritedState(handlerId: string | undefined): Promise<JsonObject> {
    const last = handlerId === undefined ? undefined : await this.store.getHandler(handlerId);
    if (!last) return {};
    if (!isTerminal(last.status)) throw handlerActive(last.handlerId);
    const definition = this.#registry.get(last.workflowName);
    if (!definition) {
      this.#log("warn", `The state of handler \`${handlerId}\` is not carried over.`, {
        reason: `workflow \`${last.workflowName}\` is not registered`,
      });
      return {};
    }
    return (await this.#replay(definition, last.runId)).store;
  }

  async #replay(definition: Definition, runId: string): Promise<RunState> {
    const ticks = await this.store.readTicks(runId);
    return replay(definition, ticks as unknown as readonly Tick[]); // As our loops wrote them.
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw new WorkflowError("shutting_down", "The server is shutting down.");
  }
}

// ---

function toSummary(
  run: Pick<RunSummary, "runId" | "handlerId" | "workflowName" | "startedAt">,
): RunSummary {
  return {
    ...run,
    status: "running",
    result: null,
    error: null,
    updatedAt: run.startedAt,
    completedAt: null,
  };
}
