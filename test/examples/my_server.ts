// my_server.ts
import {
  defineEvent,
  FatalError,
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
  Workflow,
  WorkflowServer,
} from "workflows-server";
import * as v from "valibot";

const StreamEvent = defineEvent("StreamEvent", { sequence: v.number() });

const greet = new Workflow({ description: "Says hello." }).step(
  "greet",
  { accepts: [StartEvent], emits: [StopEvent] },
  async (ev, ctx) => {
    for (let i = 0; i < 3; i++) {
      ctx.writeEventToStream(StreamEvent({ sequence: i }));
      await Bun.sleep(300);
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
    { accepts: [Order], emits: [Approve], retry: { attempts: 5, backoff: "exponential" } },
    async (ev) => Approve({ question: `Ship ${ev.data.quantity} × ${ev.data.sku}?` }),
  )
  .step("ship", { accepts: [Approved], emits: [Shipped], workers: 8 }, async (ev, ctx) => {
    if (!ev.data.ok) throw new FatalError(`${ev.data.by} said no.`);
    // Journaled: after a crash or a retry, the courier is not booked twice.
    const tracking = await ctx.run("book", () => bookCourier(ev.data.by, ctx.signal));
    return Shipped({ tracking });
  });

/** Stands for a call to somebody else's API. */
async function bookCourier(name: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  return `TRACK-${name.toUpperCase()}`;
}

const server: WorkflowServer = new WorkflowServer();
server.addWorkflow("greet", greet);
server.addWorkflow("order", order, { additionalEvents: [Approved] });
export default server;
