/**
 * What may happen next, as long as anything may go wrong. An action that makes no sense now does
 * nothing, and says so.
 */
import { drainMicrotasks } from "bun:jsc";

import type { JsonObject } from "../../src/base/json.ts";
import { HumanResponseEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { defineEvent } from "../../src/workflow/event.ts";
import { isOpen } from "../../src/engine/wait.ts";
import { jobPlaces } from "../../src/engine/state.ts";
import type { ActionName } from "./plan.ts";
import type { Process } from "./process.ts";
import { follow } from "./followers.ts";
import { branch } from "./forks.ts";
import { Reader } from "./reader.ts";
import { visit } from "./visits.ts";
import { type KnownRun, marked, type World } from "./world.ts";

/** Returns false if it has done nothing. */
type Action = (world: World) => boolean;

export const actions: Readonly<Record<ActionName, Action>> = {
  gate: (world) => {
    const { gates, chance, plan } = world;
    if (gates.length === 0) return false;
    const { process, gate } = chance.pick(gates);
    process.open(gate, chance.weighted(plan.openings));
    return true;
  },
  turn: ({ clock, chance }) => {
    if (clock.turnCount === 0) return false;
    // Mostly all that wait, as an event loop does it.
    for (let count = chance.happens(0.6) ? clock.turnCount : 1; count > 0; count--) clock.turn();
    return true;
  },
  fire: ({ clock, chance }) => {
    if (clock.dueCount === 0) return false;
    // No platform fires a timer while anything can still go on without one.
    drainMicrotasks();
    const { dueCount } = clock;
    if (dueCount === 0) return true;
    clock.fire(chance.happens(0.8) ? 0 : chance.below(dueCount));
    return true;
  },
  advance: (world) => {
    const { nextAt, now } = world.clock;
    if (nextAt === null || nextAt <= now) return false;
    world.moveTo(nextAt);
    return true;
  },
  jump: (world) => {
    const { chance, clock } = world;
    const by = chance.pick([1, 500, 3_000, 60_000, 86_400_000]);
    world.moveTo(clock.now + (chance.happens(0.4) ? -by : by));
    return true;
  },
  start: (world) => {
    const { chance, serving, plan } = world;
    if (world.starts >= plan.runsMax || serving.length === 0) return false;
    // A handler may have had runs before, or have one that is still under way.
    const handler = `h${chance.below(world.starts + 2)}`;
    world.start(chance.pick(serving), chance.pick(world.workloads), handler);
    return true;
  },
  repeat: (world) => {
    const { chance, requests, serving } = world;
    if (requests.length === 0 || serving.length === 0 || world.starts > 12) return false;
    world.repeat(chance.pick(serving), chance.pick(requests));
    return true;
  },
  fork: (world) => {
    if (world.starts > 8) return false;
    return withRun(world, (process, run) => {
      if (run.state.parent === null) world.fork(process, run);
    });
  },
  branch,
  send: (world) => withRun(world, send),
  cancel: (world) => withRun(world, (process, run) => world.cancel(process, run)),
  watch: (world) =>
    withRun(world, (process, { run }) =>
      world.ask(process, { what: "end", run }, () => process.runtime.ended(run)),
    ),
  follow,
  delete: (world) =>
    withRun(world, (process, { run, handler }) =>
      world.ask(process, { what: "delete", run }, () => process.runtime.delete(handler)),
    ),
  read: (world) => withRun(world, read),
  visit,
  leave: ({ readers, chance }) => {
    const attached = readers.filter((reader) => reader.isAttached);
    if (attached.length === 0) return false;
    const reader = chance.pick(attached);
    if (reader.isSlow) reader.goOn();
    else reader.detach();
    return true;
  },
  crash: ({ living, chance }) => {
    if (living.length === 0) return false;
    chance.pick(living).die("at any time");
    return true;
  },
  restart: ({ serving, chance }) => {
    if (serving.length === 0) return false;
    chance.pick(serving).close();
    return true;
  },
  cut: (world) => {
    const { disk } = world;
    disk.isCutOff = !disk.isCutOff;
    world.record({ kind: "cut", isCutOff: disk.isCutOff });
    return true;
  },
  steal: (world) => {
    if (world.living.length !== 1) return false;
    world.boot();
    return true;
  },
};

/** An event for each wait that is open, and for each that the workload knows of. */
export function send(process: Process, run: KnownRun, world: World): void {
  const { chance } = world;
  const sent = world.lastSent.get(run.run);
  if (sent && chance.happens(0.12)) return world.send(process, run, sent.event, sent.mark, null);
  const mark = world.nextMark();
  const { type, data } = chance.happens(0.1)
    ? { type: chance.pick([Stray, StopEvent]), data: {} }
    : chooseType(run, world);
  const event = marked(type, data, mark);
  const steps = [...run.definition.steps.values()];
  const takers = steps.filter((step) => [...step.accepts, ...step.waits].includes(event.type));
  const isTargeted = chance.happens(0.2);
  const target = isTargeted ? chance.pick(chance.happens(0.8) && takers[0] ? takers : steps) : null;
  world.send(process, run, event, mark, target?.name ?? null);
}

// ---

/** Of a workload that nobody knows. */
const Stray = HumanResponseEvent.extend("Stray", {});
const Unknown = defineEvent("Unknown", {});

function chooseType(run: KnownRun, { chance }: World) {
  const waits = Object.values(run.state.steps)
    .flatMap((step) => jobPlaces.flatMap((place) => step[place]))
    .flatMap((job) => job.waits.filter(isOpen));
  if (waits.length > 0 && chance.happens(0.7)) {
    const wait = chance.pick(waits);
    const type = run.definition.eventTypes.get(wait.type) ?? Unknown;
    return { type, data: chance.happens(0.85) ? (wait.where ?? {}) : {} };
  }
  const data: JsonObject = chance.happens(0.3) ? { topic: "blue" } : {};
  return { type: chance.pick(run.workload.outside), data };
}

function withRun(
  world: World,
  act: (process: Process, run: KnownRun, world: World) => void,
): boolean {
  const { chance, serving, runs } = world;
  const known = [...runs.values()];
  if (known.length === 0 || serving.length === 0) return false;
  const running = known.filter(({ state }) => state.status === "running");
  // Mostly a run that goes on; now and then one that has ended.
  const run = chance.pick(running.length > 0 && chance.happens(0.85) ? running : known);
  act(chance.pick(serving), run, world);
  return true;
}

function read(process: Process, { run }: KnownRun, world: World): void {
  const { chance, readers } = world;
  const away = readers.filter((reader) => !reader.isAttached && !reader.isDone);
  const isSlow = (): boolean => !world.disk.isCalm && chance.happens(0.2);
  if (away.length > 0 && chance.happens(0.6)) return chance.pick(away).attach(process, isSlow);
  if (readers.length >= (world.plan.isFollowed ? 12 : 6)) return;
  const last = world.recordOf(run)?.lastSequence ?? -1;
  const after = chance.pick([-1, -1, -1, chance.between(-1, last + 1)]);
  const reader = new Reader(readers.length + 1, run, after);
  readers.push(reader);
  reader.attach(process, isSlow);
}
