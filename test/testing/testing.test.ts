/** What authors test their workflows with: a clock that stands still, and chaos. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import {
  HumanResponseEvent,
  InputRequiredEvent,
  RetryError,
  StartEvent,
  StopEvent,
  Workflow,
} from "workflows-server";
import { chaos, testRun } from "workflows-server/testing";

const Order = StartEvent.extend("Order", { sku: v.string() });
const Approve = InputRequiredEvent.extend("Approve", { question: v.string() });
const Approved = HumanResponseEvent.extend("Approved", { by: v.string() });

const order = new Workflow({ timeout: 3600 })
  .step("price", { accepts: [Order], emits: [Approve] }, ({ data }) =>
    Approve({ question: `Ship ${data.sku}?` }),
  )
  .step("ship", { accepts: [Approved], emits: [StopEvent] }, async ({ data }, context) => {
    const tracking = await context.run("book", () => `1Z-${data.by}`);
    return StopEvent({ result: tracking });
  });

test("a run goes on to where it waits, and tells its path and its stream", async () => {
  const run = await testRun(order, { sku: "tea" });
  await run.settled();
  expect(run.path).toEqual(["price"]);
  expect(run.events).toEqual([{ type: "Approve", data: { question: "Ship tea?" } }]);
  await run.sendEvent(Approved({ by: "ada" }));
  expect(run.path).toEqual(["price", "ship"]);
  expect(await run.result()).toBe("1Z-ada");
});

test("time passes only when the test lets it", async () => {
  const run = await testRun(order, { sku: "tea" });
  await run.advance(3599);
  expect(run.events.at(-1)?.type).toBe("Approve");
  await run.advance(1);
  expect(run.events.at(-1)?.type).toBe("WorkflowTimedOutEvent");
  expect(run.result()).rejects.toThrow("Workflow timed out after 3600s");
});

test("retries come when the clock is advanced to them", async () => {
  const flaky = new Workflow().step(
    "try",
    { accepts: [StartEvent], emits: [StopEvent], retry: { attempts: 3, delay: 60 } },
    (_event, { attempt }) => {
      if (attempt.number === 1) throw new Error("busy");
      if (attempt.number === 2) throw new RetryError("busy still", { after: 600 });
      return StopEvent({ result: attempt.elapsedSeconds });
    },
  );
  const run = await testRun(flaky, {});
  await run.advance(59);
  expect(run.path).toEqual(["try"]);
  await run.advance(1);
  expect(run.path).toEqual(["try", "try"]);
  expect(run.result()).rejects.toThrow("a timer is due in 600 s");
  await run.advance(600);
  expect(await run.result()).toBe(660);
});

test("a result that is not there says what the run waits for", async () => {
  const run = await testRun(order, { sku: "tea" });
  expect(run.result()).rejects.toThrow("The run has not ended: a timer is due in 3600 s.");
});

test("chaos finds the step that is not safe to repeat, and a seed that shows it", async () => {
  let charged = 0;
  const world = { reset: () => void (charged = 0), observe: () => charged };
  const steps = (charge: "bare" | "journaled") =>
    new Workflow()
      .step("price", { accepts: [Order], emits: [Approve] }, ({ data }) =>
        Approve({ question: data.sku }),
      )
      .step("charge", { accepts: [Approved], emits: [StopEvent] }, async (_event, context) => {
        if (charge === "bare") charged++;
        else await context.run("charge", () => ++charged);
        await context.store.set("isCharged", true);
        return StopEvent({ result: "paid" });
      });
  const options = { input: { sku: "tea" }, answers: [Approved({ by: "ada" })], ...world };

  const report = await chaos(steps("bare"), options);
  expect(report.unsafe.map(({ step, reason }) => [step, reason])).toEqual([
    ["charge", "it left 2, not 1"],
  ]);
  expect(report.kills).toBeGreaterThan(50);

  const seed = report.unsafe[0]?.seed ?? -1;
  expect((await chaos(steps("bare"), { ...options, seed })).unsafe).toEqual(report.unsafe);
});

test("chaos has nothing to say of steps that are safe", async () => {
  const report = await chaos(order, {
    input: { sku: "tea" },
    answers: [Approved({ by: "ada" })],
  });
  expect(report.unsafe).toEqual([]);
});

test("chaos wants a workflow that ends by itself first", () => {
  expect(chaos(order, { input: { sku: "tea" } })).resolves.toMatchObject({ unsafe: [] });
  const forever = new Workflow().step(
    "ask",
    { accepts: [StartEvent], emits: [StopEvent], waits: [Approved] },
    async (_event, context) => {
      await context.waitForEvent(Approved);
      return StopEvent();
    },
  );
  expect(chaos(forever)).rejects.toThrow("Put the events that it waits for into `answers`");
});
