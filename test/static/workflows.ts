/** Workflows that show the page something: questions, bursts, hostile text. */
import * as v from "valibot";

import {
  defineEvent,
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
  Workflow,
  WorkflowServer,
  type WorkflowServerOptions,
} from "../../src/index.ts";
import type { StandardSchema } from "../../src/workflow/schema.ts";

const OrderStart = StartEvent.extend("OrderStart", {
  customer: v.pipe(v.string(), v.minLength(2)),
  count: v.optional(v.pipe(v.number(), v.integer(), v.maxValue(9)), 1),
  express: v.boolean(),
  size: v.picklist(["small", "large"]),
});
const Confirm = InputRequiredEvent.extend("Confirm", { prompt: v.string() });
const Confirmed = HumanResponseEvent.extend("Confirmed", { yes: v.boolean(), by: v.string() });
const Receipt = StopEvent.extend("Receipt", { customer: v.string(), express: v.boolean() });

const order = new Workflow({
  description: "Takes an order, asks, and confirms it.",
  state: { customer: v.optional(v.string(), ""), express: v.optional(v.boolean(), true) },
})
  .step("take", { accepts: [OrderStart], emits: [Confirm] }, async ({ data }, context) => {
    await context.store.set("customer", data.customer);
    await context.store.set("express", data.express);
    return Confirm({ prompt: `Ship ${data.count} ${data.size} to ${data.customer}?` });
  })
  .step("ship", { accepts: [Confirmed], emits: [Receipt] }, async (_event, { store }) =>
    Receipt({ customer: await store.get("customer"), express: await store.get("express") }),
  );

const Chunk = defineEvent("Chunk", { index: v.number(), text: v.string() });
const BurstStart = StartEvent.extend("BurstStart", {
  count: v.optional(v.number(), 10_000),
  pauseMs: v.optional(v.number(), 0),
});

const burst = new Workflow({}).step(
  "pour",
  { accepts: [BurstStart], emits: [StopEvent] },
  async ({ data: { count, pauseMs } }, context) => {
    for (let index = 0; index < count; index++) {
      context.writeEventToStream(Chunk({ index, text: `some words, number ${index}` }));
      if (pauseMs > 0) await Bun.sleep(pauseMs);
    }
    return StopEvent({ result: count });
  },
);

/** Steps one after another, each with an event of its own. */
function createChain(length: number): Workflow {
  const parts = Array.from({ length: length - 1 }, (_, index) =>
    defineEvent(`Part${index}Done`, { index: v.number() }),
  );
  const chain = new Workflow({ description: `A chain of ${length} steps.` });
  for (let index = 0; index < length; index++) {
    const takes = parts[index - 1] ?? StartEvent;
    const gives = parts[index];
    chain.step(
      `part_${index}`,
      { accepts: [takes], emits: [gives ?? StopEvent] },
      () => gives?.({ index }) ?? StopEvent({ result: index }),
    );
  }
  return chain;
}

const Branch = defineEvent("Branch", {});
const Detour = defineEvent("Detour", {});
const ForkStart = StartEvent.extend("ForkStart", {
  isDetour: v.optional(v.boolean(), false),
  pauseMs: v.optional(v.number(), 0),
});

/** Goes one way or the other. */
const ways = new Workflow({})
  .step("choose", { accepts: [ForkStart], emits: [Branch, Detour] }, async ({ data }) => {
    await Bun.sleep(data.pauseMs);
    return data.isDetour ? Detour() : Branch();
  })
  .step("straight", { accepts: [Branch], emits: [StopEvent] }, () => StopEvent())
  .step("around", { accepts: [Detour], emits: [StopEvent] }, () => StopEvent());

const Blob = defineEvent("Blob", { text: v.string() });
const BigStart = StartEvent.extend("BigStart", { megabytes: v.optional(v.number(), 1) });

/** Shows much, and results in as much. */
const big = new Workflow({}).step(
  "swell",
  { accepts: [BigStart], emits: [StopEvent] },
  ({ data }, context) => {
    const text = "0123456789".repeat(data.megabytes * 100_000);
    context.writeEventToStream(Blob({ text }));
    return StopEvent({ result: { text, list: Array.from({ length: 100_000 }, (_, n) => n) } });
  },
);

/** A schema of no library: it checks, and says nothing of its form. */
const couponSchema: StandardSchema<{ code: string }> = {
  "~standard": {
    version: 1,
    vendor: "by hand",
    validate: (value) =>
      (value as { code?: unknown }).code === "FREE"
        ? { value }
        : { issues: [{ path: ["code"], message: "No such coupon" }] },
  },
};
const Coupon = defineEvent("Coupon", couponSchema);
const redeem = new Workflow({}).step(
  "redeem",
  { accepts: [StartEvent], emits: [StopEvent], waits: [Coupon] },
  async (_event, context) => {
    const { data } = await context.waitForEvent(Coupon);
    return StopEvent({ result: `redeemed ${data.code}` });
  },
);

export const hostile =
  '</script><script>document.title="owned"</script><img src=x onerror=\'document.title="owned"\'>';

const echo = new Workflow({ description: hostile }).step(
  "echo",
  { accepts: [StartEvent], emits: [StopEvent], description: hostile },
  ({ data }, context) => {
    context.log("info", hostile, { customer: "Ada" });
    context.writeEventToStream(Chunk({ index: 0, text: hostile }));
    if (data["fail"] === true) throw new Error(hostile);
    return StopEvent({ result: { [hostile]: hostile } });
  },
);

export const quick: Workflow = new Workflow();
quick.step("answer", { accepts: [StartEvent], emits: [StopEvent] }, () => StopEvent());

export function createServer(options: WorkflowServerOptions = {}): WorkflowServer {
  return new WorkflowServer({ store: "memory", ...options })
    .addWorkflow("order", order)
    .addWorkflow("burst", burst, { additionalEvents: [Chunk] })
    .addWorkflow("echo", echo, { additionalEvents: [Chunk] })
    .addWorkflow("big", big, { additionalEvents: [Blob] })
    .addWorkflow("redeem", redeem)
    .addWorkflow("ways", ways)
    .addWorkflow("chain_200", createChain(200));
}

export async function startRun(origin: string, workflow: string, event: object): Promise<string> {
  const response = await fetch(`${origin}/workflows/${workflow}/run-nowait`, {
    method: "POST",
    body: JSON.stringify({ start_event: event }),
  });
  return ((await response.json()) as { handler_id: string }).handler_id;
}
