/** A whole file as authors write it, importing the package by its name: it compiles, and it runs. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import {
  defineEvent,
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
  Workflow,
  WorkflowServer,
} from "workflows-server";

const bookCourier = async (by: string, signal: AbortSignal): Promise<string> =>
  signal.aborted ? "" : `courier of ${by}`;

const StreamEvent = defineEvent("StreamEvent", { sequence: v.number() });

const greet = new Workflow({ description: "Says hello." }).step(
  "greet",
  { accepts: [StartEvent], emits: [StopEvent] },
  async (ev, ctx) => {
    for (let i = 0; i < 3; i++) {
      ctx.writeEventToStream(StreamEvent({ sequence: i }));
      await Bun.sleep(1);
    }
    return StopEvent({ result: `Hello, ${ev.data.name ?? "World"}!` });
  },
);

const Order = StartEvent.extend("Order", { sku: v.string(), quantity: v.optional(v.number(), 1) });
const Approve = InputRequiredEvent.extend("Approve", { question: v.string() });
const Approved = HumanResponseEvent.extend("Approved", { by: v.string(), ok: v.boolean() });
const Shipped = StopEvent.extend("Shipped", { tracking: v.string() });

const order = new Workflow({ timeout: 3600 })
  .step(
    "price",
    {
      accepts: [Order],
      emits: [Approve],
      retry: { attempts: 5, backoff: "exponential" },
    },
    async (ev) => Approve({ question: `Ship ${ev.data.quantity} × ${ev.data.sku}?` }),
  )
  .step("ship", { accepts: [Approved], emits: [Shipped], workers: 8 }, async (ev, ctx) => {
    const tracking = await ctx.run("book", () => bookCourier(ev.data.by, ctx.signal));
    return Shipped({ tracking });
  });

test("its workflows run without a server", async () => {
  expect(await greet.run({ name: "Ada" })).toBe("Hello, Ada!");
  const run = order.run({ sku: "tea" });
  for await (const event of run) {
    if (Approve.is(event)) {
      expect(event.data.question).toBe("Ship 1 × tea?");
      await run.sendEvent(Approved({ by: "ada", ok: true }));
    }
  }
  expect(await run).toEqual(Shipped({ tracking: "courier of ada" }));
});

test("its server answers", async () => {
  await using server = new WorkflowServer({ store: "memory" });
  server.addWorkflow("greet", greet);
  server.addWorkflow("order", order, { additionalEvents: [Approved] });
  const response = await server.fetch(
    new Request("http://localhost/workflows/greet/run", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ start_event: { name: "Ada" } }),
    }),
  );
  expect([response.status, await response.json()]).toMatchObject([
    200,
    { status: "completed", result: { type: "StopEvent", value: { result: "Hello, Ada!" } } },
  ]);
});
