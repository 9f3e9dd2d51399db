/**
 * One call of an author's step function, from its start to the tick that tells how it ended. It may
 * stop in between to wait; the answer is then delivered to it, or to a new call after a restart.
 */
import { toFailure } from "../base/errors.ts";
import { FatalError, RetryError, WorkflowError } from "../base/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Job } from "../engine/state.ts";
import { elapsedSeconds } from "../engine/steps.ts";
import type { TickBody } from "../engine/tick.ts";
import type { StepDefinition } from "../workflow/definition.ts";
import { type Event, reviveEvent, typeOfEvent } from "../workflow/event.ts";
import { retryPolicy } from "../workflow/retry.ts";
import { chanceOf } from "./chance.ts";
import type { Loop } from "./loop.ts";
import { createStepContext } from "./step-context.ts";
import { must } from "../base/assert.ts";

/** What an invocation knows of its surroundings. */
export interface InvocationPorts {
  readonly loop: Loop;
  readonly clock: Clock;
  readonly log: Log;
  readonly runId: string;
  readonly handlerId: string;
  /** Serialises the edits of the shared state of the run. */
  readonly inTurn: <T>(edit: () => Promise<T>) => Promise<T>;
}

/** A tick of a job, before it is said which. */
export type JobTickBody = OmitOrigin<Extract<TickBody, { readonly attempt: number }>>;
type OmitOrigin<T> = T extends unknown ? Omit<T, "step" | "job" | "attempt"> : never;

export class Invocation {
  readonly step: StepDefinition;
  readonly #ports: InvocationPorts;
  readonly #job: Job;
  readonly #controller = new AbortController();
  readonly #waits = new Map<string, PromiseWithResolvers<Event>>();
  #isOver = false;

  constructor(ports: InvocationPorts, job: Job) {
    this.#ports = ports;
    this.#job = job;
    this.step = must(ports.loop.definition.steps.get(job.step), "A job belongs to a step.");
  }

  get ports(): InvocationPorts {
    return this.#ports;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The job as it was when the function started. */
  get job(): Job {
    return this.#job;
  }

  /** The job as it is now. */
  get currentJob(): Job {
    return this.#ports.loop.job(this.#job.step, this.#job.id) ?? this.#job;
  }

  /** Tells what the function did. Throws when the function is over. */
  submit(body: JobTickBody): Promise<void> {
    if (this.#isOver) throw this.signal.reason;
    const { step, id: job, attempt } = this.#job;
    return this.#ports.loop.submit({ ...body, step, job, attempt });
  }

  /** Calls the step function. Never rejects: how it ends becomes a tick. */
  async run(): Promise<void> {
    const stopTimer = this.#startTimer();
    try {
      const event = await this.#call();
      if (this.#isOver) return;
      void this.submit({ kind: "step_succeeded", event });
    } catch (thrown) {
      if (this.#isOver) return;
      const retryAt = this.#retryAt(thrown, this.#ports.clock.now());
      void this.submit({ kind: "step_failed", failure: toFailure(thrown), retryAt });
    } finally {
      stopTimer();
      this.abort(new WorkflowError("step_ended", `Step \`${this.step.name}\` has ended.`));
    }
  }

  /** Ends it from outside; whatever the function still does is ignored. */
  abort(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller.abort(reason);
    for (const wait of this.#waits.values()) wait.reject(reason);
    this.#waits.clear();
  }

  /** Forgets it where it waits: nothing is told to the function, which never goes on. */
  abandon(): void {
    this.#isOver = true;
    this.#waits.clear();
  }

  /** The answer to a wait of this invocation; `deliver` settles it. */
  answerTo(wait: string): Promise<Event> {
    const answer = this.#waits.get(wait) ?? Promise.withResolvers<Event>();
    this.#waits.set(wait, answer);
    return answer.promise;
  }

  /** Hands over the answers that have come for the waits of this invocation. */
  deliver(): void {
    for (const { id, type, answer, isTimedOut } of this.currentJob.waits) {
      const wait = this.#waits.get(id);
      if (!wait || (answer === null && !isTimedOut)) continue;
      this.#waits.delete(id);
      if (answer) wait.resolve(reviveEvent(answer));
      else wait.reject(waitTimedOut(this.step.name, type));
    }
  }

  // ---

  async #call(): Promise<Event | null> {
    const returned = this.step.run(reviveEvent(this.#job.event), createStepContext(this));
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(this.signal.reason);
    this.signal.addEventListener("abort", onAbort, { once: true });
    try {
      // A function that ignores its signal must not hold the run.
      return this.#checkReturned(await Promise.race([returned, aborted.promise]));
    } finally {
      this.signal.removeEventListener("abort", onAbort);
    }
  }

  #checkReturned(returned: unknown): Event | null {
    if (returned === undefined || returned === null) return null;
    const { type: name } = returned as { type?: unknown };
    const { emits } = this.step;
    const type = this.#ports.loop.definition.eventTypes.get(String(name));
    if (type && emits.includes(type.type)) {
      return typeOfEvent(returned) === type
        ? (returned as Event)
        : type.parse((returned as Event).data);
    }
    const declared = emits.length > 0 ? emits.map((emit) => `\`${emit}\``).join(" or ") : "nothing";
    const got = typeof name === "string" ? `event \`${name}\`` : `a ${typeof returned}`;
    throw new WorkflowError(
      "event_undeclared",
      `Expected step \`${this.step.name}\` to return ${declared}, as its \`emits\` says, got ${got}. Return one of these, or add it to \`emits\`.`,
    );
  }

  #startTimer(): () => void {
    const { timeoutMs, name } = this.step;
    if (timeoutMs === null) return () => {};
    const message = `Step \`${name}\` took longer than its timeout of ${timeoutMs / 1000} s.`;
    const { clock } = this.#ports;
    return clock.at(clock.now() + timeoutMs, () => {
      this.#controller.abort(new DOMException(message, "TimeoutError"));
    });
  }

  /** What the policy decides, to be recorded: when to try again, or null. */
  #retryAt(thrown: unknown, now: number): number | null {
    if (thrown instanceof FatalError) return null;
    const isRetryError = thrown instanceof RetryError;
    const policy = this.step.retry ?? (isRetryError ? retryPolicy({}) : null);
    const { attempt, id, firstAttemptAt } = this.#job;
    const wait = policy?.({
      failure: toFailure(thrown),
      attempt,
      elapsedSeconds: elapsedSeconds({ firstAttemptAt }, now),
      chance: chanceOf(`${this.#ports.runId}:${id}:${attempt}`),
    });
    if (wait === undefined || wait === null) return null;
    return now + (isRetryError ? thrown.after : wait) * 1000;
  }
}

function waitTimedOut(step: string, type: string): WorkflowError {
  return new WorkflowError(
    "wait_timed_out",
    `Step \`${step}\` waited for \`${type}\`, and none came in time.`,
  );
}
