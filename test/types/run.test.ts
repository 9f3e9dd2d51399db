/** What the compiler knows of a run: what goes in, and what comes out. */
import { expect, expectTypeOf, test } from "bun:test";
import * as v from "valibot";

import {
  defineEvent,
  type Event,
  type EventOf,
  StartEvent,
  StopEvent,
  Workflow,
} from "../../src/index.ts";
import type { RunHandle } from "../../src/index.ts";

const Order = StartEvent.extend("Order", { sku: v.string(), quantity: v.optional(v.number(), 1) });
const Shipped = StopEvent.extend("Shipped", { tracking: v.string() });
const Packed = defineEvent("Packed", { boxes: v.number() });

const order = new Workflow()
  .step("pack", { accepts: [Order], emits: [Packed] }, (ev) => Packed({ boxes: ev.data.quantity }))
  .step("ship", { accepts: [Packed], emits: [Shipped] }, ({ data }) =>
    Shipped({ tracking: `${data.boxes} boxes` }),
  );

const plain = new Workflow().step("s", { accepts: [StartEvent], emits: [StopEvent] }, (ev) =>
  StopEvent({ result: ev.data["n"] }),
);

test("a run takes the fields of its start event, and gives its stop event", async () => {
  const run = order.run({ sku: "tea", quantity: 2 });
  expectTypeOf(run).toEqualTypeOf<RunHandle<EventOf<typeof Shipped>>>();
  const shipped = await run;
  expectTypeOf(shipped.data.tracking).toEqualTypeOf<string>();
  expect(shipped).toEqual(Shipped({ tracking: "2 boxes" }));
  expect(await order.run(Order({ sku: "tea", quantity: 3 }))).toEqual(
    Shipped({ tracking: "3 boxes" }),
  );
  const calls = (): void => {
    order.run({ sku: "tea" });
    // @ts-expect-error: a required field is required.
    order.run({});
    // @ts-expect-error: also when nothing is given.
    order.run();
    // @ts-expect-error: a field has its type.
    order.run({ sku: 1 });
    // @ts-expect-error: an event of another type starts nothing.
    order.run(Packed({ boxes: 1 }));
    // @ts-expect-error: there is no such field.
    order.run({ sku: "tea", colour: "red" });
  };
  expect(calls).toBeFunction();
});

test("a run of the plain types takes anything or nothing, and gives the unknown", async () => {
  expectTypeOf(await plain.run()).toEqualTypeOf<unknown>();
  expectTypeOf(await plain.run({ n: 1 }).result()).toEqualTypeOf<unknown>();
  expect(await plain.run({ n: 1 })).toBe(1);
  expect(await plain.run(StartEvent({ n: 1 }))).toBe(1);
});

test("the stream of a run is of events", () => {
  expectTypeOf<RunHandle<unknown>>().toExtend<AsyncIterable<Event>>();
  expectTypeOf<RunHandle<number>>().toExtend<PromiseLike<number>>();
});

test("a workflow that is merged brings its types along", async () => {
  const packing = new Workflow().step("pack", { accepts: [Order], emits: [Packed] }, () =>
    Packed({ boxes: 1 }),
  );
  const shipping = new Workflow().step("ship", { accepts: [Packed], emits: [Shipped] }, () =>
    Shipped({ tracking: "1Z" }),
  );
  const whole = packing.merge(shipping);
  const run = whole.run({ sku: "tea" });
  expectTypeOf(await run).toEqualTypeOf<EventOf<typeof Shipped>>();
});

test("a step that catches may be what ends the run", async () => {
  const workflow = new Workflow()
    .step("s", { accepts: [Order], emits: [] }, () => {
      throw new Error("no");
    })
    .catchError("c", { emits: [Shipped] }, () => Shipped({ tracking: "none" }));
  expectTypeOf(await workflow.run({ sku: "a" })).toEqualTypeOf<EventOf<typeof Shipped>>();
});
