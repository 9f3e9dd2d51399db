/** A workload about runs that run others, show their events, and end them when they end. */
import * as v from "valibot";

import { HumanResponseEvent, StartEvent, StopEvent } from "../../../src/workflow/builtin.ts";
import { defineEvent } from "../../../src/workflow/event.ts";
import { Workflow } from "../../../src/runtime/workflow.ts";
import { part, sim, type Workload } from "../workload.ts";

const Note = defineEvent("Note", { text: v.string() });
const Answer = HumanResponseEvent.extend("Answer", {});
const Start = StartEvent.extend("Begin", { x: v.number() });
const End = StopEvent.extend("End", { y: v.number() });

const grandchild = new Workflow({ name: "grandchild" }).step(
  "double",
  { accepts: [Start], emits: [End], retry: { attempts: 2, delay: 1 } },
  async ({ data: { x } }, context) => {
    context.writeEventToStream(Note({ text: `doubling ${x}` }));
    await sim(context).gate();
    return End({ y: 2 * x });
  },
);

const child = new Workflow({ name: "child" }).step(
  "add",
  { accepts: [Start], emits: [End], waits: [Answer], children: [grandchild] },
  async ({ data: { x } }, context) => {
    context.writeEventToStream(Note({ text: `child of ${x}` }));
    await sim(context).gate();
    if (x === 3) await context.waitForEvent(Answer);
    // What a writer calls an end ends nothing, neither here nor where it is shown.
    context.writeEventToStream(StopEvent({ result: "not the end" }));
    const doubled = await context.runWorkflow(grandchild, { x });
    await sim(context).gate();
    return End({ y: doubled.data.y + 1 });
  },
);

const parent = new Workflow({ timeout: 5_000 }).step(
  "raise",
  {
    accepts: [StartEvent],
    emits: [StopEvent],
    children: [child, grandchild],
    timeout: 30,
    retry: { attempts: 2, delay: 1 },
  },
  async (event, context) => {
    const { x, shows } = event.data as { readonly x: number; readonly shows: boolean };
    await sim(context).gate();
    const [a, b] = await Promise.all([
      context.runWorkflow(child, { x }, { events: shows, key: "a" }),
      context.runWorkflow(grandchild, { x }, { events: true, key: "b" }),
    ]);
    await sim(context).gate();
    const c = await context.runWorkflow(child, { x: 1 }, { events: true });
    return StopEvent({ result: [a.data.y, b.data.y, c.data.y] });
  },
);

export const family: Workload = {
  name: "family",
  parts: [part(grandchild, "grandchild"), part(child, "child"), part(parent, "parent")],
  input: (chance) => ({ x: chance.between(1, 3), shows: chance.happens(0.7) }),
  outside: [Answer],
  shown: [Note, StopEvent],
  attemptsMax: { raise: 2, double: 2 },
  check: ({ input, result }) => {
    const x = Number(input["x"]);
    const expected = [2 * x + 1, 2 * x, 3];
    if (Bun.deepEquals(result, expected)) return undefined;
    return `The children came to ${String(result)}, not ${expected.join()}.`;
  },
};
