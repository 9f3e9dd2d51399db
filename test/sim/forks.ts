/**
 * Those who fork: runs that work, rest, have children or have ended, at any event or beginning of a
 * step, with or without an event of their own, under a new handler or one that there is.
 */
import type { JsonObject } from "../../src/base/json.ts";
import type { ForkPoint } from "../../src/runtime/fork.ts";
import type { Event } from "../../src/workflow/event.ts";
import { jobsOf } from "./laws.ts";
import { isResting } from "./memory.ts";
import { type KnownRun, marked, type World } from "./world.ts";

/** What a run does that is forked. */
export type ForkedKind = "resting" | "ended" | "parent" | "queued" | "working";
export const forkedKinds: readonly ForkedKind[] = [
  "resting",
  "ended",
  "parent",
  "queued",
  "working",
];

/** More runs than that come of no seed by forks. */
const startsMax = 16;

export function branch(world: World): boolean {
  const { chance, serving, runs } = world;
  const known = [...runs.values()];
  if (serving.length === 0 || known.length === 0 || world.starts > startsMax) return false;
  const isOfKind = chance.pick(Object.values(kinds));
  const some = known.filter(isOfKind);
  const run = chance.pick(some.length > 0 ? some : known);
  const of = forkedKinds.find((kind) => kinds[kind](run)) ?? "working";
  const taken = known.filter(({ state }) => state.parent === null);
  const handler =
    chance.happens(0.25) && taken.length > 0 ? chance.pick(taken).handler : world.newFork();
  const point = choosePoint(world, run);
  if (!point) return false;
  const event = chance.happens(0.5) ? chooseEvent(world, run) : null;
  world.branch(chance.pick(serving), run, { of, point, handler, event });
  return true;
}

// ---

const kinds: Readonly<Record<ForkedKind, (run: KnownRun) => boolean>> = {
  resting: ({ state }) => isResting(state),
  ended: ({ state }) => state.status !== "running",
  parent: ({ state }) => state.children.length > 0,
  queued: ({ state }) => state.queued !== null,
  working: () => true,
};

function choosePoint(world: World, run: KnownRun): ForkPoint | undefined {
  const { chance } = world;
  const record = world.recordOf(run.run);
  if (!record) return undefined;
  if (chance.happens(0.4)) {
    const step = chance.pick([...run.definition.steps.keys()]);
    return chance.happens(0.5) ? { step } : { step, attempt: chance.between(1, 3) };
  }
  const { firstSequence: first, lastSequence: last } = record;
  return { sequence: chance.happens(0.3) ? last : chance.between(first, Math.max(first, last)) };
}

/**
 * The input of a job, marked, so that results stay what they are, or an event from outside. An input
 * that two steps take could get to the wrong one.
 */
function chooseEvent(world: World, { state, workload, definition }: KnownRun): Event {
  const { chance } = world;
  const n = world.nextMark();
  const steps = [...definition.steps.values()];
  const inputs = jobsOf(state)
    .flatMap(({ events, isBatch }) => (isBatch ? [] : events))
    .filter(({ type }) => steps.filter(({ accepts }) => accepts.includes(type)).length === 1);
  if (inputs.length === 0 || chance.happens(0.3)) {
    return marked(chance.pick(workload.outside), { topic: "blue" }, n);
  }
  const { type, data } = chance.pick(inputs);
  return { type, data: { ...(data as JsonObject), n } };
}
