/**
 * Runs that chance has made: whatever happens in whatever order, the laws of `run.ts` hold after
 * every tick, and once no more is asked of a run it comes to its end.
 */
import { beforeAll, describe, expect, test } from "bun:test";

import { reduce } from "../../src/engine/reduce.ts";
import { resume } from "../../src/engine/resume.ts";
import { initialState, isIdle, type Job } from "../../src/engine/state.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import type { Event } from "../../src/workflow/event.ts";
import { collect, each } from "../../src/workflow/join.ts";
import { createChance } from "../base/fixtures.ts";
import { A, Answer, Ask, B, C, define } from "./fixtures.ts";
import { Run } from "./run.ts";

const plain = define(
  {
    s: { accepts: [StartEvent], emits: [A, B, StopEvent], waits: [Answer], prompts: [Ask] },
    t: { accepts: [A], emits: [B, Ask, StopEvent], workers: 2, waits: [Answer, C] },
    u: { accepts: [A, B], emits: [C, StopEvent], workers: 1 },
  },
  { timeout: 60 },
  (workflow) =>
    workflow.catchError("c", { emits: [A, StopEvent], steps: ["t"], recoveries: 2 }, () => {}),
);

const joined = define(
  {
    split: { accepts: [StartEvent], emits: [A, StopEvent] },
    work: { accepts: [A], emits: [B, C], workers: 2, waits: [Answer] },
    some: { accepts: [collect(B, { take: 2 })], emits: [A] },
    all: { accepts: [collect([B, C])], emits: [StopEvent] },
    pair: { accepts: [each(B, C)], emits: [A], workers: 1 },
  },
  {},
  (workflow) => workflow.catchError("c", { emits: [B], steps: ["work"] }, () => {}),
);

const types = { A, B, C, Ask, Answer };

class Driver {
  readonly run: Run;
  readonly #chance: () => number;

  constructor(definition: Definition, seed: number) {
    this.run = new Run(definition);
    this.#chance = createChance(seed);
    this.run.start(StartEvent(), { isQueued: this.#chance() < 0.1 });
  }

  /** Something happens that may happen now, or an old tick comes once more. */
  step(): void {
    const { run } = this;
    run.at += Math.floor(this.#chance() * 20);
    const job = this.#one(this.#started());
    const happenings: readonly (() => unknown)[] = [
      () => run.do({ kind: "run_admitted" }),
      () => run.receive(this.#event(["A", "B", "C", "Answer"]), this.#target()),
      () => this.#fire(),
      // A run starts once: the loop that starts it is new.
      () => run.do({ ...(this.#one(run.ticks.slice(1)) ?? { kind: "run_admitted" }) }),
      ...(job ? Array.from({ length: 3 }, () => () => this.#work(job)) : []),
      ...(this.#chance() < 0.02 ? [() => run.cancel()] : []),
    ];
    this.#one(happenings)?.();
  }

  /** Only what is due happens, and every function ends with nothing. */
  drain(): void {
    for (let i = 0; i < 1_000 && this.run.state.status === "running"; i++) {
      const [command] = resume(this.run.state);
      if (this.run.state.queued) this.run.do({ kind: "run_admitted" });
      else if (command?.kind === "run_step") this.run.succeed(command.step, command.job);
      else if (command?.kind === "set_timer") this.run.fire(command.timer, command.at);
      else return;
      if (command?.kind === "set_timer" && command.timer.kind === "deadline") return;
    }
  }

  // ---

  #work(job: Job): unknown {
    const { run } = this;
    const { step, id } = job;
    const emits = run.definition.steps.get(step)?.emits ?? [];
    const names = emits.filter((name) => name !== "StopEvent" || this.#chance() < 0.1);
    const events = names.length > 0 ? Array.from({ length: 2 }, () => this.#event(names)) : [];
    const of = { step, job: id, attempt: job.attempt };
    const value = Math.floor(this.#chance() * 9);
    const deadlineAt = this.#chance() < 0.5 ? run.at + 50 : null;
    const where = this.#chance() < 0.3 ? { n: value } : null;
    const acts: readonly (() => unknown)[] = [
      () => run.succeed(step, id, ...events.slice(0, 1)),
      () => run.fanOut(step, id, this.#chance() < 0.2 ? [] : events),
      () => run.fail(step, id, this.#one([run.at, run.at + 30, null, run.at + 5])!),
      () => run.send(step, id, this.#event(["A", "B", "C"]), this.#target()),
      () => run.write(step, id, this.#event(["A", "Ask"])),
      () => run.collect(step, id, job.events[0] ?? A(), "A B"),
      () => run.wait(step, id, Answer, { wait: `w${value % 2}`, deadlineAt, where, prompt: Ask() }),
      () => run.do({ kind: "effect_returned", key: `k${value % 3}`, value, ...of }),
      () => run.do({ kind: "state_changed", changes: [{ path: ["n"], value }], ...of }),
    ];
    return this.#one(acts)?.();
  }

  #fire(): void {
    const timers = resume(this.run.state).filter((command) => command.kind === "set_timer");
    const command = this.#one(timers);
    const early = this.#chance() < 0.2 ? 1 : 0;
    if (command && command.at < this.run.at + 100)
      this.run.fire(command.timer, Math.max(command.at - early, this.run.at));
  }

  #started(): readonly Job[] {
    return Object.values(this.run.state.steps)
      .flatMap(({ running, waiting, queue }) => [...running, ...waiting, ...queue])
      .filter((job) => job.isStarted);
  }

  #event(names: readonly string[]): Event {
    const name = this.#one(names) as keyof typeof types | "StopEvent";
    if (name === "StopEvent") return StopEvent({ result: "end" });
    return types[name]({ n: Math.floor(this.#chance() * 9) });
  }

  #target(): string | null {
    return this.#chance() < 0.2 ? this.#one([...this.run.definition.steps.keys()])! : null;
  }

  #one<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#chance() * list.length)];
  }
}

const kinds = [
  ["waits, retries and caught failures", plain],
  ["fan-outs and joins", joined],
] as const;

describe.each(kinds)("runs with %s", (_what, definition) => {
  const drivers: Driver[] = [];

  beforeAll(() => {
    for (let seed = 0; seed < 80; seed++) {
      const driver = new Driver(definition, seed);
      for (let i = 0; i < 50; i++) driver.step();
      drivers.push(driver);
    }
  });

  test("keep the laws after every tick", () => {
    expect([drivers.length, drivers.filter(({ run }) => run.ticks.length < 10)]).toEqual([80, []]);
  });

  test("end in all the ways that there are", () => {
    const words = new Set(drivers.flatMap(({ run }) => run.words));
    const endings = ["StopEvent!", "WorkflowCancelledEvent!", "WorkflowFailedEvent!"];
    expect(endings.filter((ending) => !words.has(ending))).toEqual([]);
  });

  test("come to rest once nothing more is asked of them", () => {
    for (const driver of drivers) {
      driver.drain();
      const { state } = driver.run;
      expect([state.status === "running" && !isIdle(state), state.queued]).toEqual([false, null]);
    }
  });

  test("have one terminal event at most, and it is their last", () => {
    for (const { run } of drivers) {
      const index = run.stream.findIndex((word) => word.endsWith("!"));
      expect([index, run.stream.length - 1]).toContain(index < 0 ? -1 : run.stream.length - 1);
    }
  });
});

test("what is to be done after a tick was ordered by that tick, or by one before it", () => {
  for (let seed = 0; seed < 40; seed++) {
    const driver = new Driver(plain, seed);
    for (let i = 0; i < 30; i++) driver.step();
    const ordered = new Set<string>();
    let state = initialState(plain);
    for (const tick of driver.run.ticks) {
      const reduction = reduce(plain, state, tick);
      state = reduction.state;
      for (const command of reduction.commands) ordered.add(JSON.stringify(command));
      const unordered = resume(state).filter((command) => !ordered.has(JSON.stringify(command)));
      expect(unordered).toEqual([]);
    }
  }
});
