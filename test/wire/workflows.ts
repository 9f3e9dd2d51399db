/**
 * The workflows that the recorded transcripts talk to, in our API. Names, fields, descriptions and
 * the order of everything follow the description of the transcripts.
 */
import * as v from "valibot";

import {
  type AnyEventType,
  type AnyWorkflow,
  defineEvent,
  defineResource,
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
  Workflow,
} from "../../src/index.ts";

const integer = v.pipe(v.number(), v.integer());

const StreamEvent = defineEvent("StreamEvent", { sequence: integer });

const greet = new Workflow({ name: "Greet", description: "Greets someone by name." }).step(
  "say_hello",
  {
    accepts: [StartEvent],
    emits: [StopEvent],
    description: "Stream three events, then greet.",
  },
  (event, context) => {
    for (const sequence of [0, 1, 2]) context.writeEventToStream(StreamEvent({ sequence }));
    return StopEvent({ result: `Hello, ${event.data["name"] ?? "World"}!` });
  },
);

const MathStart = StartEvent.extend(
  "MathStart",
  {
    a: v.pipe(integer, v.description("First operand")),
    b: v.pipe(v.optional(integer, 2), v.description("Second operand")),
  },
  { description: "Two integers to combine." },
);
const MathStop = StopEvent.extend(
  "MathStop",
  { sum: integer, product: integer },
  { description: "Sum and product." },
);

const math = new Workflow({ name: "Math", description: "Adds and multiplies." }).step(
  "compute",
  { accepts: [MathStart], emits: [MathStop] },
  ({ data: { a, b } }) => MathStop({ sum: a + b, product: a * b }),
);

const HitlStart = StartEvent.extend("HitlStart", { topic: v.string() });
const Ask = InputRequiredEvent.extend("Ask", { prompt: v.string() });
const Answer = HumanResponseEvent.extend("Answer", { answer: v.string() });

const hitl = new Workflow({ name: "Hitl", description: "Asks a human one question." })
  .step(
    "ask",
    { accepts: [HitlStart], emits: [Ask], description: "Put the question." },
    async ({ data: { topic } }, context) => {
      await context.store.set("topic", topic);
      return Ask({ prompt: `Tell me about ${topic}` });
    },
  )
  .step(
    "finish",
    { accepts: [Answer], emits: [StopEvent], description: "Combine topic and answer." },
    async ({ data: { answer } }, context) =>
      StopEvent({ result: `${await context.store.get("topic")}: ${answer}` }),
  );

const FanoutStart = StartEvent.extend("FanoutStart", { n: v.optional(integer, 4) });
const Work = defineEvent("Work", { i: integer });
const Done = defineEvent("Done", { i: integer, square: integer });

const fanout = new Workflow({
  name: "Fanout",
  description: "Squares n numbers, two at a time.",
  state: { n: v.optional(integer, 0) },
})
  .step("start", { accepts: [FanoutStart], emits: [Work] }, async ({ data: { n } }, context) => {
    await context.store.set("n", n);
    for (let i = 0; i < n; i++) context.sendEvent(Work({ i }));
  })
  .step("work", { accepts: [Work], emits: [Done], workers: 2 }, ({ data: { i } }) =>
    Done({ i, square: i * i }),
  )
  .step("join", { accepts: [Done], emits: [StopEvent] }, async (event, context) => {
    const n = await context.store.get("n");
    const all = context.collectEvents(
      event,
      Array.from({ length: n }, () => Done),
    );
    return all && StopEvent({ result: all.map(({ data }) => data.square).sort((a, b) => a - b) });
  });

class ValueError extends Error {
  override readonly name = "ValueError";
}

const fail = new Workflow({ name: "Fail" }).step(
  "explode",
  { accepts: [StartEvent], emits: [StopEvent] },
  () => {
    throw new ValueError("kaboom");
  },
);

const flaky = new Workflow({ name: "Flaky" }).step(
  "attempt",
  { accepts: [StartEvent], emits: [StopEvent], retry: { attempts: 3, delay: 0 } },
  (_event, { attempt }) => {
    if (attempt.number < 3) throw new ValueError(`attempt ${attempt.number} failed`);
    return StopEvent({ result: { attempts: attempt.number } });
  },
);

const sleeper = (name: string, timeout: number, seconds: number) =>
  new Workflow({ name, timeout }).step(
    "sleep",
    { accepts: [StartEvent], emits: [StopEvent] },
    async () => {
      await Bun.sleep(seconds * 1000);
      return StopEvent({ result: "awake" });
    },
  );

const ApprovalRequest = InputRequiredEvent.extend("ApprovalRequest", { what: v.string() });
const Approval = HumanResponseEvent.extend("Approval", { approved: v.boolean(), by: v.string() });

const wait = new Workflow({ name: "Wait", description: "Waits for Ada's approval." }).step(
  "approve",
  { accepts: [StartEvent], emits: [StopEvent] },
  async (_event, context) => {
    const { data } = await context.waitForEvent(Approval, {
      prompt: ApprovalRequest({ what: "launch" }),
      where: { by: "ada" },
    });
    return StopEvent({ result: { approved: data.approved } });
  },
);

const counter = new Workflow({ name: "Counter", state: { count: v.optional(integer, 0) } }).step(
  "increment",
  { accepts: [StartEvent], emits: [StopEvent] },
  async (_event, { store }) => {
    const count = await store.edit((state) => ++state.count);
    return StopEvent({ result: { count } });
  },
);

const rescue = new Workflow({ name: "Rescue" })
  .step("explode", { accepts: [StartEvent], emits: [StopEvent] }, () => {
    throw new ValueError("kaboom");
  })
  .catchError("recover", { emits: [StopEvent] }, ({ data: { failure } }) =>
    StopEvent({ result: `recovered: ${failure.message}` }),
  );

const LoopStart = StartEvent.extend("LoopStart", { n: v.optional(integer, 3) });
const Countdown = defineEvent("Countdown", { n: integer });

const loop = new Workflow({ name: "Loop" })
  .step("begin", { accepts: [LoopStart], emits: [Countdown] }, ({ data: { n } }) =>
    Countdown({ n }),
  )
  .step("tick", { accepts: [Countdown], emits: [Countdown, StopEvent] }, (event, context) => {
    context.writeEventToStream(event);
    const { n } = event.data;
    return n <= 0 ? StopEvent({ result: "liftoff" }) : Countdown({ n: n - 1 });
  });

const Base = defineEvent("Base", { x: integer }, { description: "The parent." });
const Child = Base.extend("Child", { y: v.string() }, { description: "The child." });

const family = new Workflow({ name: "Family", description: "Streams a parent and a child event." })
  .step("begin", { accepts: [StartEvent], emits: [Child] }, (_event, context) => {
    context.writeEventToStream(Base({ x: 1 }));
    context.writeEventToStream(Child({ x: 2, y: "two" }));
    return Child({ x: 3, y: "three" });
  })
  .step("finish", { accepts: [Child], emits: [StopEvent] }, (event, context) => {
    context.writeEventToStream(event);
    return StopEvent({ result: "ok" });
  });

const UnicodeStart = StartEvent.extend("UnicodeStart", { text: v.string() });
const Echo = defineEvent("Echo", { text: v.string() });

const unicode = new Workflow({ name: "Unicode" }).step(
  "echo",
  { accepts: [UnicodeStart], emits: [StopEvent] },
  ({ data: { text } }, context) => {
    context.writeEventToStream(Echo({ text }));
    return StopEvent({ result: text });
  },
);

const Chunk = defineEvent("Chunk", { i: integer, payload: v.string() });

const big = new Workflow({ name: "Big" }).step(
  "pour",
  { accepts: [StartEvent], emits: [StopEvent] },
  (_event, context) => {
    const payload = "x".repeat(200);
    for (let i = 0; i < 2000; i++) context.writeEventToStream(Chunk({ i, payload }));
    return StopEvent({ result: 2000 });
  },
);

const silent = new Workflow({ name: "Silent", timeout: 0.5 }).step(
  "drop",
  { accepts: [StartEvent], emits: [StopEvent] },
  () => {},
);

const opaque = new Workflow({ name: "Opaque" }).step(
  "make",
  { accepts: [StartEvent], emits: [StopEvent] },
  () => StopEvent({ result: () => "behaviour is no data" }),
);

const nested = new Workflow({ name: "Nested" }).step(
  "outer",
  { accepts: [StartEvent], emits: [StopEvent] },
  async (_event, context) => {
    context.writeEventToStream(StreamEvent({ sequence: 0 }));
    context.writeEventToStream(StopEvent({ result: "inner" }));
    await Bun.sleep(300);
    context.writeEventToStream(StreamEvent({ sequence: 1 }));
    return StopEvent({ result: "outer" });
  },
);

const NumberEvent = HumanResponseEvent.extend("Number", { n: integer });

const twice = new Workflow({ name: "Twice" }).step(
  "add",
  { accepts: [StartEvent], emits: [StopEvent] },
  async (_event, context) => {
    const ask = async (id: string): Promise<number> => {
      const prompt = ApprovalRequest({ what: id });
      return (await context.waitForEvent(NumberEvent, { id, prompt })).data.n;
    };
    const first = await ask("first");
    return StopEvent({ result: [first, await ask("second")] });
  },
);

const spin = new Workflow({
  name: "Spin",
  description: "Loops without pause; gives up by itself after four seconds.",
  timeout: 0.5,
  state: { until: v.optional(integer, 0) },
})
  .step("begin", { accepts: [StartEvent], emits: [Countdown] }, async (_event, { store }) => {
    await store.set("until", Date.now() + 4000);
    return Countdown({ n: 0 });
  })
  .step(
    "turn",
    { accepts: [Countdown], emits: [Countdown, StopEvent] },
    async ({ data: { n } }, { store }) =>
      Date.now() > (await store.get("until"))
        ? StopEvent({ result: "never timed out" })
        : Countdown({ n: n + 1 }),
  );

const longfan = new Workflow({
  name: "LongFan",
  description: "Two pieces of work of half a second, one after the other.",
})
  .step("start", { accepts: [StartEvent], emits: [Work] }, (_event, context) => {
    for (const i of [0, 1]) context.sendEvent(Work({ i }));
  })
  .step("work", { accepts: [Work], emits: [Done], workers: 1 }, async ({ data: { i } }) => {
    await Bun.sleep(500);
    return Done({ i, square: i * i });
  })
  .step("join", { accepts: [Done], emits: [StopEvent] }, (event, context) => {
    const all = context.collectEvents(event, [Done, Done]);
    return all && StopEvent({ result: all.map(({ data }) => data.square).sort((a, b) => a - b) });
  });

class Clock {
  readonly time = "noon";
}

function make_clock(): Clock {
  return new Clock();
}

const clock = defineResource("Clock", { description: "Build a clock." }, make_clock);

const resources = new Workflow({
  name: "Resources",
  description: "Uses one injected resource.",
}).step(
  "read",
  { accepts: [StartEvent], emits: [StopEvent], resources: { clock } },
  (_event, context) => StopEvent({ result: context.resources.clock.time }),
);

/** In the order of their registration, each with its additional events. */
export const workflows: readonly (readonly [
  name: string,
  workflow: AnyWorkflow,
  additionalEvents?: readonly AnyEventType[],
])[] = [
  ["greet", greet, [StreamEvent]],
  ["math", math],
  ["hitl", hitl],
  ["fanout", fanout],
  ["fail", fail],
  ["flaky", flaky],
  ["slow", sleeper("Slow", 120, 60)],
  ["limit", sleeper("Limit", 0.3, 5)],
  ["wait", wait, [Approval, ApprovalRequest]],
  ["counter", counter],
  ["rescue", rescue],
  ["loop", loop],
  ["family", family, [Base]],
  ["unicode", unicode, [Echo]],
  ["big", big, [Chunk]],
  ["silent", silent],
  ["opaque", opaque],
  ["nested", nested],
  ["twice", twice, [NumberEvent, ApprovalRequest]],
  ["spin", spin],
  ["longfan", longfan],
  ["resources", resources],
];
