/** Workloads about failures: policies, those who catch, effects that are kept, limits of time. */
import * as v from "valibot";

import { FatalError } from "../../../src/base/errors.ts";
import { HumanResponseEvent, StartEvent, StopEvent } from "../../../src/workflow/builtin.ts";
import { defineEvent } from "../../../src/workflow/event.ts";
import { collect } from "../../../src/workflow/join.ts";
import { defineResource } from "../../../src/workflow/resource.ts";
import { Workflow } from "../../../src/runtime/workflow.ts";
import { part, sim, type Workload } from "../workload.ts";

const Job = defineEvent("Job", { i: v.number(), fails: v.number() });
const Odd = defineEvent("Odd", { i: v.number(), answer: v.string() });
const Fine = defineEvent("Fine", { i: v.number(), by: v.string() });
const Answer = HumanResponseEvent.extend("Answer", {});

/** What a policy of an author's own may come up with. */
const oddAnswers: Readonly<Record<string, () => number | null>> = {
  never: () => null,
  now: () => 0,
  past: () => -5,
  fraction: () => 0.0005,
  none: () => Number.NaN,
  forever: () => Infinity,
  throws: () => {
    throw new Error("The policy itself fails.");
  },
};

/** Steps that fail, by policy and by chance, and two that catch: one in particular, one the rest. */
const flakyWorkflow = new Workflow({ timeout: 100_000 })
  .step(
    "begin",
    { accepts: [StartEvent], emits: [Job, Odd], retry: {} },
    async (event, context) => {
      await sim(context).gate();
      const { fails, odd } = event.data as {
        readonly fails: number[];
        readonly odd: string | null;
      };
      const jobs = fails.map((count, i) => Job({ i, fails: count }));
      return odd === null ? jobs : [...jobs, Odd({ i: -1, answer: odd })];
    },
  )
  .step(
    "work",
    {
      accepts: [Job],
      emits: [Fine],
      workers: 3,
      timeout: 4,
      retry: { attempts: 3, backoff: "exponential", delay: 1, jitter: 2, within: 60 },
    },
    async ({ data: { i, fails } }, context) => {
      if (context.attempt.number <= fails) throw new Error(`${i} fails.`);
      await sim(context).gate();
      return Fine({ i, by: "work" });
    },
  )
  .step(
    "odd",
    {
      accepts: [Odd],
      emits: [Fine],
      retry: ({ attempt, failure }) =>
        attempt < 3 ? (oddAnswers[failure.message]?.() ?? null) : null,
    },
    async ({ data: { i, answer } }, context) => {
      if (context.attempt.number < 3) throw new Error(answer);
      return Fine({ i, by: "odd" });
    },
  )
  .catchError(
    "rescue",
    { steps: ["work"], recoveries: 2, emits: [Job, Fine] },
    async (event, context) => {
      const { i, fails } = event.data.input?.data as { readonly i: number; readonly fails: number };
      await sim(context).gate();
      // Back into the line that has failed, with one more chance than the last time.
      return fails > 3 ? Job({ i, fails: fails - 3 }) : Fine({ i, by: "rescue" });
    },
  )
  .catchError("rescueRest", { emits: [Fine] }, (event) => {
    if (event.data.stepName === "join") throw new FatalError("There is nothing left to join.");
    return Fine({ i: -1, by: "rescueRest" });
  })
  .step("join", { accepts: [collect(Fine)], emits: [StopEvent] }, async (all, context) => {
    await sim(context).gate();
    return StopEvent({ result: all.map(({ data }) => data.i).toSorted((a, b) => a - b) });
  });

export const flaky: Workload = {
  name: "flaky",
  parts: [part(flakyWorkflow, "flaky")],
  input: (chance) => ({
    fails: Array.from({ length: chance.between(1, 4) }, () => chance.pick([0, 0, 1, 2, 3, 5, 7])),
    odd: chance.happens(0.4) ? chance.pick(Object.keys(oddAnswers)) : null,
  }),
  outside: [Answer],
  attemptsMax: { work: 3, odd: 3, begin: 3 },
  check: ({ input, result }) => {
    const { fails, odd } = input as { readonly fails: number[]; readonly odd: string | null };
    const expected = [...(odd === null ? [] : [-1]), ...fails.keys()];
    // A join that has failed is caught like any step, and joined again.
    if (Bun.deepEquals(result, expected) || Bun.deepEquals(result, [-1])) return undefined;
    return `Of ${expected.join()}, ${String(result)} came to an end.`;
  },
};

/** A resource that knows whether somebody still may use it. */
class Tool implements Disposable {
  isDisposed = false;

  [Symbol.dispose](): void {
    this.isDisposed = true;
  }
}

const runTool = defineResource("runTool", { scope: "run" }, () => new Tool());
const stepTool = defineResource(
  "stepTool",
  { scope: "step", needs: { runTool } },
  () => new Tool(),
);

/** Effects that are kept, between failures, under keys that are no ordinary names. */
const effectsWorkflow = new Workflow({ state: { sum: v.optional(v.number(), 0) } })
  .step("begin", { accepts: [StartEvent], emits: [Job] }, (event) =>
    Array.from({ length: Number(event.data["count"]) }, (_, i) => Job({ i, fails: 0 })),
  )
  .step(
    "act",
    {
      accepts: [Job],
      emits: [Fine],
      waits: [Answer],
      workers: 2,
      timeout: 20,
      retry: { attempts: 5, delay: 0.5 },
      resources: { runTool, stepTool },
    },
    async ({ data: { i } }, context) => {
      const { gate, mark, report } = sim(context);
      const first = await context.run("__proto__", async () => {
        await gate("effect");
        return mark();
      });
      await gate();
      const second = await context.run("constructor", () => ({ mark: mark() }));
      if (i === 1) await context.waitForEvent(Answer);
      const { runTool: tool, stepTool: own } = context.resources;
      if (!context.signal.aborted && (tool.isDisposed || own.isDisposed)) {
        report("A resource was disposed of while a step worked with it.");
      }
      await gate();
      await context.store.edit(async (draft) => {
        if (i === 2) await gate("edit");
        draft.sum += 1;
      });
      return Fine({ i, by: `${first}/${second.mark}` });
    },
  )
  .step("join", { accepts: [collect(Fine)], emits: [StopEvent] }, (all) =>
    StopEvent({ result: all.map(({ data }) => [data.i, data.by]) }),
  );

export const effects: Workload = {
  name: "effects",
  parts: [part(effectsWorkflow, "effects")],
  input: (chance) => ({ count: chance.between(1, 3) }),
  outside: [Answer],
  attemptsMax: { act: 5 },
  check: ({ result, ticks }) => {
    const kept = new Map<number, Record<string, unknown>>();
    const of = new Map<number, number>();
    for (const tick of ticks) {
      if (tick.kind === "effect_returned") {
        kept.set(tick.job, { [`${tick.key}!`]: tick.value, ...kept.get(tick.job) });
      } else if (tick.kind === "step_succeeded" && tick.step === "act") {
        of.set(tick.job, (tick.events[0]?.data as { readonly i: number }).i);
      }
    }
    for (const [job, effects] of kept) {
      const second = effects["constructor!"] as { readonly mark: number } | undefined;
      const by = `${String(effects["__proto__!"])}/${second?.mark}`;
      const given = (result as [number, string][]).find(([i]) => i === of.get(job));
      if (given?.[1] !== by) return `A step kept ${by}, and was given ${given?.[1]}.`;
    }
    return undefined;
  },
};
