/** A workload about what goes on beside a wait, also when the run has left memory because of it. */
import * as v from "valibot";

import { HumanResponseEvent, StartEvent, StopEvent } from "../../../src/workflow/builtin.ts";
import { defineEvent } from "../../../src/workflow/event.ts";
import { collect } from "../../../src/workflow/join.ts";
import { Workflow } from "../../../src/runtime/workflow.ts";
import { part, sim, type Workload } from "../workload.ts";

const Task = defineEvent("Task", { i: v.number() });
const Fine = defineEvent("Fine", { mark: v.number() });
const Heard = defineEvent("Heard", { i: v.number() });
const Shown = defineEvent("Shown", { i: v.number() });
const Answer = HumanResponseEvent.extend("Answer", {});

const asideWorkflow = new Workflow({ state: { asides: v.optional(v.array(v.number()), []) } })
  .step("begin", { accepts: [StartEvent], emits: [Task] }, (event) =>
    Array.from({ length: Number(event.data["count"]) }, (_, i) => Task({ i })),
  )
  .step(
    "ask",
    {
      accepts: [Task],
      emits: [Fine, Heard],
      waits: [Answer],
      workers: 2,
      retry: { attempts: 4, delay: 0.5 },
    },
    async ({ data: { i } }, context) => {
      const { gate, mark } = sim(context);
      const aside = async (): Promise<number> => {
        await gate("aside");
        const kept = await context.run("aside", () => mark());
        await gate("aside");
        if (i === 0) context.writeEventToStream(Shown({ i }));
        else context.sendEvent(Heard({ i }));
        await context.store.edit((draft) => void (draft.asides = [...draft.asides, i]));
        return kept;
      };
      const wait = async (): Promise<void> => {
        await context.waitForEvent(Answer);
        if (i === 1) await context.waitForEvent(Answer, { timeout: 30 }).catch(() => {});
      };
      const [kept] = await Promise.all([aside(), wait()]);
      await gate();
      return Fine({ mark: kept });
    },
  )
  .step("hear", { accepts: [Heard], emits: [] }, () => {})
  .step("join", { accepts: [collect(Fine)], emits: [StopEvent] }, (all) =>
    StopEvent({ result: all.map(({ data }) => data.mark).toSorted((a, b) => a - b) }),
  );

/** Only seeds that are visited have it: others let runs leave memory too seldom. */
export const aside: Workload = {
  name: "aside",
  weight: 0,
  parts: [part(asideWorkflow, "aside")],
  input: (chance) => ({ count: chance.between(1, 2) }),
  outside: [Answer],
  shown: [Shown],
  attemptsMax: { ask: 4 },
  check: ({ result, ticks }) => {
    const kept = ticks.flatMap((tick) =>
      tick.kind === "effect_returned" ? [Number(tick.value)] : [],
    );
    const marks = result as number[];
    const isKept = marks.every((mark) => kept.includes(mark));
    return isKept ? undefined : `Of ${marks.join()}, ${kept.join()} were kept.`;
  },
};
