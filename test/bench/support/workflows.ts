/** Workflows to measure. What their steps do costs nothing, so what is measured is the rest. */
import * as v from "valibot";

import {
  type AnyWorkflow,
  collect,
  defineEvent,
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
  Workflow,
} from "../../../src/index.ts";
import { preciseNow } from "./process.ts";

/** What the steps of this process have done so far. */
export const counters: { starts: number; lastStartAt: number } = { starts: 0, lastStartAt: 0 };

export const one: AnyWorkflow = new Workflow().step(
  "only",
  { accepts: [StartEvent], emits: [StopEvent] },
  () => StopEvent({ result: "done" }),
);

const Second = defineEvent("Second", { n: v.number() });
const Third = defineEvent("Third", { n: v.number() });

export const three: AnyWorkflow = new Workflow()
  .step("first", { accepts: [StartEvent], emits: [Second] }, () => Second({ n: 1 }))
  .step("second", { accepts: [Second], emits: [Third] }, (ev) => Third({ n: ev.data.n + 1 }))
  .step("third", { accepts: [Third], emits: [StopEvent] }, () => StopEvent({ result: "done" }));

const Hop = defineEvent("Hop", { left: v.number() });

/** As many steps as the start event says, one after another. */
export const hops: AnyWorkflow = new Workflow()
  .step(
    "start",
    { accepts: [StartEvent.extend("Hops", { steps: v.number() })], emits: [Hop] },
    (ev) => Hop({ left: ev.data.steps - 2 }),
  )
  .step("hop", { accepts: [Hop], emits: [Hop, StopEvent] }, (ev) =>
    ev.data.left > 0 ? Hop({ left: ev.data.left - 1 }) : StopEvent({ result: "done" }),
  );

const Work = defineEvent("Work", { i: v.number() });
const Done = defineEvent("Done", { i: v.number() });

/** A fan-out by `sendEvent`, and a step that collects what comes back. */
export function fanOutBySend(width: number): AnyWorkflow {
  const expected = Array.from({ length: width }, () => Done);
  return new Workflow()
    .step("start", { accepts: [StartEvent], emits: [Work] }, (_, ctx) => {
      for (let i = 0; i < width; i++) ctx.sendEvent(Work({ i }));
    })
    .step("work", { accepts: [Work], emits: [Done], workers: 16 }, (ev) => Done({ i: ev.data.i }))
    .step("gather", { accepts: [Done], emits: [StopEvent] }, (ev, ctx) => {
      const all = ctx.collectEvents(ev, expected);
      return all && StopEvent({ result: all.length });
    });
}

/** The same by a returned list and a join. */
export function fanOutByList(width: number): AnyWorkflow {
  return new Workflow()
    .step("start", { accepts: [StartEvent], emits: [Work] }, () =>
      Array.from({ length: width }, (_, i) => Work({ i })),
    )
    .step("work", { accepts: [Work], emits: [Done], workers: 16 }, (ev) => Done({ i: ev.data.i }))
    .step("gather", { accepts: [collect(Done)], emits: [StopEvent] }, (all) =>
      StopEvent({ result: all.length }),
    );
}

const Tick = defineEvent("Tick", { at: v.number(), text: v.string() });
const Go = HumanResponseEvent.extend("Go", {});
const Ticks = StartEvent.extend("Ticks", {
  perSecond: v.number(),
  count: v.number(),
  /** Whether it waits for `Go` before it begins. */
  waits: v.optional(v.boolean(), false),
});

/** Writes events at an even pace, each with the time at which it was written. */
const ticks = new Workflow().step(
  "tick",
  { accepts: [Ticks], emits: [StopEvent], waits: [Go] },
  async (ev, ctx) => {
    const { perSecond, count, waits } = ev.data;
    if (waits) await ctx.waitForEvent(Go);
    const startAt = preciseNow();
    for (let i = 0; i < count && !ctx.signal.aborted; i++) {
      const wait = startAt + (i * 1000) / perSecond - preciseNow();
      if (wait > 0) await Bun.sleep(wait);
      ctx.writeEventToStream(Tick({ at: preciseNow(), text: "token" }));
    }
    return StopEvent({ result: count });
  },
);

const Fill = StartEvent.extend("Fill", { count: v.number() });

/** Writes a long history, then waits for `Go`. */
const history = new Workflow().step(
  "fill",
  { accepts: [Fill], emits: [StopEvent], waits: [Go] },
  async (ev, ctx) => {
    for (let i = 0; i < ev.data.count; i++) {
      if (i % 1000 === 999) await Bun.sleep(0);
      ctx.writeEventToStream(Tick({ at: preciseNow(), text: "a line of some history" }));
    }
    counters.starts++;
    await ctx.waitForEvent(Go);
    return StopEvent({ result: "done" });
  },
);

const Question = InputRequiredEvent.extend("Question", { text: v.string() });

/** Waits for a human from its first step on. */
const human = new Workflow()
  .step("ask", { accepts: [StartEvent], emits: [Question] }, () => Question({ text: "Well?" }))
  .step("finish", { accepts: [Go], emits: [StopEvent] }, () => StopEvent({ result: "done" }));

/** Is busy until it is told to end, and counts how often it began. */
const hold = new Workflow().step(
  "hold",
  { accepts: [StartEvent], emits: [StopEvent] },
  async (_, ctx) => {
    counters.starts++;
    counters.lastStartAt = preciseNow();
    await new Promise<void>((resolve) => {
      ctx.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    return StopEvent({ result: "done" });
  },
);

/** By the names under which the servers of the benchmarks have them. */
export const workflows: readonly (readonly [name: string, workflow: AnyWorkflow])[] = [
  ["one", one],
  ["three", three],
  ["hops", hops],
  ["ticks", ticks],
  ["history", history],
  ["human", human],
  ["hold", hold],
];
