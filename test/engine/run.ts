/**
 * A run that a test drives by hand, tick by tick. After every tick, whatever the test is about:
 * the invariants hold, the state is JSON, `resume` gives the orders that nobody has answered, a
 * replay of the ticks comes to the same state, and a late tick changes nothing.
 */
import { expect } from "bun:test";

import type { Failure } from "../../src/base/errors.ts";
import type { Command } from "../../src/engine/command.ts";
import { checkInvariants } from "../../src/engine/invariants.ts";
import { reduce, type Reduction } from "../../src/engine/reduce.ts";
import { replay } from "../../src/engine/replay.ts";
import { resume } from "../../src/engine/resume.ts";
import { findJob, initialState, type Job, type RunState } from "../../src/engine/state.ts";
import type { Tick, TickBody, TickOf, Timer } from "../../src/engine/tick.ts";
import { StartEvent } from "../../src/workflow/builtin.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import type { AnyEventType, Event } from "../../src/workflow/event.ts";
import { labelOf, newFailure, t0 } from "./fixtures.ts";
import { Outstanding, textsOf } from "./outstanding.ts";

export class Run {
  readonly definition: Definition;
  readonly ticks: Tick[] = [];
  /** What readers of the stream have seen, in words. */
  readonly stream: string[] = [];
  /** When the next tick happens. */
  at: number = t0;
  #state: RunState;
  #outstanding = new Outstanding();

  constructor(definition: Definition) {
    this.definition = definition;
    this.#state = initialState(definition);
  }

  get state(): RunState {
    return this.#state;
  }

  /** Without what the engine says of itself. */
  get words(): readonly string[] {
    return this.stream.filter((word) => !/ (preparing|running|not_running) /.test(word));
  }

  job(step: string, id: number): Job | undefined {
    return findJob(this.#state, step, id)?.job;
  }

  /** What the jobs of a step were given, by their places: the numbers in their events. */
  inputs(step: string): readonly (readonly unknown[])[] {
    const { running = [], queue = [] } = this.#state.steps[step] ?? {};
    return [...running, ...queue].map(({ events }) =>
      events.map(({ data }) => (data as { readonly n: unknown }).n),
    );
  }

  do(body: TickBody): Reduction {
    const tick: Tick = { ...body, at: this.at };
    const before = this.#state;
    const reduction = reduce(this.definition, before, tick);
    this.#state = reduction.state;
    this.ticks.push(tick);
    this.stream.push(...reduction.events.map(labelOf));
    this.#outstanding.after(tick, before, reduction);
    this.#checkLaws();
    return reduction;
  }

  start(event: Event = StartEvent(), overrides: Partial<TickOf<"run_started">> = {}): Reduction {
    const tick = { kind: "run_started", event, store: {}, isQueued: false, parent: null } as const;
    return this.do({ ...tick, ...overrides });
  }

  succeed(step: string, job: number, ...events: readonly Event[]): Reduction {
    return this.do({ kind: "step_succeeded", events, isFanOut: false, ...this.#of(step, job) });
  }

  fanOut(step: string, job: number, events: readonly Event[]): Reduction {
    return this.do({ kind: "step_succeeded", events, isFanOut: true, ...this.#of(step, job) });
  }

  /** `retryAt` null: its policy gave up. */
  fail(step: string, job: number, retryAt: number | null, failure?: Failure): Reduction {
    const body = { kind: "step_failed", failure: failure ?? newFailure(), retryAt } as const;
    return this.do({ ...body, ...this.#of(step, job) });
  }

  send(step: string, job: number, event: Event, target: string | null = null): Reduction {
    return this.do({ kind: "event_sent", event, target, ...this.#of(step, job) });
  }

  write(step: string, job: number, event: Event): Reduction {
    return this.do({ kind: "event_written", event, ...this.#of(step, job) });
  }

  receive(event: Event, target: string | null = null): Reduction {
    return this.do({ kind: "event_received", event, target });
  }

  collect(
    step: string,
    job: number,
    event: Event,
    expected: string,
    buffer = "default",
  ): Reduction {
    const body = { kind: "event_collected", event, buffer, expected: expected.split(" ") } as const;
    return this.do({ ...body, ...this.#of(step, job) });
  }

  wait(
    step: string,
    job: number,
    type: AnyEventType,
    overrides: Partial<TickOf<"wait_opened">> = {},
  ): Reduction {
    const body = { kind: "wait_opened", type: type.type, wait: type.type } as const;
    const rest = { where: null, prompt: null, deadlineAt: null };
    return this.do({ ...body, ...rest, ...this.#of(step, job), ...overrides });
  }

  fire(timer: Timer, at: number): Reduction {
    this.at = at;
    return this.do({ kind: "timer_fired", timer });
  }

  cancel(): Reduction {
    return this.do({ kind: "cancel_requested" });
  }

  // ---

  /** Which attempt it is about: the one that is under way. */
  #of(step: string, job: number): { step: string; job: number; attempt: number } {
    return { step, job, attempt: this.job(step, job)?.attempt ?? 1 };
  }

  #checkLaws(): void {
    const { definition, ticks } = this;
    checkInvariants(definition, this.#state);
    const stored = JSON.stringify(this.#state);
    expect(JSON.parse(stored)).toEqual(this.#state);
    expect(textsOf(resume(this.#state) as Command[])).toEqual([...this.#outstanding.commands]);
    const journal = JSON.parse(JSON.stringify(ticks)) as Tick[];
    expect(replay(definition, journal)).toEqual(this.#state);
    const late = ticks.findLast(
      (tick) => tick.kind === "step_succeeded" || tick.kind === "step_failed",
    );
    if (late) expect(reduce(definition, this.#state, late).state).toBe(this.#state);
  }
}
