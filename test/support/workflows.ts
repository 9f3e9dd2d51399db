/** Workflows that do what a test of the server needs: hold still, tick on command, fail loudly. */
import * as v from "valibot";

import {
  type AnyEventType,
  type AnyWorkflow,
  defineEvent,
  HumanResponseEvent,
  StartEvent,
  StopEvent,
  Workflow,
} from "../../src/index.ts";

const Tick = defineEvent("Tick", { index: v.number(), text: v.string() });
const Next = HumanResponseEvent.extend("Next", {});

/** Gives its start event back. */
const echo = new Workflow({}).step("echo", { accepts: [StartEvent], emits: [StopEvent] }, (event) =>
  StopEvent({ result: event.data }),
);

const Secret = "/srv/secret/place.db: SELECT * FROM keys";

/** Fails with a message that names a place. */
const broken = new Workflow({}).step("fail", { accepts: [StartEvent], emits: [StopEvent] }, () => {
  throw new Error(Secret);
});

/** Is at work until it is told to stop. */
const busy = new Workflow({}).step(
  "work",
  { accepts: [StartEvent], emits: [StopEvent] },
  async (_event, context) => {
    const ended = Promise.withResolvers<void>();
    context.signal.addEventListener("abort", () => ended.resolve());
    await ended.promise;
  },
);

/** Waits for `Next`, with nothing to do meanwhile. */
const waiting = new Workflow({}).step(
  "wait",
  { accepts: [StartEvent], emits: [StopEvent], waits: [Next] },
  async (_event, context) => {
    await context.waitForEvent(Next);
    return StopEvent({ result: "went on" });
  },
);

const TickerStart = StartEvent.extend("TickerStart", {
  rounds: v.optional(v.number(), 1),
  ticks: v.optional(v.number(), 10),
});

/** Ticks so often in each round, and waits for `Next` between two. */
const ticker = new Workflow({}).step(
  "tick",
  { accepts: [TickerStart], emits: [StopEvent], waits: [Next] },
  async ({ data: { rounds, ticks } }, context) => {
    for (let index = 0; index < rounds * ticks; index++) {
      if (index > 0 && index % ticks === 0) await context.waitForEvent(Next);
      // Text that would break a frame, were it not encoded.
      context.writeEventToStream(Tick({ index, text: `\n\nid: 0\rdata: \u2028${index}` }));
    }
    return StopEvent({ result: rounds * ticks });
  },
);

/** Sums what it is sent until it is sent zero. */
const Add = HumanResponseEvent.extend("Add", { n: v.number() });
const adder = new Workflow({ state: { sum: v.optional(v.number(), 0) } })
  .step("open", { accepts: [StartEvent], emits: [] }, () => {})
  .step(
    "add",
    { accepts: [Add], emits: [StopEvent], workers: 1 },
    async ({ data: { n } }, { store }) => {
      const sum = await store.edit((state) => (state.sum += n));
      return n === 0 ? StopEvent({ result: sum }) : undefined;
    },
  );

export const serverWorkflows: readonly (readonly [
  name: string,
  workflow: AnyWorkflow,
  additionalEvents?: readonly AnyEventType[],
])[] = [
  ["echo", echo],
  ["broken", broken],
  ["busy", busy],
  ["waiting", waiting],
  ["ticker", ticker, [Tick]],
  ["adder", adder],
];
