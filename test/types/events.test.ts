/** What the compiler knows of events. That these files compile is the test; little of them runs. */
import { expect, expectTypeOf, test } from "bun:test";
import * as v from "valibot";
import { z } from "zod";

import {
  type AnyEventType,
  defineEvent,
  type Event,
  type EventOf,
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StepFailedEvent,
  StopEvent,
} from "../../src/index.ts";

const Order = defineEvent("Order", {
  sku: v.string(),
  quantity: v.optional(v.number(), 1),
  note: v.optional(v.string()),
  tags: v.array(v.string()),
});

test("an event has its name and the data of its schema, read-only", () => {
  type OrderEvent = EventOf<typeof Order>;
  expectTypeOf<OrderEvent["type"]>().toEqualTypeOf<"Order">();
  expectTypeOf<OrderEvent["data"]["sku"]>().toEqualTypeOf<string>();
  expectTypeOf<OrderEvent["data"]["quantity"]>().toEqualTypeOf<number>();
  expectTypeOf<OrderEvent["data"]["note"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf(Order({ sku: "a", tags: [] })).toEqualTypeOf<OrderEvent>();
  expectTypeOf<OrderEvent>().toExtend<Event>();

  const refused = (event: OrderEvent): void => {
    // @ts-expect-error: an event is not changed.
    event.data.sku = "b";
    // @ts-expect-error: nor replaced in part.
    event.type = "Other";
  };
  expect(refused).toBeFunction();
});

test("making an event takes what its schema takes", () => {
  const calls = (): void => {
    Order({ sku: "a", tags: [] });
    Order({ sku: "a", tags: ["x"], quantity: 2, note: "n" });
    // @ts-expect-error: a required field is required.
    Order({ tags: [] });
    // @ts-expect-error: a field has its type.
    Order({ sku: 1, tags: [] });
    // @ts-expect-error: there is no such field.
    Order({ sku: "a", tags: [], colour: "red" });
    // @ts-expect-error: it needs data.
    Order();
  };
  expect(calls).toBeFunction();
});

test("an event without required fields needs no data", () => {
  const Ping = defineEvent("Ping");
  const Tick = defineEvent("Tick", { n: v.optional(v.number(), 0) });
  expectTypeOf(Ping()).toExtend<Event<"Ping">>();
  expectTypeOf(Tick().data.n).toEqualTypeOf<number>();
  expect([Ping().data, Tick().data]).toEqual([{}, { n: 0 }]);
});

test("the open types take any field, and give them as unknown", () => {
  const start = StartEvent({ name: "Ada", n: 1 });
  expectTypeOf(start.data["name"]).toEqualTypeOf<unknown>();
  expectTypeOf(StopEvent({ result: 1, more: 2 }).data.result).toEqualTypeOf<unknown>();
  expectTypeOf(InputRequiredEvent({ prompt: "?" }).type).toEqualTypeOf<"InputRequiredEvent">();
  expectTypeOf(HumanResponseEvent().type).toEqualTypeOf<"HumanResponseEvent">();
  expectTypeOf(StartEvent.family).toEqualTypeOf<"start">();
});

test("an extension has the fields of both, and the family of the first", () => {
  const Rush = Order.extend("Rush", { by: v.number(), note: v.string() });
  type RushEvent = EventOf<typeof Rush>;
  expectTypeOf<RushEvent["type"]>().toEqualTypeOf<"Rush">();
  expectTypeOf<RushEvent["data"]["sku"]>().toEqualTypeOf<string>();
  expectTypeOf<RushEvent["data"]["by"]>().toEqualTypeOf<number>();
  expectTypeOf<RushEvent["data"]["note"]>().toEqualTypeOf<string>();

  const Approve = InputRequiredEvent.extend("Approve", { question: v.string() });
  expectTypeOf(Approve.family).toEqualTypeOf<"input_required">();
  expectTypeOf<EventOf<typeof Approve>["data"]["question"]>().toEqualTypeOf<string>();
  const calls = (): void => {
    // @ts-expect-error: an extension of an open type says what it takes.
    Approve({});
    // @ts-expect-error: all of both is needed.
    Rush({ sku: "a", tags: [] });
  };
  expect(calls).toBeFunction();
});

test("an event may be described by another library", () => {
  const Signup = defineEvent(
    "Signup",
    z.object({ name: z.string(), age: z.number().default(18), at: z.string().optional() }),
  );
  type SignupEvent = EventOf<typeof Signup>;
  expectTypeOf<SignupEvent["type"]>().toEqualTypeOf<"Signup">();
  expectTypeOf<SignupEvent["data"]["name"]>().toEqualTypeOf<string>();
  expectTypeOf<SignupEvent["data"]["age"]>().toEqualTypeOf<number>();
  expectTypeOf<SignupEvent["data"]["at"]>().toEqualTypeOf<string | undefined>();
  expect(Signup({ name: "Ada" }).data.age).toBe(18);
  const calls = (): void => {
    // @ts-expect-error: what it takes is the library's input.
    Signup({ age: 3 });
  };
  expect(calls).toBeFunction();
});

test("looking tells what an event is", () => {
  const look = (value: unknown): string | undefined => {
    if (!Order.is(value)) return undefined;
    expectTypeOf(value).toExtend<EventOf<typeof Order>>();
    return value.data.sku;
  };
  expect([look(Order({ sku: "a", tags: [] })), look(1)]).toEqual(["a", undefined]);
  expectTypeOf<ReturnType<typeof Order.parse>>().toEqualTypeOf<EventOf<typeof Order>>();
});

test("every event type is one of any", () => {
  expectTypeOf(Order).toExtend<AnyEventType>();
  expectTypeOf(StartEvent).toExtend<AnyEventType>();
  expectTypeOf(StepFailedEvent).toExtend<AnyEventType>();
  expectTypeOf<
    EventOf<typeof StepFailedEvent>["data"]["failure"]["message"]
  >().toEqualTypeOf<string>();
});
