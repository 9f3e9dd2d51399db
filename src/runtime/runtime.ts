/**
 * What can be done with runs, wherever they are: started, forked, sent events, ended, waited for.
 * The runtime is the only place where time passes for them.
 */
import { type Clock, pause, type Random, systemClock, systemRandom } from "../base/clock.ts";
import { WorkflowError } from "../base/errors.ts";
import { newId } from "../base/id.ts";
import { type JsonObject, toJson } from "../base/json.ts";
import { idleMsDefault, parkedRunRetryMs } from "../base/limits.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { Writable } from "../base/writable.ts";
import type { Parent, RunState } from "../engine/state.ts";
import type { TickBody } from "../engine/tick.ts";
import { isTerminal } from "../protocol/status.ts";
import type { Idempotency, Legacy, NewRun, RunRecord, RunSummary, Store } from "../store/store.ts";
import {
  type AnyWorkflow,
  checkEvent,
  checkTarget,
  type Definition,
} from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";
import { Admission } from "./admission.ts";
import type { ChildPorts } from "./child-ports.ts";
import { deleteHandler } from "./deletion.ts";
import { Endings } from "./endings.ts";
import { handlerActive, handlerFinished, keyConflict, runDeleted } from "./errors.ts";
import { findEdited, type ForkPoint, readStory } from "./fork.ts";
import { HandlerChanges } from "./handler-changes.ts";
import type { LiveRun } from "./live-run.ts";
import { LiveRuns } from "./live-runs.ts";
import { countUnderWay, recover } from "./recovery.ts";
import { stepUnderWay, suspectRun } from "./step-under-way.ts";
import { Registry } from "./registry.ts";
import { toResult } from "./result.ts";
import { ResourcePool } from "./resources.ts";
import { type Retention, startRetention } from "./retention.ts";
import { emptyStory, readState, toSummary, toTicks } from "./story.ts";

export interface RuntimeOptions {
  readonly store: Store;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
  /** How long a run that only waits stays in memory; null: for ever. Default one minute. */
  readonly idleMs?: number | null;
  /** Runs at a time, of all workflows; null: no limit. */
  readonly concurrency?: number | null;
  /** Shared with other runtimes, whose runs count too. Default: one of its own. */
  readonly admission?: Admission;
  /** Default: all runs are kept. */
  readonly retention?: Retention;
}

export interface StartRequest {
  readonly workflowName: string;
  readonly event: Event;
  readonly handlerId?: string;
  readonly runId?: string;
  /** Initial values of the shared state. Default: those of the handler's last run. */
  readonly state?: JsonObject;
  readonly parent?: Parent;
  /** Makes it safe to ask again: the second time, the first run is given back. */
  readonly idempotency?: Idempotency;
}

export interface ForkRequest {
  readonly point: ForkPoint;
  /** Replaces the input of the job that is at work on such an event there, or is sent in. */
  readonly event?: Event;
  readonly handlerId?: string;
}

export class Runtime implements AsyncDisposable {
  readonly store: Store;
  /** Which handlers have come, ended or gone. */
  readonly changes: HandlerChanges = new HandlerChanges();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #retention: Retention;
  readonly #registry = new Registry();
  readonly #endings = new Endings();
  readonly #admission: Admission;
  readonly #resources: ResourcePool;
  readonly #runs: LiveRuns;
  #stopRetention: () => void = () => {};
  /** How the process before this one has left the store. */
  #legacy: Legacy = { wasClosed: true };
  readonly #closing = new AbortController();

  constructor(options: RuntimeOptions) {
    const { store, clock = systemClock, random = systemRandom, log = silentLog } = options;
    this.store = store;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
    this.#retention = options.retention ?? { keepMs: null, keepMax: null };
    this.#admission = options.admission ?? new Admission(options.concurrency ?? null);
    this.#resources = new ResourcePool("server", null, log);
    this.#runs = new LiveRuns({
      store,
      clock,
      log,
      idleMs: options.idleMs === undefined ? idleMsDefault : options.idleMs,
      registry: this.#registry,
      admission: this.#admission,
      endings: this.#endings,
      resources: this.#resources,
      changes: this.changes,
      children: this.#children(),
      culprit: () => this.#legacy.culprit,
      readTicks: async (runId) => toTicks(await store.readTicks(runId)),
    });
  }

  register(workflow: AnyWorkflow, definition: Definition): void {
    this.#registry.add(workflow, definition);
  }

  /** Opens the store, and lets every unfinished run go on. */
  async open(): Promise<void> {
    this.#registry.check();
    this.#legacy = await this.store.open(stepUnderWay);
    if (this.#closing.signal.aborted) await this.store.close(); // Nobody waits for it any more.
    this.#checkOpen();
    await countUnderWay(this.store, this.#registry, this.#admission);
    await recover({
      store: this.store,
      legacy: this.#legacy,
      clock: this.#clock,
      log: this.#log,
      signal: this.#closing.signal,
      isKnown: (workflowName) => this.#registry.get(workflowName) !== undefined,
      go: (run) => this.#runs.tryFind(run),
      suspect: ({ runId }) => suspectRun(runId),
    });
    this.#checkOpen();
    await this.#endOrphans();
    await this.#runs.start();
    this.#stopRetention = startRetention(
      this.store,
      this.#clock,
      this.#log,
      this.#retention,
      (handlerIds) => this.#runs.pruned(handlerIds),
    );
  }

  /** Stops all runs where they are; they go on when the store is opened again. */
  async close(): Promise<void> {
    this.#closing.abort();
    const reason = new WorkflowError("shutting_down", "The server is shutting down.");
    this.#stopRetention();
    const stopped = this.#runs.stop(reason);
    this.#endings.rejectAll(reason);
    await stopped;
    await this.endResources();
    await this.store.close();
  }

  /** Disposes of what lives as long as the runtime. */
  async endResources(): Promise<void> {
    await this.#resources.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Where another thread may note who ends this process; undefined: there is no such place. */
  get culpritPath(): string | undefined {
    return this.#legacy.culpritPath;
  }

  newRunId(): string {
    return newId(this.#clock, this.#random);
  }

  /**
   * Resolves when the run is stored. Throws `handler_active` while the handler's last one runs, and
   * `key_conflict` for an idempotency key that was used for something else.
   */
  async start(request: StartRequest): Promise<RunSummary> {
    this.#checkOpen();
    const { event, parent = null, idempotency } = request;
    const repeated = idempotency && (await this.#findStart(idempotency));
    if (repeated) return repeated;
    this.#registry.check();
    const definition = this.#registry.must(request.workflowName);
    const { handlerId } = request;
    const inherited =
      request.state ?? (handlerId === undefined ? {} : await this.#inheritedState(handlerId));
    const initial = definition.checkState({ ...definition.initialState(), ...inherited });
    const store = toJson(initial, "state") as JsonObject;
    const run = this.#newRun(definition, request);
    const live = this.#runs.create(definition, run, emptyStory(definition));
    // A parent holds its place while it waits for its children: they need none of their own.
    const isQueued = !parent && !this.#runs.enter(run.runId, definition);
    const started = { kind: "run_started", event, store, isQueued, parent } as const;
    return await this.#begin(live, started, idempotency); // To wait here takes fewer turns.
  }

  /** A new run that goes on from a point in the story of another. Resolves when it is stored. */
  async fork(from: RunRecord, { point, event, handlerId }: ForkRequest): Promise<RunSummary> {
    this.#checkOpen();
    const definition = this.#registry.must(from.workflowName);
    const story = await readStory(this.store, definition, from, point);
    const { sequence } = story;
    const edited = event ? findEdited(story.state, event) : null;
    const run = {
      ...this.#newRun(definition, { ...(handlerId !== undefined && { handlerId }) }),
      forkedFrom: { runId: from.runId, sequence },
    };
    const live = this.#runs.create(definition, run, story);
    this.#admission.occupy(run.runId, definition.name);
    const origin = { runId: from.runId, handlerId: from.handlerId, sequence };
    const { loop } = live;
    const started = this.#begin(live, { kind: "run_forked", from: origin, edited });
    // With it in one commit: a fork is there with all that was asked for, or not at all.
    // The other run had to wait for its turn there: this one has its place already.
    if (loop.state.queued) loop.tell({ kind: "run_admitted" });
    if (event && !edited) loop.tell({ kind: "event_received", event, target: null });
    return await started;
  }

  /** Resolves when the event is stored. Throws `handler_finished` if the run has ended by then. */
  async send(run: RunSummary, event: Event, target: string | null): Promise<void> {
    this.#checkOpen();
    const live = await this.#runs.find(run);
    const { definition } = live.loop;
    if (target !== null) checkTarget(definition, target, event.type);
    const checked = checkEvent(definition, event);
    if (live.loop.state.status !== "running") {
      await live.loop.stored; // What is not, may not have been.
      throw handlerFinished(run.handlerId);
    }
    await live.loop.submit({ kind: "event_received", event: checked, target });
  }

  /** Resolves when the run has ended. False: it had ended before. */
  async cancel(run: RunSummary): Promise<boolean> {
    this.#checkOpen();
    const live = await this.#runs.find(run, true);
    const isRunning = live.loop.state.status === "running";
    if (isRunning) await live.loop.submit({ kind: "cancel_requested" });
    else await live.loop.stored;
    return isRunning;
  }

  /** Deletes a handler with everything of its runs, running or not. False: there is none. */
  async delete(handlerId: string): Promise<boolean> {
    const { store, changes } = this;
    const cancel = (run: RunRecord): Promise<boolean> => this.cancel(run);
    return deleteHandler({ store, changes, cancel, runs: this.#runs, log: this.#log }, handlerId);
  }

  /** Resolves when the run has ended, however often it is released in between. */
  async ended(runId: string): Promise<RunSummary> {
    this.#checkOpen();
    const ended = this.#endings.wait(runId);
    if (!this.#runs.get(runId)) {
      const run = await this.store.getRun(runId);
      if (!run) this.#endings.reject(runId, runDeleted(runId));
      else if (isTerminal(run.status)) this.#endings.resolve(run);
    }
    return await ended;
  }

  /** Whether a run wants something from outside. Nothing is loaded for it: what rests does. */
  isAsking({ runId, isResting }: RunRecord): boolean {
    return this.#runs.get(runId)?.isAsking ?? isResting;
  }

  /**
   * The result of a run, once it has ended. Throws `RunFailedError` when it has failed or was
   * cancelled.
   */
  async result(runId: string): Promise<unknown> {
    const run = await this.ended(runId);
    const definition = this.#registry.get(run.workflowName);
    if (run.status !== "failed" || !definition) return toResult(run, null);
    return toResult(run, (await readState(this.store, definition, runId)).failure);
  }

  /** A run that is in memory, as it is at this instant. */
  inspect(runId: string): { readonly state: RunState; readonly isSettled: boolean } | undefined {
    return this.#runs.get(runId)?.loop;
  }

  // ---

  #newRun(definition: Definition, request: Partial<StartRequest>): NewRun {
    const { parent, idempotency } = request;
    const run: Writable<NewRun> = {
      runId: request.runId ?? this.newRunId(),
      handlerId: request.handlerId ?? newId(this.#clock, this.#random),
      workflowName: definition.name,
      startedAt: this.#clock.now(),
    };
    if (parent) run.parentRunId = parent.runId;
    if (idempotency) run.idempotency = idempotency;
    return run;
  }

  async #begin(live: LiveRun, tick: TickBody, idempotency?: Idempotency): Promise<RunSummary> {
    const { runId, handlerId } = live.summary;
    const started = live.summary;
    try {
      await live.loop.submit(tick);
      this.changes.changed(live.summary, live.isAsking);
      return started;
    } catch (error) {
      this.#admission.leave(runId);
      const code = error instanceof WorkflowError ? error.code : undefined;
      if (code === "handler_active") throw handlerActive(handlerId);
      // Somebody was faster with the same key.
      const first =
        code === "start_repeated" && idempotency && (await this.#findStart(idempotency));
      if (first) return first;
      throw error;
    }
  }

  async #findStart({ key, fingerprint }: Idempotency): Promise<RunSummary | undefined> {
    const found = await this.store.findStart(key);
    if (!found) return undefined;
    if (found.fingerprint !== fingerprint) throw keyConflict(key);
    // As it was answered then, whatever has become of the run.
    return toSummary(found.run);
  }

  #children(): ChildPorts {
    return {
      definitionOf: (workflow) => this.#registry.of(workflow),
      ensure: async (child) => {
        if (!(await this.store.getRun(child.runId))) await this.start(child);
      },
      result: (runId) => this.result(runId),
      cancel: (runId) => this.#cancelChild(runId),
      follow: (runId, after, signal) => this.store.feed.follow(runId, after, signal),
    };
  }

  /** Children that rest are not loaded: their parents may have ended just as the server did. */
  async #endOrphans(): Promise<void> {
    for (const { runId, workflowName } of await this.store.listOrphans()) {
      if (this.#registry.get(workflowName)) void this.#cancelChild(runId);
    }
  }

  /** Its parent has ended: a store that fails now must not leave it running for ever. */
  async #cancelChild(runId: string): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const run = await this.store.getRun(runId);
        if (run && !isTerminal(run.status)) await this.cancel(run);
        return;
      } catch (error) {
        if (signal.aborted) return;
        const fields = { run: runId, error };
        this.#log("error", "A child could not be cancelled; it is tried again.", fields);
      }
      await pause(this.#clock, parkedRunRetryMs, signal);
    }
  }

  /** The state that the last run of a handler has left. */
  async #inheritedState(handlerId: string): Promise<JsonObject> {
    const last = await this.store.getHandler(handlerId);
    if (!last) return {};
    if (!isTerminal(last.status)) throw handlerActive(last.handlerId);
    const definition = this.#registry.get(last.workflowName);
    if (definition) return (await readState(this.store, definition, last.runId)).store;
    this.#log("warn", `The state of handler \`${handlerId}\` is not carried over.`, {
      reason: `workflow \`${last.workflowName}\` is not registered`,
    });
    return {};
  }

  #checkOpen(): void {
    if (!this.#closing.signal.aborted) return;
    throw new WorkflowError("shutting_down", "The server is shutting down.");
  }
}
