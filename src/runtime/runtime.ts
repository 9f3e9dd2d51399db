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
import { initialState, type RunState } from "../engine/state.ts";
import type { Tick } from "../engine/tick.ts";
import { isTerminal } from "../protocol/status.ts";
import type { Commit, RunSummary, Store } from "../store/store.ts";
import { checkTarget, type Definition } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";
import { LiveRun } from "./live-run.ts";

export interface RuntimeOptions {
  readonly store: Store;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** How long a run that only waits stays in memory; null: for ever. Default one minute. */
  readonly idleMs?: number | null;
}

export interface StartRequest {
  readonly workflowName: string;
  readonly event: Event;
  readonly handlerId?: string;
  readonly runId?: string;
  /** Initial values of the shared state. Default: those of the handler's last run. */
  readonly state?: JsonObject;
}

export class Runtime implements AsyncDisposable {
  readonly store: Store;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #idleMs: number | null;
  readonly #definitions = new Map<string, Definition>();
  readonly #live = new Map<string, LiveRun>();
  readonly #loading = new Map<string, Promise<LiveRun>>();
  /** What wakes runs that are not in memory. */
  readonly #alarms = new Map<string, () => void>();
  readonly #endings = new Map<string, PromiseWithResolvers<RunSummary>>();
  #isClosed = false;

  constructor({ store, clock, random, log, idleMs = idleMsDefault }: RuntimeOptions) {
    this.store = store;
    this.#clock = clock ?? systemClock;
    this.#random = random ?? systemRandom;
    this.#log = log ?? silentLog;
    this.#idleMs = idleMs;
  }

  register(definition: Definition): void {
    this.#definitions.set(definition.name, definition);
  }

  definition(name: string): Definition | undefined {
    return this.#definitions.get(name);
  }

  /** Opens the store, and lets every running run go on. */
  async open(): Promise<void> {
    await this.store.open();
    for (const run of await this.store.listHandlers({ statuses: ["running"] })) {
      if (this.#definitions.has(run.workflowName)) this.#wake(run.runId);
      else {
        const { runId: id, handlerId, workflowName } = run;
        this.#log(
          "warn",
          `A run of \`${workflowName}\` is left alone: there is no such workflow.`,
          {
            run: id,
            handler: handlerId,
          },
        );
      }
    }
  }

  /** Stops all runs where they are; they go on when the store is opened again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const reason = new WorkflowError("shutting_down", "The server is shutting down.");
    for (const cancel of this.#alarms.values()) cancel();
    this.#alarms.clear();
    for (const run of this.#live.values()) run.stop(reason);
    this.#live.clear();
    for (const ending of this.#endings.values()) ending.reject(reason);
    this.#endings.clear();
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
    const definition = this.#mustDefinition(request.workflowName);
    const { handlerId = newId(this.#random), runId = newId(this.#random) } = request;
    const state = request.state ?? (await this.#inheritedState(request.handlerId));
    const store = toJson(
      definition.checkState({ ...definition.initialState(), ...state }),
      "state",
    ) as JsonObject;
    const startedAt = this.#clock.now();
    const run = { runId, handlerId, workflowName: definition.name, startedAt };
    const summary: RunSummary = {
      ...run,
      status: "running",
      result: null,
      error: null,
      updatedAt: startedAt,
      completedAt: null,
    };
    let isCreated = false;
    const live = this.#newLiveRun(definition, summary, initialState(definition), async (commit) => {
      if (isCreated) return this.store.commit(runId, 1, commit);
      await this.store.create(run, commit);
      isCreated = true;
    });
    try {
      await live.loop.submit({ kind: "run_started", event: request.event, store });
    } catch (error) {
      const isActive = error instanceof WorkflowError && error.code === "handler_active";
      throw isActive ? handlerActive(handlerId) : error;
    }
    return summary;
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
    if (run) this.#end(run.runId, (ending) => ending.reject(reason));
    return isDeleted;
  }

  /** Resolves when the run has ended, however often it is released in between. */
  async ended(runId: string): Promise<RunSummary> {
    this.#checkOpen();
    const ending = this.#endings.get(runId) ?? Promise.withResolvers<RunSummary>();
    ending.promise.catch(() => {}); // Several may wait, or none any more.
    this.#endings.set(runId, ending);
    if (!this.#live.has(runId)) {
      const run = await this.store.getRun(runId);
      if (run && isTerminal(run.status)) this.#end(runId, ({ resolve }) => resolve(run));
    }
    return ending.promise;
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
      commit,
      ended: (ended) => {
        this.#forget(runId);
        this.#end(runId, ({ resolve }) => resolve(ended));
        this.#report(ended);
      },
      broke: (error) => this.#park(live, error),
      idled: () => this.#release(live),
    });
    this.#live.set(runId, live);
    return live;
  }

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
    const definition = this.#mustDefinition(workflowName);
    const epoch = await this.store.claim(runId);
    const run = must(await this.store.getRun(runId), "A claimed run is there.");
    const state = await this.#replay(definition, runId);
    checkInvariants(definition, state);
    this.#forget(runId);
    const live = this.#newLiveRun(definition, run, state, (commit) =>
      this.store.commit(runId, epoch, commit),
    );
    live.loop.resume();
    return live;
  }

  #wake(runId: string): void {
    this.#alarms.get(runId)?.();
    this.#alarms.delete(runId);
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
    if (nextTimerAt !== null) this.#setAlarm(runId, nextTimerAt);
  }

  /** Its store failed: what it had not stored has not happened, and it is taken up again later. */
  #park(live: LiveRun, error: unknown): void {
    const { runId } = live.summary;
    live.stop(error);
    this.#forget(runId);
    this.#end(runId, (ending) => ending.reject(error));
    if (error instanceof WorkflowError && ["lease_lost", "handler_active"].includes(error.code))
      return;
    this.#retryLater(runId, error);
  }

  #retryLater(runId: string, error: unknown): void {
    if (this.#isClosed) return;
    this.#log("error", "A run could not be stored or loaded; it is tried again.", {
      run: runId,
      error,
    });
    this.#setAlarm(runId, this.#clock.now() + parkedRunRetryMs);
  }

  #setAlarm(runId: string, at: number): void {
    this.#alarms.get(runId)?.();
    this.#alarms.set(
      runId,
      this.#clock.at(at, () => this.#wake(runId)),
    );
  }

  #forget(runId: string): void {
    this.#live.delete(runId);
    this.#alarms.get(runId)?.();
    this.#alarms.delete(runId);
  }

  #end(runId: string, settle: (ending: PromiseWithResolvers<RunSummary>) => void): void {
    const ending = this.#endings.get(runId);
    if (ending) settle(ending);
    this.#endings.delete(runId);
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
    const definition = this.#definitions.get(last.workflowName);
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

  #mustDefinition(name: string): Definition {
    const definition = this.#definitions.get(name);
    if (definition) return definition;
    throw new WorkflowError("workflow_not_found", `Workflow \`${name}\` is not registered.`);
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw new WorkflowError("shutting_down", "The server is shutting down.");
  }
}

export function handlerActive(handlerId: string): WorkflowError {
  return new WorkflowError("handler_active", `Handler '${handlerId}' is already running`);
}

export function handlerFinished(handlerId: string): WorkflowError {
  return new WorkflowError("handler_finished", "Workflow already completed", {
    details: { handlerId },
  });
}
