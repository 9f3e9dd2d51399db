/** Workloads about the course of a run: loops and branches, ends, time limits and queues. */
import * as v from "valibot";

import { HumanResponseEvent, StartEvent, StopEvent } from "../../../src/workflow/builtin.ts";
import { defineEvent } from "../../../src/workflow/event.ts";
import { Workflow } from "../../../src/runtime/workflow.ts";
import { part, sim, type Workload } from "../workload.ts";

const Progress = defineEvent("Progress", {});
const Turn = defineEvent("Turn", { i: v.number() });
const Odd = defineEvent("Odd", { i: v.number() });
const Even = defineEvent("Even", { i: v.number() });
const Answer = HumanResponseEvent.extend("Answer", {});

/** A loop through one of two branches, which counts in the shared state. */
const loopWorkflow = new Workflow({
  state: { seen: v.optional(v.any(), {}), odds: v.optional(v.array(v.number()), []) },
})
  .step("begin", { accepts: [StartEvent], emits: [Turn] }, async (event, context) => {
    await context.store.set("turns", event.data["turns"]);
    await sim(context).gate();
    return Turn({ i: 0 });
  })
  .step(
    "turn",
    { accepts: [Turn], emits: [Odd, Even, StopEvent], retry: { attempts: 4, delay: 2 } },
    async ({ data: { i } }, context) => {
      context.writeEventToStream(Progress({ i }));
      await context.store.set(`seen.${i}`, true);
      await sim(context).gate();
      if (i < Number(await context.store.get("turns"))) return i % 2 ? Odd({ i }) : Even({ i });
      const { seen } = await context.store.get();
      return StopEvent({ result: { i, seen: Object.keys(seen as object).length } });
    },
  )
  .step("odd", { accepts: [Odd], emits: [Turn] }, async ({ data: { i } }, context) => {
    const length = await context.store.edit(async (draft) => {
      draft.odds = [...draft.odds.filter((odd) => odd !== i), i];
      await sim(context).gate("edit");
      return draft.odds.length;
    });
    context.writeEventToStream(Progress({ length }));
    return Turn({ i: i + 1 });
  })
  .step(
    "even",
    { accepts: [Even], emits: [Turn], timeout: 3 },
    async ({ data: { i } }, context) => {
      await sim(context).gate();
      return Turn({ i: i + 1 });
    },
  );

export const loop: Workload = {
  name: "loop",
  parts: [part(loopWorkflow, "loop")],
  input: (chance) => ({ turns: chance.below(6) }),
  outside: [Answer],
  shown: [Progress],
  attemptsMax: { turn: 4 },
  check: ({ input, result }) => {
    const { i, seen } = result as { readonly i: number; readonly seen: number };
    if (i !== input["turns"]) return `The loop was to end at ${input["turns"]}, not at ${i}.`;
    return seen >= i + 1 ? undefined : `Of ${i + 1} turns, ${seen} were remembered.`;
  },
};

const Work = defineEvent("Work", { i: v.number() });

/** One of many ends the run, while the others are at work, wait in line, or wait for an answer. */
const raceWorkflow = new Workflow()
  .step("begin", { accepts: [StartEvent], emits: [Work] }, async (event, context) => {
    const { count, winner } = event.data as { readonly count: number; readonly winner: number };
    await context.store.set("winner", winner);
    for (let i = 0; i < count; i++) context.sendEvent(Work({ i }));
    await sim(context).gate();
  })
  .step(
    "work",
    {
      accepts: [Work],
      emits: [StopEvent],
      waits: [Answer],
      workers: 2,
      retry: { attempts: 9, delay: 0 },
    },
    async ({ data: { i } }, context) => {
      context.writeEventToStream(Progress({ i }));
      await sim(context).gate();
      if (i === (await context.store.get("winner"))) return StopEvent({ result: i });
      if (i % 3 === 0) {
        await Promise.all([context.waitForEvent(Answer), context.waitForEvent(Answer)]);
        if (context.attempt.number === 1) throw new Error("Once more, at once.");
      }
      if (i % 3 === 1) await sim(context).gate();
      return undefined;
    },
  );

export const race: Workload = {
  name: "race",
  parts: [part(raceWorkflow, "race", [Progress])],
  input: (chance) => {
    const count = chance.between(1, 6);
    return { count, winner: chance.below(count) };
  },
  outside: [Answer],
  attemptsMax: { work: 9 },
  check: ({ input, result }) =>
    result === input["winner"] ? undefined : `${result} has won, not ${input["winner"]}.`,
};

const Spin = defineEvent("Spin", { i: v.number() });

/** Has little time, and spends it in a busy loop, then waiting. */
const hurryWorkflow = new Workflow({ timeout: 5 })
  .step("begin", { accepts: [StartEvent], emits: [Spin] }, () => Spin({ i: 0 }))
  .step(
    "spin",
    { accepts: [Spin], emits: [Spin, StopEvent], waits: [Answer] },
    async ({ data: { i } }, context) => {
      if (i % 4 === 3) await sim(context).gate();
      if (i < 20) return Spin({ i: i + 1 });
      const answer = await context.waitForEvent(Answer, { timeout: 60 });
      return StopEvent({ result: answer.data });
    },
  );

export const hurry: Workload = {
  name: "hurry",
  parts: [part(hurryWorkflow, "hurry")],
  input: () => ({}),
  outside: [Answer],
};

const Note = HumanResponseEvent.extend("Note", {});

/** One run at a time; the others wait for their turn. What a handler has done before is known. */
const queueWorkflow = new Workflow({ concurrency: 1 })
  .step(
    "begin",
    { accepts: [StartEvent], emits: [Turn], waits: [Answer] },
    async (event, context) => {
      await sim(context).gate();
      if (event.data["asks"]) await context.waitForEvent(Answer, { timeout: 30 });
      return Turn({ i: 1 });
    },
  )
  .step("note", { accepts: [Note], emits: [] }, (event, context) => {
    context.writeEventToStream(Progress(event.data));
  })
  .step("count", { accepts: [Turn], emits: [StopEvent] }, async ({ data: { i } }, context) => {
    const before = await context.run("before", () => context.store.get("runs", 0));
    await context.store.set("runs", Number(before) + i);
    await sim(context).gate();
    return StopEvent({ result: { before, now: await context.store.get("runs") } });
  });

export const queue: Workload = {
  name: "queue",
  parts: [part(queueWorkflow, "queue")],
  input: (chance) => ({ asks: chance.happens(0.3) }),
  outside: [Answer, Note],
  shown: [Progress],
  check: ({ result }) => {
    const { before, now } = result as { readonly before: number; readonly now: number };
    return now === before + 1 ? undefined : `${before} runs and one more are not ${now}.`;
  },
};

const Lap = defineEvent("Lap", { i: v.number() });
const Seen = defineEvent("Seen", { i: v.number() });

/** So long that its state is stored whole on the way. */
const marathonWorkflow = new Workflow()
  .step("begin", { accepts: [StartEvent], emits: [Lap] }, () => Lap({ i: 0 }))
  .step(
    "lap",
    { accepts: [Lap], emits: [Lap, Seen, StopEvent] },
    async ({ data: { i } }, context) => {
      await context.store.set("laps", i + 1);
      for (let step = 0; step < 140; step++) context.writeEventToStream(Progress({ step }));
      context.sendEvent(Seen({ i })); // Replayed twice, it would be seen twice.
      await sim(context).gate();
      return i < 8 ? Lap({ i: i + 1 }) : StopEvent({ result: await context.store.get("laps") });
    },
  )
  .step("see", { accepts: [Seen], emits: [] }, () => {});

export const marathon: Workload = {
  name: "marathon",
  weight: 0.15,
  parts: [part(marathonWorkflow, "marathon")],
  input: () => ({}),
  outside: [Answer],
  shown: [Progress],
  check: ({ result }) => (result === 9 ? undefined : `It took ${String(result)} laps, not 9.`),
};
