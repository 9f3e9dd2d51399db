/**
 * Those who come to a run for nothing: what they want of it is refused, was had before, or can be
 * told without it. A run that rests is brought back for some of them, and has nothing to do then.
 */
import { HumanResponseEvent } from "../../src/workflow/builtin.ts";
import { isResting } from "./memory.ts";
import type { Process } from "./process.ts";
import { Reader } from "./reader.ts";
import { type KnownRun, marked, type World } from "./world.ts";

/** What somebody does who comes. */
type Visit = (process: Process, run: KnownRun, world: World) => void;

export type VisitName =
  "stranger" | "astray" | "again" | "unwanted" | "crowd" | "late" | "wait" | "look" | "read";

const visits: Readonly<Record<VisitName, Visit>> = {
  /** Sends an event that its workflow does not know. */
  stranger: (process, run, world) => {
    const mark = world.nextMark();
    world.send(process, run, marked(Unheard, {}, mark), mark, null);
  },
  /** Sends an event to a step that does not take it. */
  astray: (process, run, world) => {
    const { outside } = run.workload;
    const steps = [...run.definition.steps.values()];
    const pairs = steps.flatMap((step) =>
      outside.flatMap((type) =>
        [...step.accepts, ...step.waits].includes(type.type) ? [] : [{ step, type }],
      ),
    );
    if (pairs.length === 0) return;
    const { step, type } = world.chance.pick(pairs);
    const mark = world.nextMark();
    world.send(process, run, marked(type, { topic: "blue" }, mark), mark, step.name);
  },
  /** Sends what was sent last, once more. */
  again: (process, run, world) => {
    const sent = world.lastSent.get(run.run);
    if (sent) world.send(process, run, sent.event, sent.mark, null);
  },
  /** Sends an answer that nobody waits for. */
  unwanted: (process, run, world) => {
    const mark = world.nextMark();
    const type = world.chance.pick(run.workload.outside);
    world.send(process, run, marked(type, { topic: "of nobody" }, mark), mark, null);
  },
  /** Starts a run of a handler that has one. */
  crowd: (process, run, world) => {
    if (world.starts <= 12) world.start(process, run.workload, run.handler);
  },
  /** Cancels what has ended. */
  late: (process, run, world) => world.cancel(process, run),
  /** Waits for its end. */
  wait: (process, { run }, world) => {
    world.ask(process, { what: "end", run }, () => process.runtime.ended(run));
  },
  /** Looks at it. */
  look: (process, { run }, world) => {
    const record = world.recordOf(run);
    process.runtime.inspect(run);
    if (record) process.runtime.isAsking(record);
  },
  /** Reads its stream. */
  read: (process, { run }, world) => {
    if (world.readers.length >= 8) return;
    const reader = new Reader(world.readers.length + 1, run, -1);
    world.readers.push(reader);
    reader.attach(process, () => false);
  },
};

export const visitNames: readonly VisitName[] = Object.keys(visits) as VisitName[]; // Its names.

const beforeEnd: readonly VisitName[] = visitNames.filter((how) => how !== "late");
const afterEnd: readonly VisitName[] = ["stranger", "again", "late", "wait", "read"];

/** Of a workload that nobody knows. */
const Unheard = HumanResponseEvent.extend("Unheard", {});

/**
 * Somebody comes to a run: mostly to one that rests, or has ended, and is not in memory. Or nobody
 * comes, for as long as one that rests may stay there.
 */
export function visit(world: World): boolean {
  const { chance, serving, runs } = world;
  const known = [...runs.values()];
  if (serving.length === 0 || known.length === 0) return false;
  const process = chance.pick(serving);
  const isInMemory = ({ run }: KnownRun): boolean => process.runtime.inspect(run) !== undefined;
  const resting = known.filter(({ state }) => isResting(state));
  if (resting.some(isInMemory) && chance.happens(0.6)) return pass(world);
  const released = resting.filter((run) => !isInMemory(run));
  if (released.length === 0 && chance.happens(0.8)) return false;
  const isForAny = released.length === 0 || chance.happens(0.1);
  const run = chance.pick(isForAny ? known : released);
  const how = run.state.status === "running" ? chance.pick(beforeEnd) : chance.pick(afterEnd);
  const isAway = !isInMemory(run);
  world.record({ kind: "visited", process: process.id, run: run.run, how, isAway });
  visits[how](process, run, world);
  return true;
}

// ---

function pass(world: World): boolean {
  const { now, nextAt } = world.clock;
  const until = now + (world.plan.idleMs ?? 0);
  world.moveTo(Math.max(Math.min(nextAt ?? until, until), now));
  return true;
}
