/**
 * The runs that are in memory. One is brought here when somebody needs it and let go when it only
 * waits; one whose store fails is dropped, and taken up again from what is stored.
 */
import { WorkflowError } from "../base/errors.ts";
import { crashesMax } from "../base/limits.ts";
import { checkInvariants } from "../engine/invariants.ts";
import { nextTimerAt } from "../engine/resume.ts";
import type { RunState } from "../engine/state.ts";
import { isTerminal } from "../protocol/status.ts";
import type { NewRun, RunRecord, RunSummary, Store } from "../store/store.ts";
import type { Definition } from "../workflow/definition.ts";
import type { Admission } from "./admission.ts";
import { Alarms } from "./alarms.ts";
import type { Endings } from "./endings.ts";
import { isCutOff, runDeleted } from "./errors.ts";
import type { HandlerChanges } from "./handler-changes.ts";
import { type CommitRun, LiveRun, type LiveRunPorts, type Surroundings } from "./live-run.ts";
import { reportUnknown } from "./recovery.ts";
import type { Registry } from "./registry.ts";
import { readState, type Story, toSummary } from "./story.ts";
import { Waker } from "./waker.ts";

export interface LiveRunsPorts extends Surroundings {
  readonly store: Store;
  readonly registry: Registry;
  readonly admission: Admission;
  readonly endings: Endings;
  readonly changes: HandlerChanges;
}

export class LiveRuns {
  readonly #ports: LiveRunsPorts;
  readonly #runPorts: LiveRunPorts;
  readonly #runs = new Map<string, LiveRun>();
  readonly #loading = new Map<string, Promise<LiveRun>>();
  /** Runs that are gone before this process has told of their end, and their handlers. */
  readonly #prunedEarly = new Map<string, string>();
  /** Runs whose commit has failed, as they were told of before that. */
  readonly #unsure = new Map<string, Pick<LiveRun, "summary" | "isAsking">>();
  readonly #waker: Waker;
  /** When to look again at runs whose store has failed. */
  readonly #alarms: Alarms;
  readonly #admit = (runId: string): void => {
    this.#runs.get(runId)?.loop.tell({ kind: "run_admitted" });
  };
  #stopReason: unknown = undefined;

  constructor(ports: LiveRunsPorts) {
    const { clock, store, log } = ports;
    this.#ports = ports;
    this.#runPorts = this.#newRunPorts();
    this.#alarms = new Alarms({
      clock,
      due: (runId) => this.#wake(runId),
      isStoreBack: (runId) => this.#isStoreBack(runId),
    });
    this.#waker = new Waker({
      clock,
      store,
      wake: (runId) => this.#wake(runId),
      onError: (error) => log("error", "Resting runs could not be looked up.", { error }),
    });
  }

  /** From now on, resting runs are woken when their timers are due. */
  async start(): Promise<void> {
    await this.#waker.start();
  }

  /** Resolves when the steps have ended, and what they and their runs had is disposed of. */
  async stop(reason: unknown): Promise<void> {
    this.#stopReason = reason;
    this.#alarms.clear();
    this.#waker.stop();
    await Promise.all([...this.#runs.values()].map((run) => run.stop(reason)));
  }

  get(runId: string): LiveRun | undefined {
    return this.#runs.get(runId);
  }

  /** A run whose first commit creates it, with the story that it brings along. */
  create(definition: Definition, run: NewRun, { state, ticks, events }: Story): LiveRun {
    const { store } = this.#ports;
    for (const [other, { summary }] of this.#unsure) {
      if (summary.handlerId === run.handlerId) this.#unsure.delete(other); // It is not the last.
    }
    let isCreated = false;
    return this.#add(definition, toSummary(run), state, (commit) => {
      if (isCreated) return store.commit(run.runId, 1, commit);
      isCreated = true; // With a create that fails, the run is over.
      if (ticks.length === 0) return store.create(run, commit);
      const first = {
        ...commit,
        ticks: [...ticks, ...commit.ticks],
        events: [...events, ...commit.events],
      };
      return store.create(run, first);
    });
  }

  /**
   * The run in memory, where it is brought if it is not there. One that is to end at once takes no
   * step before: it may be held back because of what its steps do.
   */
  async find(run: RunSummary, isToEnd: boolean = false): Promise<LiveRun> {
    try {
      return await this.#find(run, isToEnd);
    } catch (error) {
      // Its claim may have been stored all the same, and then nobody else goes on with it.
      const hasFailed = error instanceof WorkflowError && error.code === "store_failed";
      if (hasFailed || isCutOff(error)) this.#retryLater(run.runId, error);
      throw error;
    }
  }

  /** Like `find`, at a start: one that cannot be had is tried again later, and stops nobody. */
  async tryFind(run: RunSummary): Promise<LiveRun | undefined> {
    try {
      // Somebody may have needed it already: a run is driven once.
      return await this.#find(run, false);
    } catch (error) {
      this.#retryLater(run.runId, error);
      return undefined;
    }
  }

  /** Drops a run that is to be no more. */
  drop(runId: string, reason: unknown): void {
    void this.#runs.get(runId)?.stop(reason);
    this.#forget(runId);
    this.#ports.endings.reject(runId, reason);
    this.#ports.admission.leave(runId);
  }

  /** Drops runs that were deleted with their handler: one may just have come under its id. */
  async dropDeleted(handlerId: string, reason: unknown): Promise<void> {
    const { store, changes } = this.#ports;
    for (const { summary, loop } of [...this.#runs.values()]) {
      if (summary.handlerId !== handlerId) continue;
      // One that is stored after that is not deleted; one that cannot be stored goes by itself.
      const isStored = await loop.stored.then(
        () => true,
        () => false,
      );
      if (await store.getRun(summary.runId)) continue;
      if (isStored) this.drop(summary.runId, reason);
      if (await store.getHandler(handlerId)) continue;
      // Another that is on its way tells of itself, and is not to be told of as deleted after that.
      const isAgain = this.#runs.values().some((live) => live.summary.handlerId === handlerId);
      if (!isAgain) changes.deleted(handlerId);
    }
  }

  /** Handlers that need not be kept are gone: of some nobody was told yet that they ended. */
  pruned(handlerIds: readonly string[]): void {
    const gone = new Set(handlerIds);
    for (const { summary, loop } of this.#runs.values()) {
      const isEnding = loop.state.status !== "running" && gone.delete(summary.handlerId);
      if (isEnding) this.#prunedEarly.set(summary.runId, summary.handlerId);
    }
    for (const handlerId of gone) this.#ports.changes.deleted(handlerId);
  }

  /** Whether a run may start; if not, it waits for its turn. */
  enter(runId: string, { name, concurrency }: Definition): boolean {
    return this.#ports.admission.enter(runId, name, concurrency, this.#admit);
  }

  // ---

  async #load({ runId, workflowName }: RunSummary, isToEnd: boolean): Promise<LiveRun> {
    const { registry, store } = this.#ports;
    const definition = registry.must(workflowName);
    const epoch = await store.claim(runId);
    const state = await readState(store, definition, runId);
    // Last: of a run that was deleted since it was claimed, nothing is left to go on with.
    const run = await store.getRun(runId);
    if (!run) throw runDeleted(runId);
    checkInvariants(definition, state);
    const live = this.#add(definition, run, state, (commit) => store.commit(runId, epoch, commit));
    this.#tellUnsure(live);
    // Before anybody finds it: who does may change it, and it goes on from what is stored.
    if (!isToEnd || isTerminal(state.status)) await this.#settle(live, run);
    return live;
  }

  /** What has failed, and was stored all the same, nobody was told of. */
  #tellUnsure({ summary, isAsking }: LiveRun): void {
    const told = this.#unsure.get(summary.runId);
    this.#unsure.delete(summary.runId);
    const isNews = told && (isTerminal(summary.status) || told.isAsking !== isAsking);
    if (isNews) this.#ports.changes.changed(summary, isAsking);
  }

  async #find(run: RunSummary, isToEnd: boolean): Promise<LiveRun> {
    const { runId } = run;
    const live = this.#runs.get(runId);
    if (live) return live;
    const loading = this.#loading.get(runId) ?? this.#load(run, isToEnd);
    this.#loading.set(runId, loading);
    try {
      return await loading;
    } finally {
      // Of several who waited, the last must not forget a load that came after theirs.
      if (this.#loading.get(runId) === loading) this.#loading.delete(runId);
    }
  }

  #add(definition: Definition, summary: RunSummary, state: RunState, commit: CommitRun): LiveRun {
    if (this.#stopReason !== undefined) throw this.#stopReason; // While it was on its way here.
    const live = new LiveRun(this.#runPorts, definition, summary, state, commit);
    this.#runs.set(summary.runId, live);
    return live;
  }

  #newRunPorts(): LiveRunPorts {
    const { changes } = this.#ports;
    return {
      ...this.#ports,
      committed: (live) => {
        this.#keep(live);
        // The store is well again; a run that was dropped meanwhile has still to come back.
        const { runId } = live.summary;
        if (this.#runs.get(runId) === live) this.#alarms.cancel(runId);
      },
      asked: (run, isAsking) => changes.changed(run, isAsking),
      ended: (run) => this.#end(run),
      failed: (live, error) => this.#park(live, error),
      idled: (live) => this.#release(live),
    };
  }

  /** A run that was let go and acts all the same is back, unless it was taken up anew. */
  #keep(live: LiveRun): void {
    const { runId } = live.summary;
    if (live.loop.isStopped || this.#runs.get(runId) === live) return;
    if (this.#stopReason !== undefined) void live.stop(this.#stopReason);
    else if (this.#runs.has(runId) || this.#loading.has(runId)) void live.stop(takenUpAnew);
    else this.#runs.set(runId, live);
  }

  #end(run: RunSummary): void {
    const { changes, log } = this.#ports;
    changes.changed(run, false);
    this.#bury(run);
    const fields = { run: run.runId, handler: run.handlerId, workflow: run.workflowName };
    if (run.status === "failed") log("warn", `Run failed: ${run.error}`, fields);
    else log("debug", `Run ${run.status}.`, fields);
  }

  /** It has ended: nothing is held for it any more. */
  #bury(run: RunSummary): void {
    this.#forget(run.runId);
    this.#ports.endings.resolve(run);
    this.#ports.admission.leave(run.runId);
  }

  /** Lets a run that was loaded go on, unless it has to wait or there is nobody to go on for. */
  async #settle(live: LiveRun, { crashes, isResting }: RunRecord): Promise<void> {
    const { state, definition } = live.loop;
    const { runId } = live.summary;
    const { admission, store } = this.#ports;
    if (crashes >= crashesMax && !isTerminal(state.status)) {
      // Whoever takes it up. If that cannot be stored, it is parked, and comes here again.
      return live.loop.submit({ kind: "run_quarantined", crashes }).catch(() => {});
    }
    live.resume();
    // One that was set aside counts as under way.
    if (!isResting) live.loop.correctRest();
    if (isTerminal(state.status)) {
      // It ended before this was known to whoever asked for it, and is not kept for that.
      this.#bury(live.summary);
    } else if (state.parent) {
      const parent = await store.getRun(state.parent.runId);
      if (!parent || isTerminal(parent.status)) live.loop.tell({ kind: "cancel_requested" });
    } else if (!state.queued) admission.occupy(runId, definition.name);
    else if (this.enter(runId, definition)) {
      live.loop.tell({ kind: "run_admitted" });
    }
  }

  #wake(runId: string): void {
    void this.#ports.store
      .getRun(runId)
      .then(async (run) => {
        if (!run) return this.drop(runId, runDeleted(runId)); // It never came to be, or is no more.
        // A commit that failed may have been stored all the same, also its last one: then what the
        // end of the run orders is still to be done.
        if (this.#ports.registry.get(run.workflowName)) await this.#find(run, false);
        else if (!isTerminal(run.status)) await this.#setAside(run);
      })
      .catch((error: unknown) => this.#retryLater(runId, error));
  }

  /** Its timer is due, and nobody knows its workflow. */
  async #setAside(run: RunSummary): Promise<void> {
    const { log, store } = this.#ports;
    const { runId } = run;
    // As it would be due for ever, it counts as one that does not rest: a start takes those up.
    await store.commit(runId, await store.claim(runId), { ticks: [], events: [], rest: null });
    reportUnknown(log, run);
  }

  #release(live: LiveRun): void {
    if (!live.release()) return;
    this.#runs.delete(live.summary.runId);
    this.#waker.consider(nextTimerAt(live.loop.state));
  }

  /** Its store failed: what it had not stored has not happened, and it is taken up again later. */
  #park(live: LiveRun, error: unknown): void {
    const { runId } = live.summary;
    void live.stop(error);
    // Somebody else drives it, or it never came to be.
    const isForGood = error instanceof WorkflowError && forGood.includes(error.code);
    const now = this.#runs.get(runId);
    if (now !== live) {
      // Who has lost the run must not take it from whoever drives it now. But what failed may have
      // been stored, of a function that went on when the run was let go: then nobody else has it.
      if (!now && !isForGood) this.#retryLater(runId, error);
      return;
    }
    this.#runs.delete(runId);
    this.#ports.endings.reject(runId, error);
    if (!isForGood) this.#unsure.set(runId, { summary: live.summary, isAsking: live.isAsking });
    if (isForGood) {
      this.#ports.admission.leave(runId);
      return;
    }
    this.#retryLater(runId, error);
  }

  /** A run that nobody has here is claimed, as it will be when it is taken up again. */
  async #isStoreBack(runId: string): Promise<boolean> {
    if (this.#runs.has(runId) || this.#loading.has(runId)) return false; // It finds out by itself.
    try {
      await this.#ports.store.claim(runId);
    } catch (error) {
      return !isCutOff(error);
    }
    return true;
  }

  #retryLater(runId: string, error: unknown): void {
    if (this.#stopReason !== undefined) return;
    const delayMs = this.#alarms.set(runId, isCutOff(error));
    this.#ports.log("error", "A run could not be stored or loaded; it is tried again.", {
      run: runId,
      delayMs,
      error,
    });
  }

  #forget(runId: string): void {
    this.#runs.delete(runId);
    this.#alarms.cancel(runId);
    this.#unsure.delete(runId);
    const pruned = this.#prunedEarly.get(runId);
    if (pruned === undefined) return;
    this.#prunedEarly.delete(runId);
    this.#ports.changes.deleted(pruned);
  }
}

const forGood: readonly string[] = ["lease_lost", "handler_active", "start_repeated"];

const takenUpAnew = new Error("The run was taken up anew, and goes on elsewhere.");
