/**
 * Workflows of any shape, for walks: chance decides who takes what, alone or in a join, who catches
 * failures, how many workers there are. Their functions are never called.
 */
import { HumanResponseEvent, InputRequiredEvent } from "../../src/workflow/builtin.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import { type AnyEventType, defineEvent } from "../../src/workflow/event.ts";
import { type Acceptable, collect, each } from "../../src/workflow/join.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { Chance } from "./prng.ts";

const A = defineEvent("A");
const B = defineEvent("B");
const C = defineEvent("C");
const D = defineEvent("D");
const Answer = HumanResponseEvent.extend("Answer", {});
const Ask = InputRequiredEvent.extend("Ask", {});
const Shown = InputRequiredEvent.extend("Shown", {});

/** What steps of walks may put out; `Shown` is taken by nobody. */
const emits = [A, B, C, D, Ask, Shown, StopEvent] as const;
const common = { emits, waits: [Answer, A], prompts: [Ask] } as const;

/** As many as it takes for the odd ones to be among them; made when first needed. */
export const shapesCount: number = 60;
const shapes = new Map<number, Definition>();

export function shapeOf(index: number): Definition {
  const known = shapes.get(index);
  if (known) return known;
  const made = makeShape(new Chance(index));
  shapes.set(index, made);
  return made;
}

// ---

function makeShape(chance: Chance): Definition {
  const timeout = chance.pick([null, null, 0.2]);
  const workflow = new Workflow(timeout === null ? {} : { timeout });
  const workers = (): number => chance.pick([1, 1, 2, 3]);
  // Which joins are after a fan-out follows from what steps say that they emit.
  const some = () => emits.filter((type) => type === StopEvent || chance.happens(0.3));
  workflow.step("begin", { accepts: [StartEvent], ...common, workers: workers() }, () => {});
  const hasJoins = chance.happens(0.7);
  const names: string[] = ["begin"];
  const add = (accepts: readonly Acceptable[]): void => {
    const name = `step${names.length}`;
    names.push(name);
    const options = { accepts: accepts as readonly AnyEventType[], ...common, workers: workers() };
    workflow.step(name, { ...options, emits: some() }, () => {});
  };
  for (const type of [A, B, C, D, Ask]) add([type]);
  // A second taker for some, and what brings several together.
  if (chance.happens(0.5)) add([A, Answer]);
  if (chance.happens(0.3)) add([B, C]);
  for (let count = hasJoins ? chance.between(1, 4) : 0; count > 0; count--) {
    const [one = A, other = B] = chance.pick([
      [A, B],
      [B, C],
      [C, D],
      [D, Answer],
    ]);
    add([
      chance.pick<() => Acceptable>([
        () => collect(one),
        () => collect([one, other]),
        () => collect(one, { take: 2 }),
        () => each(one, other),
      ])(),
    ]);
  }
  const caught = chance.pick(names);
  if (chance.happens(0.6)) {
    const recoveries = chance.between(1, 2);
    workflow.catchError("rescue", { steps: [caught], emits: some(), recoveries }, () => {});
  }
  if (chance.happens(0.5)) workflow.catchError("rescueRest", { emits: some() }, () => {});
  return workflow.define("walk");
}
