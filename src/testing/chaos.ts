/**
 * Chaos: a workflow is run over and over, and each time its process is killed somewhere else and
 * started again. A step that was under way is then worked on again, from its start. If the run
 * comes to something else than without the kill, or leaves another mark on the world, that step is
 * not safe to repeat: what it does outside of `ctx.run` happens twice.
 */
import { isDeepStrictEqual } from "node:util";

import { WorkflowError } from "../base/errors.ts";
import { systemClock } from "../base/clock.ts";
import { isIdle, isWorking, type RunState } from "../engine/state.ts";
import { chanceOf } from "../runtime/chance.ts";
import { Runtime } from "../runtime/runtime.ts";
import type { StartInput, Workflow } from "../runtime/workflow.ts";
import { MemoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";
import { toStartEvent } from "../workflow/definition.ts";
import type { AnyEventType, Event } from "../workflow/event.ts";
import type { Entries } from "../workflow/schema.ts";
import { createCrashingStore, type Death } from "./crashing-store.ts";
import { TestClock } from "./test-clock.ts";

export interface ChaosOptions<Input> {
  readonly input?: Input;
  /** How many kills to try. Default 100. */
  readonly seeds?: number;
  /** Tries this one only, as a report names it. */
  readonly seed?: number;
  /** What the outside sends, one after another, whenever the run waits for it. */
  readonly answers?: readonly Event[];
  /** Called before each run: sets the world back. */
  readonly reset?: () => void;
  /** Called after each run: what the run has left in the world, as data. */
  readonly observe?: () => unknown;
}

export interface UnsafeStep {
  readonly step: string;
  /** Pass it as `seed` to see this kill again. */
  readonly seed: number;
  readonly reason: string;
}

export interface ChaosReport {
  readonly seeds: number;
  /** How many of them killed a process; the others would have come after the end. */
  readonly kills: number;
  /** Each step once, with the first kill that has shown it. */
  readonly unsafe: readonly UnsafeStep[];
}

/** Throws what the workflow throws when nothing is killed: it has to work by itself first. */
export async function chaos<S extends Entries, A extends AnyEventType, E extends AnyEventType>(
  workflow: Workflow<S, A, E>,
  options: ChaosOptions<StartInput<A>> = {},
): Promise<ChaosReport> {
  const calm = await live(workflow, options, null);
  const seeds =
    options.seed === undefined
      ? Array.from({ length: options.seeds ?? 100 }, (_, index) => index)
      : [options.seed];
  const unsafe = new Map<string, UnsafeStep>();
  let kills = 0;
  for (const seed of seeds) {
    const outcome = await live(workflow, options, toDeath(seed, calm.writes));
    if (outcome.underWay === null) continue;
    kills++;
    const reason = differenceOf(calm, outcome);
    if (reason === null) continue;
    for (const step of outcome.underWay) {
      if (!unsafe.has(step)) unsafe.set(step, { step, seed, reason });
    }
  }
  return { seeds: seeds.length, kills, unsafe: [...unsafe.values()] };
}

// ---

interface Outcome {
  readonly status: string;
  readonly result: string | null;
  readonly error: string | null;
  readonly world: unknown;
  readonly writes: number;
  /** Steps that were worked on when the process was killed; null: it was not. */
  readonly underWay: readonly string[] | null;
}

/** A whole life of a run: one process, or two if the first is killed. */
async function live<S extends Entries, A extends AnyEventType, E extends AnyEventType>(
  workflow: Workflow<S, A, E>,
  options: ChaosOptions<StartInput<A>>,
  death: Death | null,
): Promise<Outcome> {
  options.reset?.();
  const disk = new MemoryStore();
  const definition = workflow.define(workflow.title);
  const boot = (store: Store, clock: TestClock): Runtime => {
    const runtime = new Runtime({ store, clock, idleMs: null });
    runtime.register(workflow, definition);
    return runtime;
  };
  const answers = options.answers ?? [];
  const clock = new TestClock();
  const first = createCrashingStore(disk, death);
  const runtime = boot(first.store, clock);
  const runId = runtime.newRunId();
  const event = toStartEvent(definition, options.input);
  let underWay: readonly string[] | null = null;
  void first.died.then(() => (underWay = stepsUnderWay(runtime.inspect(runId)?.state)));
  const started = runtime.start({ workflowName: definition.name, event, runId });
  const ended = started.then(() => drive(runtime, clock, runId, answers));
  await Promise.race([ended, first.died]);
  if (underWay !== null) {
    const later = new TestClock(clock.now());
    await goOn(boot(disk, later), later, runId, answers);
  }
  const {
    status = "never started",
    result = null,
    error = null,
  } = (await disk.getRun(runId)) ?? {};
  const world: unknown = structuredClone(options.observe?.());
  return { status, result, error, world, writes: first.writeCount, underWay };
}

/** A second process, on what the first has left, if it has left anything. */
async function goOn(
  runtime: Runtime,
  clock: TestClock,
  runId: string,
  answers: readonly Event[],
): Promise<void> {
  const ticks = (await runtime.store.readTicks(runId)) as readonly { readonly kind?: string }[];
  if (ticks.length === 0) return;
  await runtime.open();
  // An answer that was stored is not sent again, although its sender was not told.
  const received = ticks.filter(({ kind }) => kind === "event_received").length;
  await drive(runtime, clock, runId, answers.slice(received));
}

/**
 * Real turns of the event loop that a run may take: the end of a chain of real waits, or a hang.
 */
const turnsMax = 100_000;

/**
 * Lets a run go on to its end: gives it answers when it waits, and moves the clock when it must.
 */
async function drive(
  runtime: Runtime,
  clock: TestClock,
  runId: string,
  answers: readonly Event[],
): Promise<void> {
  const left = [...answers];
  for (let turns = 0; turns < turnsMax; turns++) {
    await new Promise<void>((resolve) => systemClock.nextTurn(resolve));
    const run = await runtime.store.getRun(runId);
    if (run?.status !== "running") return;
    // A run that rests is not in memory after a restart: it waits like one that is idle.
    const inspected = runtime.inspect(runId);
    if (inspected && (!inspected.isSettled || isWorking(inspected.state))) continue;
    const answer = !inspected || isIdle(inspected.state) ? left.shift() : undefined;
    if (answer) await runtime.send(run, answer, null);
    else if (!clock.step(clock.nextAt ?? clock.now())) {
      throw new WorkflowError(
        "run_failed",
        "The run waits, and nothing is left to move it. Put the events that it waits for into `answers`.",
      );
    }
  }
  throw new WorkflowError("run_failed", `The run did not end within ${turnsMax} turns.`);
}

function stepsUnderWay(state: RunState | undefined): readonly string[] {
  return Object.entries(state?.steps ?? {})
    .filter(([, { running, waiting }]) => running.length + waiting.length > 0)
    .map(([name]) => name);
}

/** Spread over the writes that the calm run has made, each before and after. */
function toDeath(seed: number, writes: number): Death {
  return {
    write: Math.floor(chanceOf(`write:${seed}`) * writes),
    isAfter: chanceOf(`after:${seed}`) < 0.5,
  };
}

function differenceOf(calm: Outcome, outcome: Outcome): string | null {
  if (outcome.status === "never started") return null; // Nobody was told that it had started.
  const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 120) ?? "nothing";
  if (outcome.status !== calm.status) {
    return `it ended as ${outcome.status} (${outcome.error}), not as ${calm.status}`;
  }
  if (outcome.result !== calm.result) {
    return `its result was ${show(outcome.result)}, not ${show(calm.result)}`;
  }
  if (!isDeepStrictEqual(outcome.world, calm.world)) {
    return `it left ${show(outcome.world)}, not ${show(calm.world)}`;
  }
  return null;
}
