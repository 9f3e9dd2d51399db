/**
 * Small scope, whole: every sequence of so many ticks that a small workflow can be told, also those
 * that no runtime would ever tell, and the laws of the engine after each tick. What a tick leaves as
 * it was is not followed further: the same sequence without it is followed anyway.
 */
import { expect, setDefaultTimeout, test } from "bun:test";

import type { TickBody } from "../../src/engine/tick.ts";
import { HumanResponseEvent, StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import { defineEvent } from "../../src/workflow/event.ts";
import { collect, each } from "../../src/workflow/join.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import * as laws from "./laws.ts";
import type { Story, Tale } from "./story.ts";
import { engineBook, newTale, playTick } from "./walk.ts";

const Work = defineEvent("Work");
const Done = defineEvent("Done");
const Other = defineEvent("Other");
const Answer = HumanResponseEvent.extend("Answer", {});

/** All that can be told of one job. */
function ofJob(step: string, job: number): readonly TickBody[] {
  const of = { step, job, attempt: 1 };
  const failure = { name: "Error", message: "It failed." };
  return [
    { kind: "step_succeeded", events: [], isFanOut: false, ...of },
    { kind: "step_failed", failure, retryAt: 20, ...of },
    { kind: "step_failed", failure, retryAt: null, ...of },
    { kind: "timer_fired", timer: { kind: "retry", step, job } },
  ];
}

const started: TickBody = {
  kind: "run_started",
  event: StartEvent(),
  store: {},
  isQueued: false,
  parent: null,
};

/** Some seconds, when nothing else runs. */
setDefaultTimeout(600_000);

test("two steps that wait, fail and are tried again", () => {
  const definition = new Workflow({ timeout: 0.1 })
    .step("a", { accepts: [StartEvent], emits: [Work], waits: [Answer], workers: 1 }, () => {})
    .step("b", { accepts: [Work], emits: [StopEvent], workers: 1 }, () => {})
    .catchError("c", { steps: ["b"], emits: [Work] }, () => {})
    .define("waiting");
  const a = { step: "a", job: 1, attempt: 1 } as const;
  const wait = { kind: "wait_opened", type: "Answer", where: null, prompt: null } as const;
  const ticks: readonly TickBody[] = [
    ...ofJob("a", 1),
    ...ofJob("b", 2),
    { kind: "event_received", event: Answer(), target: null },
    { kind: "event_received", event: Work(), target: "b" },
    { ...wait, wait: "one", deadlineAt: 30, ...a },
    { ...wait, wait: "two", deadlineAt: null, ...a },
    { kind: "timer_fired", timer: { kind: "wait", step: "a", job: 1, wait: "one" } },
    { kind: "timer_fired", timer: { kind: "deadline" } },
    { kind: "effect_returned", key: "k", value: 1, ...a },
    { kind: "event_sent", event: Work(), target: null, ...a },
    { kind: "step_succeeded", events: [Work()], isFanOut: false, ...a },
    { kind: "step_succeeded", events: [StopEvent()], isFanOut: false, ...a, step: "b", job: 2 },
    { kind: "cancel_requested" },
  ];
  const { breach, states } = explore(definition, ticks, 5);
  expect(breach).toBeUndefined();
  expect(states).toBeGreaterThan(30_000);
});

test("a list, of none to two, and the steps that bring it together again", () => {
  const definition = new Workflow()
    .step("split", { accepts: [StartEvent, Other], emits: [Work, Done], workers: 1 }, () => {})
    .step("work", { accepts: [Work], emits: [Done, Other], workers: 1 }, () => {})
    .step("all", { accepts: [collect(Done)], emits: [StopEvent] }, () => {})
    .step("pair", { accepts: [each(Answer, Done)], emits: [StopEvent] }, () => {})
    .define("joining");
  const split = { step: "split", job: 1, attempt: 1 } as const;
  const work = { step: "work", job: 2, attempt: 1 } as const;
  const collected = { kind: "event_collected", buffer: "toString" } as const;
  const list = { kind: "step_succeeded", isFanOut: true, ...split } as const;
  const ticks: readonly TickBody[] = [
    ...ofJob("work", 2),
    ...ofJob("work", 3),
    { ...list, events: [] },
    { ...list, events: [Work(), Work()] },
    { ...list, events: [Work(), Done()] },
    { kind: "step_succeeded", events: [Done()], isFanOut: false, ...work },
    { kind: "step_succeeded", events: [Done(), Other()], isFanOut: true, ...work, job: 3 },
    { kind: "event_sent", event: Work(), target: null, ...split },
    { kind: "event_received", event: Answer(), target: null },
    { ...collected, event: Work(), expected: ["Work", "Work"], ...work },
    { ...collected, event: Work(), expected: ["Work", "Work"], ...work, job: 3 },
    {
      kind: "step_succeeded",
      events: [StopEvent()],
      isFanOut: false,
      ...split,
      step: "all",
      job: 4,
    },
  ];
  const { breach, states } = explore(definition, ticks, 6);
  expect(breach).toBeUndefined();
  expect(states).toBeGreaterThan(10_000);
});

// ---

interface Exploration {
  readonly states: number;
  readonly breach: string | undefined;
}

function explore(definition: Definition, ticks: readonly TickBody[], depth: number): Exploration {
  let states = 0;
  const visit = (tale: Tale, at: number): string | undefined =>
    laws.first(at > depth ? [] : ticks, (body) => {
      const scene = playTick(tale, { ...body, at: at * 10 });
      if (scene.after === scene.before && scene.events.length === 0) return undefined;
      states++;
      const next = { ...tale, scenes: [...tale.scenes, scene], state: scene.after };
      const story = { runs: new Map([["r", next]]), scenes: [scene], sights: [] };
      const reason = laws.first(engineBook, ([, law]) => law(story as unknown as Story)); // All they read.
      return reason ? `${pathOf(next)}: ${reason}` : visit(next, at + 1);
    });
  const breach = laws.first([{ ...started }, { ...started, isQueued: true }], (first) => {
    const tale = newTale(definition);
    const scene = playTick(tale, { ...first, at: 0 });
    return visit({ ...tale, scenes: [scene], state: scene.after }, 1);
  });
  return { states, breach };
}

function pathOf({ scenes }: Tale): string {
  return scenes.map(({ tick }) => JSON.stringify(tick)).join("\n  ");
}
