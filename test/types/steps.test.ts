/** What the compiler knows inside a step: its event, what it may return, and its context. */
import { describe, expect, expectTypeOf, test } from "bun:test";
import * as v from "valibot";

import {
  collect,
  defineEvent,
  defineResource,
  each,
  type EventOf,
  HumanResponseEvent,
  InputRequiredEvent,
  type Json,
  StartEvent,
  StopEvent,
  Workflow,
} from "../../src/index.ts";

const Begin = StartEvent.extend("Begin", { topic: v.string() });
const Left = defineEvent("Left", { l: v.number() });
const Right = defineEvent("Right", { r: v.string() });
const Ask = InputRequiredEvent.extend("Ask", { question: v.string() });
const Answer = HumanResponseEvent.extend("Answer", { ok: v.boolean(), by: v.optional(v.string()) });

describe("the event of a step", () => {
  test("is of the type that it accepts", () => {
    const workflow = new Workflow().step("s", { accepts: [Begin], emits: [StopEvent] }, (ev) => {
      expectTypeOf(ev).toEqualTypeOf<EventOf<typeof Begin>>();
      expectTypeOf(ev.data.topic).toEqualTypeOf<string>();
    });
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("of several types is told apart by its name", () => {
    const workflow = new Workflow().step(
      "s",
      { accepts: [Left, Right], emits: [StopEvent] },
      (ev) => {
        if (ev.type === "Left") expectTypeOf(ev.data.l).toEqualTypeOf<number>();
        else expectTypeOf(ev.data).toExtend<{ readonly r: string }>();
        // @ts-expect-error: nobody knows yet which of them it is.
        return StopEvent({ result: ev.data.l });
      },
    );
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("of a collection is a list", () => {
    const workflow = new Workflow()
      .step("one", { accepts: [collect(Left)], emits: [StopEvent] }, (all) => {
        expectTypeOf(all).toEqualTypeOf<readonly EventOf<typeof Left>[]>();
      })
      .step(
        "two",
        { accepts: [collect([Left, Right], { take: 2 })], emits: [StopEvent] },
        (all) => {
          expectTypeOf(all).toEqualTypeOf<
            readonly (EventOf<typeof Left> | EventOf<typeof Right>)[]
          >();
        },
      );
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("of one of each is a list of exactly these", () => {
    const workflow = new Workflow().step(
      "s",
      { accepts: [each(Left, Right)], emits: [StopEvent] },
      ([left, right]) => {
        expectTypeOf(left).toEqualTypeOf<EventOf<typeof Left>>();
        expectTypeOf(right.data.r).toEqualTypeOf<string>();
      },
    );
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("of a step that catches is the failure", () => {
    const workflow = new Workflow().catchError("c", { emits: [StopEvent] }, ({ data }) => {
      expectTypeOf(data.stepName).toEqualTypeOf<string>();
      expectTypeOf(data.attempts).toEqualTypeOf<number>();
      return StopEvent();
    });
    expect(workflow).toBeInstanceOf(Workflow);
  });
});

describe("what a step returns", () => {
  test("is an event that it emits, a list of them, nothing, or a promise of these", () => {
    const options = { accepts: [Begin], emits: [Left, StopEvent] } as const;
    const workflow = new Workflow()
      .step("a", options, () => Left({ l: 1 }))
      .step("b", options, () => [Left({ l: 1 }), Left({ l: 2 })])
      .step("c", options, () => {})
      .step("d", options, async () => StopEvent())
      .step("e", options, async (ev) => (ev.data.topic === "" ? undefined : [Left({ l: 1 })]))
      .step("f", options, (ev) => (ev.data.topic === "" ? Left({ l: 1 }) : StopEvent()));
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("is nothing else", () => {
    const options = { accepts: [Begin], emits: [Left, StopEvent] } as const;
    const workflow = new Workflow()
      // @ts-expect-error: it does not emit that.
      .step("a", options, () => Right({ r: "x" }))
      // @ts-expect-error: not in a list either.
      .step("b", options, () => [Left({ l: 1 }), Right({ r: "x" })])
      // @ts-expect-error: nor in a promise.
      .step("c", options, async () => Right({ r: "x" }))
      // @ts-expect-error: text is no event.
      .step("d", options, () => "done")
      // @ts-expect-error: a type is no event.
      .step("e", options, () => StopEvent);
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("of a step that emits nothing is nothing", () => {
    const workflow = new Workflow()
      .step("a", { accepts: [Begin], emits: [] }, () => {})
      // @ts-expect-error: it emits nothing.
      .step("b", { accepts: [Begin], emits: [] }, () => Left({ l: 1 }));
    expect(workflow).toBeInstanceOf(Workflow);
  });
});

describe("the context of a step", () => {
  const emits = [StopEvent] as const;

  test("reads and writes the state by the types of its fields", () => {
    const state = {
      count: v.optional(v.number(), 0),
      names: v.optional(v.array(v.string()), []),
    };
    const workflow = new Workflow({ state }).step(
      "s",
      { accepts: [Begin], emits },
      async (_ev, ctx) => {
        expectTypeOf(await ctx.store.get("count")).toEqualTypeOf<number>();
        expectTypeOf(await ctx.store.get("names")).toEqualTypeOf<string[]>();
        expectTypeOf(await ctx.store.get("names.0")).toEqualTypeOf<unknown>();
        expectTypeOf((await ctx.store.get()).count).toEqualTypeOf<number>();
        await ctx.store.set("count", 1);
        await ctx.store.set("names.0", "Ada");
        const length = await ctx.store.edit((draft) => draft.names.push("Ada"));
        expectTypeOf(length).toEqualTypeOf<number>();
        await ctx.store.edit((draft) => {
          // @ts-expect-error: the draft has the types of the state.
          draft.count = "many";
        });
      },
    );
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("without a schema reads anything as unknown", () => {
    const workflow = new Workflow().step("s", { accepts: [Begin], emits }, async (_ev, ctx) => {
      expectTypeOf(await ctx.store.get("anything")).toEqualTypeOf<unknown>();
      await ctx.store.set("anything", { a: 1 });
    });
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("has the resources that the step names, and no others", () => {
    const url = defineResource("url", {}, () => "db://x");
    const db = defineResource("db", { scope: "run", needs: { url } }, async (needs) => {
      expectTypeOf(needs.url).toEqualTypeOf<string>();
      return { count: (table: string) => table.length };
    });
    const workflow = new Workflow()
      .step(
        "s",
        { accepts: [Begin], emits, resources: { db, where: url } },
        (_ev, { resources }) => {
          expectTypeOf(resources.db.count("a")).toEqualTypeOf<number>();
          expectTypeOf(resources.where).toEqualTypeOf<string>();
          // @ts-expect-error: it was not named.
          void resources.url;
        },
      )
      .step("t", { accepts: [Begin], emits }, (_ev, { resources }) => {
        // @ts-expect-error: nothing was named.
        void resources.db;
      });
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("collects a tuple, in the order of the types", () => {
    const workflow = new Workflow().step("s", { accepts: [Left, Right], emits }, (ev, ctx) => {
      const all = ctx.collectEvents(ev, [Left, Right, Left]);
      type LeftEvent = EventOf<typeof Left>;
      expectTypeOf(all).toEqualTypeOf<[LeftEvent, EventOf<typeof Right>, LeftEvent] | undefined>();
      const many = ctx.collectEvents(
        ev,
        Array.from({ length: 3 }, () => Left),
      );
      expectTypeOf(many).toEqualTypeOf<LeftEvent[] | undefined>();
    });
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("waits for an event of a type, with fields of that type", () => {
    const workflow = new Workflow().step(
      "s",
      { accepts: [Begin], emits, waits: [Answer], prompts: [Ask] },
      async (_ev, ctx) => {
        const answer = await ctx.waitForEvent(Answer, {
          prompt: Ask({ question: "?" }),
          where: { ok: true },
          timeout: 60,
        });
        expectTypeOf(answer).toEqualTypeOf<EventOf<typeof Answer>>();
        expectTypeOf(answer.data.by).toEqualTypeOf<string | undefined>();
        // @ts-expect-error: a field has its type.
        await ctx.waitForEvent(Answer, { where: { ok: "yes" } });
        // @ts-expect-error: there is no such field.
        await ctx.waitForEvent(Answer, { where: { sure: true } });
      },
    );
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("gives back what an effect gave", () => {
    const workflow = new Workflow().step("s", { accepts: [Begin], emits }, async (_ev, ctx) => {
      expectTypeOf(await ctx.run("a", () => 1)).toEqualTypeOf<number>();
      expectTypeOf(await ctx.run("b", async () => ({ id: "x" }))).toEqualTypeOf<{ id: string }>();
      expectTypeOf(await ctx.run("c", (): Json => null)).toEqualTypeOf<Json>();
    });
    expect(workflow).toBeInstanceOf(Workflow);
  });

  test("runs a child with what that takes, and gives what that gives", () => {
    const Total = StopEvent.extend("Total", { total: v.number() });
    const child = new Workflow().step("add", { accepts: [Begin], emits: [Total] }, () =>
      Total({ total: 1 }),
    );
    const plain = new Workflow().step("s", { accepts: [StartEvent], emits }, () => StopEvent());
    const workflow = new Workflow().step(
      "s",
      { accepts: [Begin], emits, children: [child, plain] },
      async (_ev, ctx) => {
        const total = await ctx.runWorkflow(child, { topic: "a" });
        expectTypeOf(total).toEqualTypeOf<EventOf<typeof Total>>();
        expectTypeOf(await ctx.runWorkflow(plain, { any: 1 })).toEqualTypeOf<unknown>();
        // @ts-expect-error: the child needs its field.
        await ctx.runWorkflow(child, {});
      },
    );
    expect(workflow).toBeInstanceOf(Workflow);
  });
});
