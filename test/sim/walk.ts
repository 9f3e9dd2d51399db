/**
 * A walk: the engine alone, without time, disk or processes, on a workflow of any shape, told
 * whatever chance comes up with; also what no runtime would tell it. It costs a hundredth of a
 * simulation, and so gets to turns of things that simulations seldom come to.
 */
import type { Json } from "../../src/base/json.ts";
import { reduce } from "../../src/engine/reduce.ts";
import { fromSnapshot, toSnapshot } from "../../src/engine/snapshot.ts";
import { initialState, type Job, type RunState } from "../../src/engine/state.ts";
import type { Expected, Tick, TickBody, Timer } from "../../src/engine/tick.ts";
import { isOpen } from "../../src/engine/wait.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import type { Event } from "../../src/workflow/event.ts";
import * as engine from "./engine-laws.ts";
import type { Breach } from "./judge.ts";
import * as laws from "./laws.ts";
import { engineIsAsTheModel } from "./model/law.ts";
import { Chance } from "./prng.ts";
import { timersAreNeverEarly } from "./promises.ts";
import { shapeOf, shapesCount } from "./shapes.ts";
import type { EntryOf, Scene, Story, Tale } from "./story.ts";
import { workloads } from "./workloads.ts";

const walksPerSeed = 2;

/** Laws that hold of the engine whatever it is told. */
export const engineBook: readonly (readonly [name: string, law: laws.Law])[] = [
  ["invariants hold", engine.invariantsHold],
  ["jobs are in one place", laws.jobsAreInOnePlace],
  ["workers are used", laws.workersAreUsed],
  ["resume is outstanding", laws.resumeIsOutstanding],
  ["the end is final", laws.endIsFinal],
  ["facts count once", engine.factsCountOnce],
  ["nobody answers unasked", engine.nobodyAnswersUnasked],
  ["catches are counted", engine.catchesAreCounted],
  ["events reach their takers", engine.eventsReachTheirTakers],
  ["joins lose nothing", engine.joinsLoseNothing],
  ["joins know the end", engine.joinsKnowTheEnd],
  ["buffers add up", engine.buffersAddUp],
  ["asking is seen", engine.askingIsSeen],
  ["timers are never early", timersAreNeverEarly],
  ["the engine is as the model", engineIsAsTheModel],
];

/** The law that a walk of a seed breaks, if one does. */
export function walk(seed: number): Breach | undefined {
  const chance = new Chance(seed);
  for (let count = 0; count < walksPerSeed; count++) {
    const breach = walkOnce(chance);
    if (breach) return breach;
  }
  return undefined;
}

/** A tale of one run that nobody has stored. */
export function newTale(definition: Definition): Tale {
  const [workload] = workloads;
  if (!workload) throw new Error("There are workloads.");
  return {
    ...{ id: 0, run: "walk", handler: "h", definition, workload, scenes: [], states: [] },
    ...{ commits: [], state: initialState(definition), isDeleted: false, isAgain: false },
  };
}

export function playTick(run: Tale, tick: Tick): Scene {
  const { state, events, commands } = reduce(run.definition, run.state, tick);
  const commit = {} as EntryOf<"committed">; // No law of the engine looks at it.
  return { run, tick, before: run.state, after: state, events, commands, index: 0, commit };
}

// ---

function walkOnce(chance: Chance): Breach | undefined {
  try {
    const { tale, told } = makeTale(chance, shapeOf(chance.below(shapesCount)));
    const whole = new Map([["walk", { ...tale, scenes: told }]]);
    const story = { runs: new Map([["walk", tale]]), scenes: tale.scenes, sights: [] };
    for (const [law, check] of engineBook) {
      // What a tick must not do is seen by the model alone.
      const isAll = check === engineIsAsTheModel;
      // All that laws of the engine read.
      const reason = check((isAll ? { ...story, runs: whole } : story) as unknown as Story);
      if (reason !== undefined) return { law, reason: `in its walk: ${reason}` };
    }
  } catch (error) {
    return { law: "nothing broke", reason: `in its walk: ${String(error)}` };
  }
  return undefined;
}

/** `told`: also what has left the state as it was. */
function makeTale(
  chance: Chance,
  definition: Definition,
): { readonly tale: Tale; readonly told: Scene[] } {
  const tale = newTale(definition);
  const told: Scene[] = [];
  const timers: { readonly timer: Timer; readonly at: number }[] = [];
  let at = 1_000;
  const tell = (body: TickBody): void => {
    const scene = playTick(tale, { ...body, at });
    told.push(scene);
    if (scene.after === scene.before && scene.events.length === 0) return;
    tale.scenes.push(scene);
    tale.state = scene.after;
    for (const command of scene.commands) if (command.kind === "set_timer") timers.push(command);
  };
  tell(startOf(chance));
  for (let count = chance.between(10, 70); count > 0; count--) {
    at += chance.pick([0, 0, 1, 5, 20]);
    if (chance.happens(0.15) && timers.length > 0) {
      const { timer, at: due } = chance.pick(timers);
      // Mostly when it is due; now and then it comes early.
      if (chance.happens(0.8)) at = Math.max(at, due);
      tell({ kind: "timer_fired", timer });
    } else tell(anyTick(chance, tale.state));
    if (chance.happens(0.05)) restore(tale);
  }
  return { tale, told };
}

/** What comes back from a snapshot is what was put into it. */
function restore(tale: Tale): void {
  const stored = JSON.parse(JSON.stringify(toSnapshot(tale.state))) as Json;
  const state = fromSnapshot(tale.definition, stored);
  if (!Bun.deepEquals(state, tale.state)) throw new Error("A snapshot is another state.");
}

function startOf(chance: Chance): TickBody {
  const event = { type: "StartEvent", data: {} };
  const isQueued = chance.happens(0.2);
  return { kind: "run_started", event, store: { list: [1, 2], own: {} }, isQueued, parent: null };
}

function anyTick(chance: Chance, state: RunState): TickBody {
  const jobs = Object.values(state.steps).flatMap(({ queue, running, delayed, waiting }) => {
    // Those at work come up most often.
    return [...queue, ...running, ...running, ...running, ...running, ...delayed, ...waiting];
  });
  if (jobs.length > 0 && chance.happens(0.8)) return tickOfJob(chance, chance.pick(jobs));
  const target = chance.happens(0.3) ? chance.pick(Object.keys(state.steps)) : null;
  const edited = jobs.length > 0 && chance.happens(0.5) ? chance.pick(jobs) : undefined;
  const from = { runId: "r", handlerId: "h", sequence: 3 };
  const kind = chance.weighted({ event: 12, admitted: 2, again: 0.5, fork: 0.6, end: 0.3 });
  if (kind === "event") return { kind: "event_received", event: anyEvent(chance), target };
  if (kind === "admitted") return { kind: "run_admitted" };
  if (kind === "again") return startOf(chance);
  if (kind === "fork") {
    const edit = edited && { step: edited.step, job: edited.id, event: anyEvent(chance) };
    return { kind: "run_forked", from, edited: edit ?? null };
  }
  return chance.happens(0.5)
    ? { kind: "cancel_requested" }
    : { kind: "run_quarantined", crashes: 3 };
}

function tickOfJob(chance: Chance, { step, id: job, attempt, waits }: Job): TickBody {
  const of = {
    step,
    job,
    attempt: chance.happens(0.93) ? attempt : attempt + chance.pick([-1, 1]),
  };
  const failure = { name: "Error", message: "It failed." };
  const target = chance.happens(0.3) ? step : null;
  const runId = chance.pick(["child1", "child2"]);
  const kind = chance.weighted({
    ...{ succeeded: 10, failed: 5, sent: 3, written: 1, collected: 4, wait: 6, timeout: 2 },
    ...{ effect: 2, state: 2, child: 1, shown: 1.5, retry: 1 },
  });
  switch (kind) {
    case "succeeded": {
      const isFanOut = chance.happens(0.5);
      const count = isFanOut ? chance.below(4) : chance.below(2);
      const events = Array.from({ length: count }, () => anyEvent(chance, 0.04));
      return { kind: "step_succeeded", events, isFanOut, ...of };
    }
    case "failed":
      return { kind: "step_failed", failure, retryAt: chance.pick([null, 0, 1_050, 1_200]), ...of };
    case "sent":
      return { kind: "event_sent", event: anyEvent(chance), target, ...of };
    case "written":
      return { kind: "event_written", event: anyEvent(chance), ...of };
    case "collected": {
      const expected = chance.pick<Expected>([
        ["A", "B"],
        ["A", "A"],
        ["B", { type: "A", count: 2 }],
        ["A", "B", "A"],
        ["C"],
      ]);
      const buffer = chance.pick(["one", "toString"]);
      return { kind: "event_collected", event: anyEvent(chance), buffer, expected, ...of };
    }
    case "wait":
      return waitOf(chance, of);
    case "timeout": {
      const wait = waits.find(isOpen)?.id ?? "w1";
      return { kind: "timer_fired", timer: { kind: "wait", step, job, wait } };
    }
    case "retry":
      return { kind: "timer_fired", timer: { kind: "retry", step, job } };
    case "effect": {
      const key = chance.pick(["k", "toString"]);
      return { kind: "effect_returned", key, value: chance.below(9), ...of };
    }
    case "child": {
      return { kind: "child_started", runId, handlerId: runId, workflowName: "w", ...of };
    }
    case "shown":
      return { kind: "child_shown", runId, sequence: chance.below(4), envelope: "{}", ...of };
    default:
      return { kind: "state_changed", changes: [changeOf(chance), changeOf(chance)], ...of };
  }
}

function waitOf(
  chance: Chance,
  of: { readonly step: string; readonly job: number; readonly attempt: number },
): TickBody {
  const prompt = chance.happens(0.3) ? { type: "Ask", data: {} } : null;
  const where = chance.happens(0.4) ? { k: chance.below(2) } : null;
  const deadlineAt = chance.pick([null, null, 1_030, 1_300]);
  const type = chance.pick(["Answer", "Answer", "A"]);
  const wait = chance.pick(["w1", "w2", "w3"]);
  return { kind: "wait_opened", wait, type, where, prompt, deadlineAt, ...of };
}

function changeOf(chance: Chance): { readonly path: readonly string[]; readonly value?: Json } {
  const path = chance.pick([
    ["a"],
    ["own", "x"],
    ["list", "0"],
    ["list", "-1", "y"],
    ["list", "7"],
  ]);
  if (chance.happens(0.2)) return { path };
  return { path, value: chance.pick<Json>([1, "text", null, { deep: [1] }]) };
}

function anyEvent(chance: Chance, stops = 0): Event {
  const type = chance.happens(stops)
    ? "StopEvent"
    : chance.pick(["A", "A", "B", "B", "C", "D", "Answer", "Ask", "Shown"]);
  return { type, data: { k: chance.below(2) } };
}
