/**
 * A run in memory: its loop, and what performs the loop's commands. It can be let go at any time
 * that it is idle; the store has all of it.
 */
import { unreachable } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import type { Command } from "../engine/command.ts";
import { resume } from "../engine/resume.ts";
import { isAtWork, isIdle, type RunState } from "../engine/state.ts";
import type { Tick, TickBody } from "../engine/tick.ts";
import { isAsking, isWaitedFor, waitsAtWork } from "../engine/wait.ts";
import type { Commit, Culprit, RunSummary } from "../store/store.ts";
import type { Definition } from "../workflow/definition.ts";
import { Loop, type LoopPorts } from "./loop.ts";
import { StepCalls, type StepCallsPorts } from "./step-calls.ts";
import { Timers } from "./timers.ts";
import { describeTick } from "./verbose.ts";

/** What is the same for all runs. */
export interface Surroundings extends StepCallsPorts {
  /** Milliseconds of idleness after which `idled` is called; null: never. */
  readonly idleMs: number | null;
  /** The step that has ended the process before, if one has. */
  culprit(): Culprit | undefined;
}

export interface LiveRunPorts extends Surroundings {
  /** Told when a commit is stored. */
  committed(run: LiveRun): void;
  /** It has begun to want something from outside, or wants nothing any more. */
  asked(run: RunSummary, isAsking: boolean): void;
  ended(run: RunSummary): void;
  failed(run: LiveRun, error: unknown): void;
  idled(run: LiveRun): void;
}

export type CommitRun = (commit: Commit) => Promise<void>;

export class LiveRun implements LoopPorts {
  readonly loop: Loop;
  readonly #ports: LiveRunPorts;
  #timers: Timers | undefined;
  readonly #calls: StepCalls;
  #summary: RunSummary;
  readonly #commit: CommitRun;
  #isAsking: boolean;
  /** With the commit that is on its way. */
  #isAskingNext: boolean;
  /** Made for who asks for it: only a run that was held back is watched so. */
  #progress: PromiseWithResolvers<void> | undefined;
  #hasProgressed: boolean;
  #stopIdleTimer: (() => void) | undefined;
  #isReleased = false;

  constructor(
    ports: LiveRunPorts,
    definition: Definition,
    summary: RunSummary,
    state: RunState,
    commit: CommitRun,
  ) {
    this.#ports = ports;
    this.#summary = summary;
    this.#commit = commit;
    this.#isAsking = isAsking(state);
    this.#isAskingNext = this.#isAsking;
    this.#hasProgressed = !isAtWork(state);
    this.loop = new Loop(definition, state, this);
    this.#calls = new StepCalls(this.loop, summary, ports);
  }

  get clock(): Clock {
    return this.#ports.clock;
  }

  get culprit(): Culprit | undefined {
    const culprit = this.#ports.culprit();
    return culprit?.runId === this.#summary.runId ? culprit : undefined;
  }

  get summary(): RunSummary {
    return this.#summary;
  }

  /** Whether it wants something from outside, as of its last commit. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /**
   * Resolves when a step or an effect has ended in it, it has come to rest, or none was at work to
   * begin with.
   */
  get progress(): Promise<void> {
    this.#progress ??= Promise.withResolvers<void>();
    if (this.#hasProgressed) this.#progress.resolve();
    return this.#progress.promise;
  }

  /** Goes on with what was under way when the run was last stored. */
  resume(): void {
    this.loop.resume();
    this.#watchIdleness();
  }

  /** Ends all that it does. What is under way is told why, and has ended when this resolves. */
  stop(reason: unknown): Promise<void> {
    this.loop.stop(reason);
    this.#stopTimers();
    return this.#calls.end(reason);
  }

  /**
   * Lets go of an idle run. False: it is not idle, and stays.
   *
   * Nothing of it holds it in memory from here on but what its functions have under way beside
   * their waits. A function that acts brings the run back, unless it was taken up anew meanwhile.
   */
  release(): boolean {
    if (!isIdle(this.loop.state) || !this.loop.isSettled) return false;
    this.#isReleased = true;
    this.#stopTimers();
    this.#calls.rest();
    return true;
  }

  /** Stores a commit of this run: all ticks so far are in it, or stored. */
  commit(commit: Commit): Promise<void> {
    this.#isAskingNext = isAsking(this.loop.state);
    return this.#commit(commit);
  }

  /** Told by its loop. */
  committed(commit: Commit): void {
    this.#ports.committed(this);
    if (this.#isReleased && !this.loop.isStopped) this.#comeBack();
    if (commit.isProgress || commit.rest || commit.outcome) {
      this.#hasProgressed = true;
      this.#progress?.resolve();
    }
    if (commit.outcome) {
      const { status, result, error, completedAt } = commit.outcome;
      const ended = { status, result, error, completedAt, updatedAt: completedAt };
      this.#summary = { ...this.#summary, ...ended };
    }
    this.#tellAsking();
    this.#watchIdleness();
  }

  applied(tick: Tick): void {
    if (!this.loop.definition.isVerbose) return;
    this.#ports.log("info", describeTick(tick), { run: this.#summary.runId });
  }

  perform(command: Command): void {
    switch (command.kind) {
      case "run_step":
        return this.#calls.run(command.step, command.job);
      case "set_timer":
        this.#timers ??= this.#newTimers();
        return this.#timers.set(command.timer, command.at);
      case "finish_run":
        return this.#finish();
      default:
        return unreachable(command);
    }
  }

  failed(error: unknown): void {
    this.#ports.failed(this, error);
  }

  ended(): void {
    this.#ports.ended(this.#summary);
  }

  // ---

  #newTimers(): Timers {
    return new Timers(this.clock, (timer) => this.loop.tell({ kind: "timer_fired", timer }));
  }

  /** One of its functions had more under way than a wait. */
  #comeBack(): void {
    this.#isReleased = false;
    this.#calls.comeBack(this.#ports.resources);
    for (const command of resume(this.loop.state)) {
      if (command.kind === "set_timer") this.perform(command);
    }
  }

  #tellAsking(): void {
    if (this.#isAskingNext === this.#isAsking) return;
    this.#isAsking = this.#isAskingNext;
    const { at: updatedAt } = this.loop.state;
    this.#ports.asked({ ...this.#summary, updatedAt }, this.#isAsking);
  }

  #finish(): void {
    // Children end with their parent, however it has ended.
    for (const { runId } of this.loop.state.children) {
      void this.#ports.children.cancel(runId);
    }
    this.#stopTimers();
    void this.#calls.end(runHasEnded);
  }

  #stopTimers(): void {
    this.#timers?.clear();
    this.#stopIdleTimer?.();
  }

  #watchIdleness(): void {
    const { idleMs } = this.#ports;
    this.#stopIdleTimer?.();
    const { state, isStopped } = this.loop;
    if (idleMs === null || isStopped || state.status !== "running") return;
    const waits = isWaitedFor(state) ? waitsAtWork(state) : [];
    if (isIdle(state) || waits.length > 0) this.#idleLater(idleMs, state, waits);
  }

  #idleLater(idleMs: number, state: RunState, waits: readonly TickBody[]): void {
    const { clock } = this.#ports;
    this.#stopIdleTimer = clock.at(clock.now() + idleMs, () => {
      if (isIdle(state)) return this.#ports.idled(this);
      // A function that waits for several events at a time has got some, and holds its slot until
      // it has all. To open the other waits again gives up the slot: then the run can be let go.
      for (const wait of waits) this.loop.tell(wait);
    });
  }
}

// ---

/** One for all runs: it says nothing of a single one, and a stack is slow to take. */
const runHasEnded = new DOMException("The run has ended.", "AbortError");
