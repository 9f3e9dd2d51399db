/**
 * One process of the server: the real runtime on its own view of the disk and of time, with the
 * step functions in its hands. When it dies, all of it is dropped; what it still does in its last
 * breath reaches nothing and nobody.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { Json } from "../../src/base/json.ts";
import type { Retention } from "../../src/runtime/retention.ts";
import { Runtime } from "../../src/runtime/runtime.ts";
import type { Store } from "../../src/store/store.ts";
import type { StepContext } from "../../src/workflow/context.ts";
import type { Definition, StepDefinition } from "../../src/workflow/definition.ts";
import type { Event } from "../../src/workflow/event.ts";
import type { Disk } from "./faults.ts";
import type { Opening } from "./plan.ts";
import type { Chance } from "./prng.ts";
import { mistakenOnPurpose, openGate } from "./opening.ts";
import type { SimClock } from "./clock.ts";
import type { Entry } from "./trace.ts";
import { Detour, type Simulated, type Workload } from "./workload.ts";

/** A step function under way, and what it waits for. */
export interface Call {
  /** Which of all that its process has made. */
  readonly number: number;
  readonly run: string;
  readonly step: StepDefinition;
  readonly job: number;
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** Waits of its job that had been answered before it was called. */
  readonly answered: number;
  /** Verbs of the context that it waits for, and how many of each. */
  readonly pending: Map<string, number>;
  readonly told: { writes: number; sends: number; sets: number };
}

/** Where a step function waits for the simulator. */
export interface Gate {
  readonly call: Call;
  readonly done: PromiseWithResolvers<void>;
  isHung: boolean;
}

/** The world as a process knows it. */
export interface Surroundings {
  readonly disk: Disk;
  readonly clock: SimClock;
  readonly chance: Chance;
  readonly workloads: readonly Workload[];
  readonly idleMs: number | null;
  readonly concurrency: number | null;
  readonly retention: Retention | null;
  record(entry: Entry): void;
  /** Whether a process dies now that a step function was called. */
  diesInStep(): boolean;
  /** Whether a process that dies is ended by a step that is under way in it. */
  endsItself(): boolean;
  nextMark(): number;
  /** How many waits of a job have been answered. */
  answersFor(run: string, job: number): number;
}

export class Process {
  readonly id: number;
  readonly clock: Clock;
  readonly runtime: Runtime;
  readonly store: Store;
  readonly knowsAll: boolean;
  readonly calls: Set<Call> = new Set();
  gates: Gate[] = [];
  isAlive = true;
  /** Whether it serves requests: its runtime has opened. */
  isOpen = false;
  /** Whether it could not open, or was closed. */
  isClosed = false;
  /** How often the world has settled since it was closed. */
  settles = 0;
  readonly #world: Surroundings;
  #callCount = 0;

  /** `unknown`: its workflows are not there. */
  constructor(id: number, world: Surroundings, unknown: Workload | null) {
    const { disk, clock, chance, idleMs, concurrency, retention } = world;
    this.id = id;
    this.#world = world;
    this.clock = clock.of(this);
    const { culprit = null, wasClosed } = disk;
    this.store = disk.mount(this);
    const { store } = this;
    this.runtime = new Runtime({
      store,
      clock: this.clock,
      random: chance,
      idleMs,
      concurrency,
      ...(retention && { retention }),
    });
    this.knowsAll = unknown === null;
    for (const workload of world.workloads) {
      if (workload === unknown) continue;
      const { parts } = workload;
      for (const { workflow, definition } of parts) {
        this.runtime.register(workflow, this.#bind(definition));
      }
    }
    this.record({ kind: "booted", process: id, culprit, wasClosed });
    const onOpen = (): void => {
      this.isOpen = true;
      this.record({ kind: "opened", process: id });
    };
    this.runtime.open().then(onOpen, () => this.die("while it opened"));
  }

  /** Notes what its code has done, as long as it lives. */
  record(entry: Entry): void {
    if (this.isAlive) this.#world.record(entry);
  }

  /** `call`: its step function ends the process. */
  die(where: string, call: Call | undefined = this.#lastWords()): void {
    if (!this.isAlive) return;
    const culprit = call && {
      runId: call.run,
      step: call.step.name,
      job: call.job,
      attempt: call.attempt,
    };
    if (!this.isClosed) this.#world.disk.culprit = culprit;
    this.record({ kind: "died", process: this.id, where, culprit: culprit ?? null });
    this.isAlive = false;
    this.isOpen = false;
    this.gates = [];
    this.calls.clear();
    this.#world.clock.drop(this);
  }

  /** Ends it in good order. */
  close(): void {
    this.isOpen = false;
    void this.runtime.close().then(() => {
      this.isClosed = true;
    });
  }

  /** A call that ends the process, if it is not killed. */
  #lastWords(): Call | undefined {
    return this.#world.endsItself() ? [...this.calls].at(-1) : undefined;
  }

  open(gate: Gate, opening: Opening): void {
    if (opening === "hang") {
      gate.isHung = true;
      return;
    }
    this.gates = this.gates.filter((other) => other !== gate);
    openGate(gate, opening, this.#world.chance);
  }

  // --- step functions

  /** The same definition, with functions that are called under observation. */
  #bind(definition: Definition): Definition {
    const steps = [...definition.steps].map(([name, step]) => {
      const run: StepDefinition["run"] = (input, context) => this.#call(step, input, context);
      return [name, { ...step, run }] as const;
    });
    return { ...definition, steps: new Map(steps) };
  }

  async #call(
    step: StepDefinition,
    input: Event | readonly Event[],
    context: StepContext,
  ): Promise<unknown> {
    const { runId: run, attempt, signal } = context;
    const job = Number(attempt.key.slice(run.length + 1));
    const answered = this.#world.answersFor(run, job);
    const pending = new Map<string, number>();
    const told = { writes: 0, sends: 0, sets: 0 };
    const number = ++this.#callCount;
    const about = { number, run, step, job, attempt: attempt.number, signal };
    const call: Call = { ...about, answered, pending, told };
    const at = this.#world.clock.now;
    this.record({ kind: "entered", at, ...this.#about(call) });
    if (this.#world.diesInStep()) this.die(`in step ${step.name}`, call);
    if (!this.isAlive) return new Promise(() => {});
    this.calls.add(call);
    let how = "returned";
    try {
      return await step.run(input, this.#context(call, context));
    } catch (thrown) {
      how = thrown instanceof Error ? thrown.name : "odd";
      if (thrown instanceof Detour) return thrown.returned;
      if (isMistake(thrown)) this.record({ kind: "broke", reason: `A verb threw ${thrown}` });
      throw thrown;
    } finally {
      this.calls.delete(call);
      this.record({ kind: "left", how, told: { ...call.told }, ...this.#about(call) });
    }
  }

  #context(call: Call, context: StepContext): StepContext {
    const simulated: Simulated = {
      gate: () => {
        const done = Promise.withResolvers<void>();
        if (this.isAlive) this.gates.push({ call, done, isHung: false });
        return done.promise;
      },
      mark: () => this.#world.nextMark(),
      report: (reason) => this.record({ kind: "broke", reason, run: call.run }),
    };
    const run = async (key: string, effect: () => unknown): Promise<unknown> => {
      const observed = (): unknown => {
        this.record({ kind: "effect_called", key, ...this.#about(call) });
        return effect();
      };
      const value = await this.#pending(call, "run", context.run(key, observed));
      this.record({ kind: "effect_kept", key, value: value as Json, ...this.#about(call) });
      return value;
    };
    const { told } = call;
    const verbs = {
      run,
      writeEventToStream: (...args: Parameters<StepContext["writeEventToStream"]>) => {
        context.writeEventToStream(...args);
        told.writes++;
      },
      sendEvent: (...args: Parameters<StepContext["sendEvent"]>) => {
        context.sendEvent(...args);
        told.sends++;
      },
      waitForEvent: (...args: Parameters<StepContext["waitForEvent"]>) =>
        this.#pending(call, "wait", context.waitForEvent(...args)),
      runWorkflow: (...args: Parameters<StepContext["runWorkflow"]>) =>
        this.#pending(call, "child", context.runWorkflow(...args)),
      store: {
        ...context.store,
        set: async (...args: Parameters<StepContext["store"]["set"]>) => {
          await context.store.set(...args);
          told.sets++;
        },
        edit: (...args: Parameters<StepContext["store"]["edit"]>) =>
          this.#pending(call, "edit", context.store.edit(...args)),
      },
    };
    return { ...context, ...simulated, ...verbs } as unknown as StepContext; // The same verbs.
  }

  async #pending<T>(call: Call, verb: string, promise: PromiseLike<T>): Promise<T> {
    const count = (by: number): void =>
      void call.pending.set(verb, (call.pending.get(verb) ?? 0) + by);
    count(1);
    try {
      return await promise;
    } finally {
      count(-1);
    }
  }

  #about({ number: call, run, step, job, attempt }: Call) {
    const isHolder = this.#world.disk.holds(this.id, run);
    return { process: this.id, run, step: step.name, job, attempt, call, isHolder };
  }
}

/** Nothing that a workload throws on purpose, but what code does that is wrong. */
function isMistake(thrown: unknown): boolean {
  if (thrown instanceof ReferenceError || thrown instanceof RangeError) return true;
  return thrown instanceof TypeError && thrown.message !== mistakenOnPurpose;
}
