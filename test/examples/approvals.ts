// approvals.ts: an expense is paid once somebody has said yes, however long that takes.
import {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
  Workflow,
  WorkflowServer,
} from "workflows-server";
import * as v from "valibot";

const day = 24 * 60 * 60;

const Expense = StartEvent.extend("Expense", { purpose: v.string(), amount: v.number() });
const Question = InputRequiredEvent.extend("Question", { text: v.string(), to: v.string() });
const Answer = HumanResponseEvent.extend("Answer", { by: v.string(), ok: v.boolean() });
const Decision = StopEvent.extend("Decision", { text: v.string() });

const expense = new Workflow({ description: "Asks whoever has to approve, then pays." }).step(
  "decide",
  { accepts: [Expense], emits: [Decision], waits: [Answer], prompts: [Question] },
  async ({ data: { purpose, amount } }, ctx) => {
    for (const to of amount > 1000 ? ["lead", "cfo"] : ["lead"]) {
      // The run leaves memory while it waits, and the answer finds it, also after a restart.
      const answer = await ctx.waitForEvent(Answer, {
        id: to,
        prompt: Question({ text: `${amount} € for ${purpose}?`, to }),
        where: { by: to },
        timeout: 14 * day,
      });
      if (!answer.data.ok) return Decision({ text: `${to} said no.` });
    }
    const receipt = await ctx.run("pay", () => pay(amount, ctx.attempt.key));
    return Decision({ text: `Paid: ${receipt}.` });
  },
);

/** Stands for a bank, which pays a key once. */
async function pay(amount: number, key: string): Promise<string> {
  return `${amount} € under ${key.slice(-1)}`;
}

const server: WorkflowServer = new WorkflowServer();
server.addWorkflow("expense", expense);
export default server;
