/**
 * A workload that chance has written: events carry what the step that gets them is to do, so that
 * seeds come to orders of doing things that nobody would have thought of.
 */
import * as v from "valibot";

import { FatalError } from "../../../src/base/errors.ts";
import type { Json, JsonObject } from "../../../src/base/json.ts";
import {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
} from "../../../src/workflow/builtin.ts";
import type { StepContext } from "../../../src/workflow/context.ts";
import { type AnyEventType, defineEvent, type Event } from "../../../src/workflow/event.ts";
import { collect, each } from "../../../src/workflow/join.ts";
import { Workflow } from "../../../src/runtime/workflow.ts";
import type { Chance } from "../prng.ts";
import { part, sim, type Workload } from "../workload.ts";

const script = { ops: v.optional(v.array(v.any()), []) };
const L = defineEvent("L", script);
const R = defineEvent("R", script);
const D = defineEvent("D", script);
const E = defineEvent("E", script);
const P = defineEvent("P", script);
const Q = defineEvent("Q", script);
const T = defineEvent("T", script);
const Shown = defineEvent("Shown", {});
const Ask = InputRequiredEvent.extend("Ask", script);
const Answer = HumanResponseEvent.extend("Answer", { topic: v.optional(v.string(), "any") });
const Late = HumanResponseEvent.extend("Late", {});
const inside = [L, R, D, E, P, Q, T] as const;
const types: ReadonlyMap<string, AnyEventType> = new Map(
  [...inside, StopEvent, Ask, Answer, Late].map((type) => [type.type, type]),
);

const emits = [...inside, StopEvent, Ask] as const;
const waits = [Answer, Late] as const;
const options = { emits, waits, prompts: [Ask] } as const;

const scriptWorkflow = new Workflow({ timeout: 500 })
  .step("begin", { accepts: [StartEvent], ...options }, act)
  .step(
    "left",
    { accepts: [L], ...options, workers: 1, retry: { attempts: 3, delay: 1, jitter: 1 } },
    act,
  )
  .step("right", { accepts: [R], ...options, workers: 2, timeout: 5, retry: { delay: 0 } }, act)
  .step("both", { accepts: [L, R, Answer], ...options }, act)
  .step("join", { accepts: [collect([D, E])], ...options }, act)
  .step("joinToo", { accepts: [collect(D)], ...options }, act)
  .step("pair", { accepts: [each(P, Q)], ...options }, act)
  .step("some", { accepts: [collect(T, { take: 2 })], ...options, workers: 1 }, act)
  .catchError("rescue", { steps: ["left"], emits, recoveries: 2 }, act)
  .catchError("rescueRest", { emits }, act);

export const scripted: Workload = {
  name: "script",
  parts: [part(scriptWorkflow, "script")],
  input: (chance) => ({ ops: makeOps(chance, { left: chance.between(4, 26) }, 0) }),
  outside: [Answer, Late, P, T, L],
  shown: [Shown],
  attemptsMax: { left: 3, right: 3 },
};

// --- what there is to do

type Op = readonly [verb: string, ...args: Json[]];

const targets: Readonly<Record<string, string>> = { L: "both", R: "right", D: "join" };

function makeOps(chance: Chance, budget: { left: number }, depth: number): Op[] {
  const ops: Op[] = [];
  const event = (): Json => {
    const ops = depth < 4 && budget.left > 0 ? makeOps(chance, budget, depth + 1) : [];
    return [chance.pick(["L", "L", "R", "R", "D", "E", "P", "Q", "T", "Ask"]), ops];
  };
  for (let count = chance.between(0, 4); count > 0 && budget.left > 0; count--) {
    budget.left--;
    const verb = chance.weighted({
      gate: 6,
      send: 4,
      write: 2,
      run: 2,
      set: 2,
      edit: 2,
      wait: 2,
      twice: 1,
      collect: 2,
      fail: 1.5,
      die: 0.3,
      misuse: 0.3,
    });
    const key = chance.pick(["a", "b", "toString"]);
    const type = chance.pick(["Answer", "Late"]);
    const timeout = chance.pick([null, null, 1, 10]);
    if (verb === "send") ops.push([verb, event(), chance.happens(0.3)]);
    else if (verb === "wait") ops.push([verb, type, timeout, chance.happens(0.3)]);
    else if (verb === "fail") ops.push([verb, chance.between(1, 3)]);
    else ops.push([verb, key, type]);
  }
  const end = chance.weighted({ none: 3, one: 5, list: 3, stop: 1 });
  if (end === "one") ops.push(["return", event()]);
  else if (end === "list") {
    ops.push(["list", ...Array.from({ length: chance.below(4) }, event)]);
  } else if (end === "stop") ops.push(["stop"]);
  return ops;
}

// --- how it is done

async function act(input: Event | readonly Event[], context: StepContext): Promise<never> {
  const events = Array.isArray(input) ? (input as readonly Event[]) : [input as Event];
  const ops = events.flatMap(opsOf);
  const returned: unknown[] = [];
  const keys = new Set<Json | undefined>();
  for (const [verb, first, second, third] of ops.slice(0, 30)) {
    switch (verb) {
      case "send":
        send(context, make(first), second === true);
        break;
      case "return":
      case "list":
        break;
      case "stop":
        return StopEvent({ result: null }) as never;
      case "wait":
        await wait(context, String(first), second as number | null, third === true);
        break;
      case "run":
        // A key stands for one effect, also where several events have a script.
        if (!keys.has(first)) await actAlone(context, verb, first);
        keys.add(first);
        break;
      case "collect":
        collectIn(context, events[0], String(first));
        break;
      default:
        await actAlone(context, verb, first);
    }
  }
  const last = ops.findLast(([verb]) => verb === "return" || verb === "list");
  if (last?.[0] === "list") return last.slice(1).map(make) as never;
  return (last ? make(last[1]) : returned[0]) as never; // Any event that `emits` names, or none.
}

/** A step that catches gets the script of what has failed, without what made it fail. */
function opsOf(event: Event): readonly Op[] {
  const { ops, input } = event.data as { readonly ops?: readonly Op[]; readonly input?: Event };
  if (ops) return ops;
  return (input ? opsOf(input) : []).filter(([verb]) => !["fail", "die", "misuse"].includes(verb));
}

function make(json: Json | undefined): Event {
  const [type, ops] = json as readonly [string, Json];
  const made = types.get(type)?.parse({ ops });
  if (!made) throw new Error(`No script makes ${type}.`);
  return made;
}

function send(context: StepContext, event: Event, isTargeted: boolean): void {
  const step = targets[event.type];
  context.sendEvent(event, isTargeted && step !== undefined ? { step } : {});
}

async function wait(
  context: StepContext,
  type: string,
  timeout: number | null,
  isAsking: boolean,
): Promise<void> {
  await context.waitForEvent(type === "Late" ? Late : Answer, {
    ...(timeout !== null && { timeout }),
    ...(isAsking && { prompt: Ask({}) }),
    ...(isAsking && type === "Answer" && { where: { topic: "any" } }),
  });
}

function collectIn(context: StepContext, event: Event | undefined, buffer: string): void {
  const known = inside.find((type) => type.type === event?.type);
  if (!event || !known) return;
  const batch = context.collectEvents(event, [known, known], { buffer });
  if (batch) context.writeEventToStream(Shown({ count: batch.length }));
}

async function actAlone(context: StepContext, verb: string, arg: Json | undefined): Promise<void> {
  const { gate, mark } = sim(context);
  const data: JsonObject = { by: context.stepName };
  switch (verb) {
    case "gate":
      return gate();
    case "write":
      return context.writeEventToStream(Shown(data));
    case "run":
      await context.run(String(arg), () => mark());
      return;
    case "set":
      return context.store.set(`fields.${String(arg)}`, mark());
    case "edit":
      return context.store.edit((draft) => {
        draft["last"] = [context.stepName, context.attempt.number];
      });
    case "twice":
      await Promise.all([context.waitForEvent(Answer), context.waitForEvent(Answer)]);
      return;
    case "fail":
      if (context.attempt.number <= Number(arg)) throw new Error("As it was written.");
      return;
    case "die":
      throw new FatalError("As it was written.");
    default:
      // Each of these is refused, and fails the step if it is not caught.
      await Promise.allSettled([context.run("x", () => () => 1), context.store.set("", 1)]);
      return context.sendEvent({ type: "Nowhere", data: {} });
  }
}
