/**
 * One live run: takes ticks, reduces them, commits, and performs the commands; nothing else.
 *
 * - A tick takes effect at once and in the order of `submit`; it is durable when the promise that
 *   `submit` returns has resolved.
 * - Ticks that come together are committed together; a commit is on its way at most once.
 * - Commands are performed only after the commit of the tick that issued them.
 * - A commit that fails stops the loop: what it had not stored has not happened.
 */
import type { Clock } from "../base/clock.ts";
import type { Json } from "../base/json.ts";
import { snapshotTicks, snapshotTicksPerPart } from "../base/limits.ts";
import type { Writable } from "../base/writable.ts";
import type { Command } from "../engine/command.ts";
import { reduce } from "../engine/reduce.ts";
import { nextTimerAt, resume } from "../engine/resume.ts";
import { sizeOf, toSnapshot } from "../engine/snapshot.ts";
import { findJob, isIdle, type Job, type RunState } from "../engine/state.ts";
import type { Tick, TickBody } from "../engine/tick.ts";
import type { NewEvent } from "../store/event.ts";
import type { Commit, Culprit, Outcome, Rest } from "../store/store.ts";
import type { Definition } from "../workflow/definition.ts";
import { toNewEvent, toOutcome } from "./publication.ts";

/** What a loop does in the world. */
export interface LoopPorts {
  readonly clock: Clock;
  /** A step that has ended a process: until its job has come to an end, there is no progress. */
  readonly culprit: Culprit | undefined;
  commit(commit: Commit): Promise<void>;
  /** Told when it is stored, before anything follows from it. */
  committed(commit: Commit): void;
  /** Told of every tick that has an effect. */
  applied(tick: Tick): void;
  perform(command: Command): void;
  /** The loop is over: a commit could not be stored. */
  failed(error: unknown): void;
  /** The loop is over, as its run is. */
  ended(): void;
}

/** A command, and the attempt that it is for, if it is for a job. */
interface Order {
  readonly command: Command;
  readonly attempt: number | null;
}

/** Ticks that will be committed together. */
interface Batch {
  readonly ticks: Json[];
  readonly events: NewEvent[];
  readonly orders: Order[];
  outcome: Outcome | null;
  /** Whether a step came to an end in it. */
  isProgress: boolean;
  /** Made for whoever waits until it is stored: most ticks are waited for by nobody. */
  done: PromiseWithResolvers<void> | null;
}

export class Loop {
  readonly definition: Definition;
  readonly #ports: LoopPorts;
  #state: RunState;
  #culprit: Culprit | undefined;
  #pending: Batch | null = null;
  /** As the store has it. */
  #rest: Rest | null;
  #ticksSinceSnapshot = 0;
  /** After how many ticks it is looked at again whether to store the state whole. */
  #snapshotTicks = snapshotTicks;
  /** The one that is on its way to the store. */
  #committing: Batch | null = null;
  #isFlushing = false;
  #isStopped = false;
  #stopReason: unknown = null;
  /** Why a part of the state is not stored, and will not be. */
  #loss: { readonly reason: unknown } | null = null;

  constructor(definition: Definition, state: RunState, ports: LoopPorts) {
    this.definition = definition;
    this.#state = state;
    this.#ports = ports;
    this.#rest = restOf(state);
    const { culprit } = ports;
    const { step, job: id, attempt } = culprit ?? {};
    const job = step === undefined || id === undefined ? undefined : findJob(state, step, id)?.job;
    if (job?.attempt === attempt) this.#culprit = culprit;
  }

  /** As it is with every tick so far, stored or not. */
  get state(): RunState {
    return this.#state;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Nothing is waiting to be stored. */
  get isSettled(): boolean {
    return !this.#pending && !this.#isFlushing;
  }

  job(step: string, id: number): Job | undefined {
    return findJob(this.#state, step, id)?.job;
  }

  /** Resolves when all that the state is made of is stored, and rejects when it could not be. */
  get stored(): Promise<void> {
    if (this.#loss) return rejected(this.#loss.reason);
    const newest = this.#pending ?? this.#committing;
    return newest ? promiseOf(newest) : Promise.resolve();
  }

  /**
   * Resolves when the store has taken a commit of this loop, if only of nothing: its run is not
   * driven by another. Rejects when it could not, and then the loop is over.
   */
  confirm(): Promise<void> {
    if (this.#isStopped) return rejected(this.#stopReason);
    return promiseOf((this.#pending ??= this.#newBatch()));
  }

  /** The store has it as a run that does not rest: it is told if that is not so. */
  correctRest(): void {
    if (this.#rest) void this.confirm();
    this.#rest = null;
  }

  /** Resolves when the tick is stored, and rejects when it could not be, or comes too late. */
  submit(body: TickBody): Promise<void> {
    this.tell(body);
    return this.#isStopped ? rejected(this.#stopReason) : this.stored;
  }

  /** Like `submit`, for those who do not wait: no tick that comes too late has an effect. */
  tell(body: TickBody): void {
    if (this.#isStopped) return;
    // A clock that is set back must not make a later tick look earlier.
    const at = Math.max(this.#state.at, this.#ports.clock.now());
    const tick: Tick = { ...body, at };
    const { state, events, commands } = reduce(this.definition, this.#state, tick);
    const hasEffect = state !== this.#state || events.length > 0;
    if (!hasEffect) return;
    this.#state = state;
    // A new run is stored as one that goes on, also where the story before the fork had it rest.
    if (tick.kind === "run_forked") this.#rest = null;
    this.#ports.applied(tick);
    const batch = (this.#pending ??= this.#newBatch());
    batch.ticks.push(tick as unknown as Json); // Ticks are JSON: `tick.ts`.
    for (const event of events) batch.events.push(toNewEvent(this.definition, event, at));
    for (const command of commands) {
      batch.orders.push({ command, attempt: this.#attemptOf(command) });
    }
    batch.isProgress ||= this.#isProgress(tick);
    if (state.status !== "running") batch.outcome = toOutcome(state, batch.events, at);
  }

  /** Performs what was under way when the run was last stored. */
  resume(): void {
    for (const command of resume(this.#state)) this.#ports.perform(command);
  }

  /** Takes no more ticks. What is not on its way to the store by now has not happened. */
  stop(reason: unknown): void {
    this.#isStopped = true;
    this.#stopReason = reason;
    if (this.#pending) this.#lose(this.#pending, reason);
    this.#pending = null;
  }

  // ---

  /**
   * Whether a step has come to an end: the one that is waited for, if there is one. If there is
   * none, what an effect of a step has returned is as good: the step goes on from there.
   */
  #isProgress(tick: Tick): boolean {
    if (tick.kind === "effect_returned") return !this.#culprit;
    if (tick.kind !== "step_succeeded" && tick.kind !== "step_failed") return false;
    if (this.#culprit && this.#culprit.job !== tick.job) return false;
    this.#culprit = undefined;
    return true;
  }

  #newBatch(): Batch {
    // What is submitted in one go, such as a loop of sends, is one batch.
    if (!this.#isFlushing) queueMicrotask(this.#flush);
    return { ticks: [], events: [], orders: [], outcome: null, isProgress: false, done: null };
  }

  readonly #flush = async (): Promise<void> => {
    this.#isFlushing = true;
    try {
      while (this.#pending && !this.#isStopped) {
        const batch = this.#pending;
        this.#committing = batch;
        this.#pending = null;
        let commit: Commit;
        try {
          commit = this.#toCommit(batch);
          await this.#ports.commit(commit);
        } catch (error) {
          this.#fail(batch, error);
          return;
        } finally {
          this.#committing = null;
        }
        this.#ports.committed(commit);
        this.#goOn(batch);
      }
    } finally {
      this.#isFlushing = false;
    }
  };

  /** At this moment the state is exactly what the ticks of the batch have led to. */
  #toCommit({ ticks, events, outcome, isProgress }: Batch): Commit {
    const rest = restOf(this.#state);
    const isRestNew = rest?.wakeAt !== this.#rest?.wakeAt;
    this.#rest = rest;
    this.#ticksSinceSnapshot += ticks.length;
    const isSnapshotDue = this.#isSnapshotDue();
    if (isSnapshotDue) this.#ticksSinceSnapshot = 0;
    const commit: Writable<Commit> = { ticks, events };
    if (outcome) commit.outcome = outcome;
    else if (isRestNew) commit.rest = rest;
    if (isProgress) commit.isProgress = true;
    if (isSnapshotDue) commit.snapshot = toSnapshot(this.#state);
    return commit;
  }

  /** A state that is large is stored whole less often, or a run would mostly do that. */
  #isSnapshotDue(): boolean {
    if (this.#ticksSinceSnapshot < this.#snapshotTicks) return false;
    const count = this.#ticksSinceSnapshot;
    const least = sizeOf(this.#state) * snapshotTicksPerPart;
    const isDue = count >= least;
    // It may have become small by the time that it is looked at again.
    this.#snapshotTicks = isDue ? snapshotTicks : Math.min(least, count + snapshotTicks);
    return isDue;
  }

  #attemptOf(command: Command): number | null {
    if (command.kind !== "run_step") return null;
    return this.job(command.step, command.job)?.attempt ?? null;
  }

  #fail(batch: Batch, error: unknown): void {
    this.#lose(batch, error);
    this.stop(error);
    this.#ports.failed(error);
  }

  #lose(batch: Batch, reason: unknown): void {
    this.#loss = { reason };
    batch.done?.promise.catch(() => {}); // Whoever waits is told of it, but nobody has to wait.
    batch.done?.reject(reason);
  }

  /** What a batch has ordered is done when it is stored, and not before. */
  #goOn({ orders, outcome, done }: Batch): void {
    done?.resolve();
    if (this.#isStopped) return;
    for (const { command, attempt } of orders) {
      // The next attempt, if there is one by now, is for a later commit to order.
      if (attempt === this.#attemptOf(command)) this.#ports.perform(command);
    }
    if (outcome) {
      this.stop(runHasEnded);
      this.#ports.ended();
    }
  }
}

// ---

/** Whether the run may leave memory, and when it has to come back. */
function restOf(state: RunState): Rest | null {
  if (state.status !== "running" || state.startedAt === null || !isIdle(state)) return null;
  return { wakeAt: nextTimerAt(state) };
}

const runHasEnded = new Error("The run has ended.");

function promiseOf(batch: Batch): Promise<void> {
  batch.done ??= Promise.withResolvers<void>();
  return batch.done.promise;
}

function rejected(reason: unknown): Promise<void> {
  const promise = Promise.reject(reason);
  promise.catch(() => {}); // Nobody has to wait for it.
  return promise;
}
