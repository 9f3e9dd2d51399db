/** A workload about waiting: for one of several, for two of a kind, with questions, for so long. */
import * as v from "valibot";

import { WorkflowError } from "../../../src/base/errors.ts";
import {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
} from "../../../src/workflow/builtin.ts";
import { defineEvent } from "../../../src/workflow/event.ts";
import { collect } from "../../../src/workflow/join.ts";
import { Workflow } from "../../../src/runtime/workflow.ts";
import { part, sim, type Workload } from "../workload.ts";

const Topic = defineEvent("Topic", { topic: v.string() });
const Ask = InputRequiredEvent.extend("Ask", { topic: v.string() });
const Answer = HumanResponseEvent.extend("Answer", { topic: v.optional(v.string(), "none") });
const Nudge = HumanResponseEvent.extend("Nudge", {});
const Replied = defineEvent("Replied", {
  topic: v.string(),
  first: v.string(),
  marks: v.array(v.number()),
});

const talkWorkflow = new Workflow({ timeout: 4_000 })
  .step("begin", { accepts: [StartEvent], emits: [Topic, Ask] }, async (event, context) => {
    if (event.data["announces"]) context.sendEvent(Ask({ topic: "all" }));
    await sim(context).gate();
    return ["red", "blue"].slice(0, Number(event.data["topics"])).map((topic) => Topic({ topic }));
  })
  .step(
    "ask",
    {
      accepts: [Topic],
      emits: [Replied],
      waits: [Answer, Nudge],
      prompts: [Ask],
      workers: 1,
      retry: { attempts: 3, delay: 0 },
    },
    async ({ data: { topic } }, context) => {
      const prompt = Ask({ topic });
      const first = await context.waitForEvent(Answer, { prompt, where: { topic }, id: "first" });
      await sim(context).gate();
      const both = await Promise.all([context.waitForEvent(Answer), context.waitForEvent(Answer)]);
      if (topic === "red" && context.attempt.number === 1) throw new Error("Once more, at once.");
      await sim(context).gate();
      try {
        await context.waitForEvent(Nudge, { timeout: 3 });
      } catch (error) {
        if (!(error instanceof WorkflowError) || error.code !== "wait_timed_out") throw error;
        await sim(context).gate();
      }
      const marks = [first, ...both].map(({ data }) => Number((data as { n?: number }).n));
      return Replied({ topic, first: first.data.topic, marks });
    },
  )
  .step("join", { accepts: [collect(Replied)], emits: [StopEvent] }, (all) =>
    StopEvent({ result: all.map(({ data }) => data) }),
  );

interface Reply {
  readonly topic: string;
  readonly first: string;
  readonly marks: readonly number[];
}

export const talk: Workload = {
  name: "talk",
  parts: [part(talkWorkflow, "talk")],
  input: (chance) => ({ topics: chance.between(1, 2), announces: chance.happens(0.5) }),
  outside: [Answer, Nudge],
  attemptsMax: { ask: 3 },
  check: ({ input, result, ticks }) => {
    const replies = result as unknown as readonly Reply[];
    if (replies.length !== input["topics"]) return `There were ${replies.length} replies.`;
    const came = ticks.flatMap((tick) =>
      tick.kind === "event_received" ? [Number((tick.event.data as { n?: number }).n)] : [],
    );
    for (const { topic, first, marks } of replies) {
      if (first !== topic) return `A wait for ${topic} was answered with ${first}.`;
      const left = [...came];
      for (const mark of marks) {
        const index = left.indexOf(mark);
        if (index < 0) return `Answer ${mark} was given to two waits of one step.`;
        left.splice(index, 1);
      }
    }
    return undefined;
  },
};
