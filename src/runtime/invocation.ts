/**
 * One call of an author's step function, as seen from both sides: the function's context tells
 * through it what was done, the run delivers the answers that the function waits for, or ends it.
 */
import { must } from "../base/assert.ts";
import type { Clock } from "../base/clock.ts";
import { WorkflowError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Effect, effectPlaces, type Job, type Wait } from "../engine/state.ts";
import { isOpen } from "../engine/wait.ts";
import type { JobTickBody, Tick, TickBody } from "../engine/tick.ts";
import type { StepDefinition } from "../workflow/definition.ts";
import { type Event, reviveEvent } from "../workflow/event.ts";
import type { ChildPorts } from "./child-ports.ts";
import type { Loop } from "./loop.ts";
import type { Past } from "./past.ts";
import type { ResourcePool } from "./resources.ts";

/** What an invocation knows of its surroundings. */
export interface InvocationPorts {
  readonly loop: Loop;
  readonly clock: Clock;
  readonly log: Log;
  readonly runId: string;
  readonly handlerId: string;
  /** Resources that live as long as the run, or longer. */
  readonly resources: ResourcePool;
  readonly children: ChildPorts;
  /** The story of the run as it is stored. */
  readTicks(): Promise<readonly Tick[]>;
  /** Serialises the edits of the shared state of the run. */
  inTurn<T>(edit: () => Promise<T>): Promise<T>;
}

export class Invocation {
  readonly ports: InvocationPorts;
  readonly step: StepDefinition;
  /** The job as it was when the function started. */
  readonly job: Job;
  /** Of a function that was interrupted, and starts again. */
  past: Past | null = null;
  /** Resources that live as long as the function works. */
  pool: ResourcePool | null = null;
  /** Made when somebody asks for the signal: most step functions never look at it. */
  #controller: AbortController | undefined;
  #interruption: { readonly reason: unknown } | undefined;
  /** Made when somebody waits for it: a function that is not asynchronous is over before. */
  #over: PromiseWithResolvers<never> | undefined;
  #waits: Map<string, PromiseWithResolvers<Event>> | undefined;
  /** The waits of the job as they were at the last delivery. */
  #seen: readonly Wait[] = [];
  #isOver = false;
  #isLetGo = false;
  /** Of the step's timeout: what is left of it, and how to stop the timer while it runs. */
  #leftMs: number | null;
  #stopTimer: (() => void) | null = null;

  constructor(ports: InvocationPorts, job: Job) {
    this.ports = ports;
    this.job = job;
    this.step = must(ports.loop.definition.steps.get(job.step), "A job belongs to a step.");
    this.#leftMs = this.step.timeoutMs;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#interruption) this.#controller.abort(this.#interruption.reason);
    }
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether its run has left memory. */
  get isLetGo(): boolean {
    return this.#isLetGo;
  }

  /** The job as it is now. */
  get currentJob(): Job {
    return this.ports.loop.job(this.job.step, this.job.id) ?? this.job;
  }

  /** What `ctx.run` has returned for a key; undefined: it has not yet. */
  effectOf(key: string): Effect | undefined {
    const { effects } = this.currentJob;
    return effects[effectPlaces.find(effects, key)];
  }

  /** Tells what the function did. Throws when the function is over. */
  tell(body: JobTickBody): void {
    this.ports.loop.tell(this.#tickOf(body));
  }

  /** The same; resolves when it is stored. */
  submit(body: JobTickBody): Promise<void> {
    return this.ports.loop.submit(this.#tickOf(body));
  }

  /** Ends it; whatever the function still does is ignored. */
  end(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.pauseTimer();
    this.#interrupt(reason);
    for (const wait of this.#waits?.values() ?? []) wait.reject(reason);
    this.#waits = undefined;
  }

  /** Lets the time of the step run. It is interrupted when that is over. */
  startTimer(): void {
    if (this.#leftMs === null || this.#stopTimer || this.#isOver) return;
    const { clock } = this.ports;
    const since = clock.now();
    const stop = clock.at(since + this.#leftMs, () => this.#interrupt(stepTimedOut(this.step)));
    this.#stopTimer = () => {
      stop();
      this.#leftMs = Math.max(0, (this.#leftMs ?? 0) - (clock.now() - since));
      this.#stopTimer = null;
    };
  }

  /** While a wait of the function is open: that takes as long as whoever answers it likes. */
  pauseTimer(): void {
    this.#stopTimer?.();
  }

  /** Gives back what costs something, as the function only waits. It may go on all the same. */
  rest(): void {
    this.#isLetGo = true;
    void this.pool?.end();
  }

  /** Its run is in memory again. */
  comeBack(): void {
    this.#isLetGo = false;
  }

  /** Brings its run back. Throws when another call has taken over its job: the store knows. */
  async bringBack(): Promise<void> {
    await this.ports.loop.confirm();
    if (this.#isOver) throw this.#interruption?.reason;
  }

  /** What `work` comes to, unless the function is interrupted or ended before. */
  orOver<T>(work: T | Promise<T>): Promise<T> {
    if (!this.#over) {
      this.#over = Promise.withResolvers<never>();
      this.#over.promise.catch(() => {}); // It may come when nobody waits for anything.
      if (this.#interruption) this.#over.reject(this.#interruption.reason);
    }
    return Promise.race([work, this.#over.promise]);
  }

  /** The answer to a wait of this function; `deliver` settles it. */
  answerTo(wait: string): Promise<Event> {
    this.#waits ??= new Map();
    const answer = this.#waits.get(wait) ?? Promise.withResolvers<Event>();
    this.#waits.set(wait, answer);
    return answer.promise;
  }

  /** Hands over how a wait has ended, if it has, and the function asks for that. */
  settle({ id, type, answer, isTimedOut }: Wait): void {
    const wait = this.#waits?.get(id);
    if (!wait || (answer === null && !isTimedOut)) return;
    this.#waits?.delete(id);
    if (answer) wait.resolve(reviveEvent(answer));
    else wait.reject(waitTimedOut(this.step.name, type));
  }

  /** Hands over the answers that have come for the waits of this function. */
  deliver(): void {
    const { waits } = this.currentJob;
    const seen = this.#seen;
    this.#seen = waits;
    // There may be thousands, of which one has been answered.
    waits.forEach((wait, at) => {
      if (wait !== seen[at]) this.settle(wait);
    });
    if (!waits.some(isOpen)) this.startTimer();
  }

  // ---

  /** Raises the function's signal, and leaves it to the function, or its caller, to end. */
  #interrupt(reason: unknown): void {
    this.#interruption ??= { reason };
    this.#controller?.abort(reason);
    this.#over?.reject(reason);
  }

  #tickOf(body: JobTickBody): TickBody {
    if (this.#isOver) throw this.#interruption?.reason;
    const { step, id: job, attempt } = this.job;
    return { ...body, step, job, attempt };
  }
}

// ---

function stepTimedOut({ name, timeoutMs }: StepDefinition): DOMException {
  const seconds = (timeoutMs ?? 0) / 1000;
  return new DOMException(
    `Step \`${name}\` took longer than its timeout of ${seconds} s.`,
    "TimeoutError",
  );
}

function waitTimedOut(step: string, type: string): WorkflowError {
  return new WorkflowError(
    "wait_timed_out",
    `Step \`${step}\` waited for \`${type}\`, and none came in time.`,
  );
}
