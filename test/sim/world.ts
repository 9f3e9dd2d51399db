/**
 * Everything that there is in a simulation: time, the disk, the processes, those who read, and what
 * has been noted. It moves only when an action moves it.
 */
import { drainMicrotasks } from "bun:jsc";

import type { JsonObject } from "../../src/base/json.ts";
import { reduce } from "../../src/engine/reduce.ts";
import { initialState, type RunState } from "../../src/engine/state.ts";
import type { Tick } from "../../src/engine/tick.ts";
import { isOpen } from "../../src/engine/wait.ts";
import type { Retention } from "../../src/runtime/retention.ts";
import type { ForkPoint } from "../../src/runtime/fork.ts";
import type { StartRequest } from "../../src/runtime/runtime.ts";
import type { RunRecord } from "../../src/store/store.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import type { Event } from "../../src/workflow/event.ts";
import { SimClock } from "./clock.ts";
import { Disk } from "./faults.ts";
import type { Follower } from "./followers.ts";
import type { ForkedKind } from "./forks.ts";
import { jobsOf } from "./laws.ts";
import { Memory } from "./memory.ts";
import { Outages } from "./outages.ts";
import type { Plan } from "./plan.ts";
import type { Chance } from "./prng.ts";
import { type Gate, Process, type Surroundings } from "./process.ts";
import { Reader } from "./reader.ts";
import type { Entry, Stored, Trace } from "./trace.ts";
import type { Workload } from "./workload.ts";
import { workloads } from "./workloads.ts";

/** How somebody wants a fork. */
export interface Branch {
  readonly of: ForkedKind;
  readonly point: ForkPoint;
  readonly handler: string;
  /** To be worked on instead of another, or sent in. */
  readonly event: Event | null;
}

/** A run that was created at some time. */
export interface KnownRun {
  readonly run: string;
  readonly handler: string;
  readonly definition: Definition;
  readonly workload: Workload;
  commits: number;
  /** Of all its ticks. */
  state: RunState;
}

export class World implements Surroundings {
  readonly seed: number;
  readonly plan: Plan;
  readonly chance: Chance;
  readonly clock: SimClock = new SimClock();
  readonly disk: Disk;
  readonly workloads: readonly Workload[];
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly entries: Entry[] = [];
  readonly processes: Process[] = [];
  readonly readers: Reader[] = [];
  readonly followers: Follower[] = [];
  readonly runs: Map<string, KnownRun> = new Map();
  /** The last event that was sent into each run. */
  readonly lastSent: Map<string, { readonly event: Event; readonly mark: number }> = new Map();
  /** Starts that were asked for. */
  readonly requests: StartRequest[] = [];
  starts = 0;
  #requests = 0;
  #marks = 0;
  /** Handlers and runs that somebody wanted to delete: they may have stopped for it. */
  readonly #doomed = new Set<string>();
  /** States that were noted, by run. */
  readonly #noted = new Map<string, RunState>();
  readonly #memory = new Memory(this.clock, (entry) => this.record(entry));
  readonly #outages = new Outages(this.clock, (entry) => this.record(entry));

  constructor(seed: number, plan: Plan, chance: Chance) {
    this.seed = seed;
    this.plan = plan;
    this.chance = chance;
    this.disk = new Disk(plan, chance, (entry) => this.record(entry));
    this.workloads = workloads.filter(({ name }) => plan.workloads.includes(name));
    const parts = this.workloads.flatMap((workload) => workload.parts);
    this.definitions = new Map(parts.map(({ definition }) => [definition.name, definition]));
  }

  get idleMs(): number | null {
    return this.plan.idleMs;
  }

  get concurrency(): number | null {
    return this.plan.concurrency;
  }

  /** In the calm everything stays. */
  get retention(): Retention | null {
    return this.disk.isCalm ? null : this.plan.retention;
  }

  get living(): readonly Process[] {
    return this.processes.filter((process) => process.isAlive && !process.isClosed);
  }

  /** Those that serve requests. */
  get serving(): readonly Process[] {
    return this.living.filter((process) => process.isOpen);
  }

  get gates(): readonly { readonly process: Process; readonly gate: Gate }[] {
    return this.living.flatMap((process) =>
      process.gates.filter((gate) => !gate.isHung).map((gate) => ({ process, gate })),
    );
  }

  record(entry: Entry): void {
    this.entries.push(entry);
    if (entry.kind === "deleted") for (const run of entry.runs) this.runs.delete(run);
    if (entry.kind !== "committed") return;
    const { run, created, commit } = entry;
    if (created) this.#learn(run, created.workflow, created.handler);
    const known = this.runs.get(run);
    if (!known) return;
    known.commits += 1;
    for (const tick of commit.ticks as unknown as readonly Tick[]) {
      known.state = reduce(known.definition, known.state, tick).state;
    }
  }

  diesInStep(): boolean {
    return !this.disk.isCalm && this.chance.happens(this.plan.death / 2);
  }

  endsItself(): boolean {
    return this.chance.happens(this.plan.exit);
  }

  answersFor(run: string, job: number): number {
    const { state } = this.runs.get(run) ?? {};
    const waits = state && jobsOf(state).find(({ id }) => id === job)?.waits;
    return waits?.filter((wait) => !isOpen(wait)).length ?? 0;
  }

  nextMark(): number {
    return ++this.#marks;
  }

  boot(): Process {
    const { chance, plan, disk } = this;
    const forgets = !disk.isCalm && chance.happens(plan.forgets);
    const unknown = forgets ? chance.pick(this.workloads) : null;
    const process = new Process(this.processes.length + 1, this, unknown);
    this.processes.push(process);
    return process;
  }

  moveTo(at: number): void {
    this.clock.moveTo(at);
    this.record({ kind: "moved", at: this.clock.now });
  }

  /** Lets everything happen that needs neither time nor a turn, and notes where runs have come to. */
  settle(): void {
    const { disk } = this;
    drainMicrotasks();
    for (const process of this.processes)
      if (process.isAlive && process.isClosed) this.#bury(process);
    for (const process of this.serving) {
      this.#note(process);
      for (const run of this.runs.keys()) this.#memory.look(process, run);
      if (this.plan.isFollowed) this.#noteQuiet(process);
      if (this.plan.weights.cut === 0) continue;
      this.#outages.look(process, disk.isCutOff && !disk.isCalm, this.runs.values());
    }
  }

  recordOf(run: string): RunRecord | undefined {
    return peek(this.disk.data.getRun(run));
  }

  /** A request of the outside, answered some time, or never if the process dies before. */
  ask(
    process: Process,
    facts: Pick<Extract<Entry, { kind: "asked" }>, "what" | "run"> & {
      readonly mark?: number;
      readonly key?: string;
    },
    call: () => Promise<unknown>,
  ): number {
    const request = ++this.#requests;
    const { what, run, mark = null, key = null } = facts;
    if (what === "delete") this.#doom(run);
    this.record({ kind: "asked", request, process: process.id, what, run, mark, key });
    this.#memory.asked(process.id, run);
    const answer = (value: unknown, error: string | null): void => {
      this.#memory.asked(process.id, run);
      process.record({ kind: "answered", request, value, error });
    };
    call().then(
      (value) =>
        answer(isRun(value) ? value.runId : typeof value === "boolean" ? value : null, null),
      (error: unknown) => answer(null, codeOf(error)),
    );
    return request;
  }

  start(process: Process, workload: Workload, handler: string): void {
    const run = `r${++this.starts}`;
    const definition = workload.parts.at(-1)?.definition;
    if (!definition) return;
    const event = definition.startType.parse(workload.input(this.chance));
    const { name: workflowName } = definition;
    const key = `key of ${run}`;
    const idempotency = { key, fingerprint: workflowName };
    const request: StartRequest = {
      workflowName,
      event,
      runId: run,
      handlerId: handler,
      ...(this.plan.weights.repeat > 0 && { idempotency }),
    };
    this.requests.push(request);
    this.#askToStart(process, request);
  }

  /** The same request again, as a caller makes it who has not heard of the first. */
  repeat(process: Process, request: StartRequest): void {
    this.#askToStart(process, { ...request, runId: `r${++this.starts}` });
  }

  fork(process: Process, run: KnownRun): void {
    const record = this.recordOf(run.run);
    if (!record) return;
    const { firstSequence, lastSequence } = record;
    const sequence = this.chance.between(firstSequence, Math.max(firstSequence, lastSequence));
    const handlerId = `fork${++this.starts}`;
    this.ask(process, { what: "fork", run: run.run }, () =>
      process.runtime.fork(record, { point: { sequence }, handlerId }),
    );
  }

  /** A handler id that no fork has had. */
  newFork(): string {
    return `fork${++this.starts}`;
  }

  /** As whoever looks the run up first, and forks what is found. */
  branch(process: Process, { run }: KnownRun, wanted: Branch): void {
    const { point, handler, event } = wanted;
    const facts = { what: "fork", run } as const;
    const request = this.ask(process, facts, async () => {
      const record = await process.store.getRun(run);
      if (!record) return null;
      const about = { point, handlerId: handler, ...(event && { event }) };
      return process.runtime.fork(record, about);
    });
    this.record({ kind: "branched", request, run, ...wanted });
  }

  send(process: Process, run: KnownRun, event: Event, mark: number, target: string | null): void {
    const record = this.recordOf(run.run);
    if (!record) return;
    this.lastSent.set(run.run, { event, mark });
    this.ask(process, { what: "send", run: run.run, mark }, () =>
      process.runtime.send(record, event, target),
    );
  }

  cancel(process: Process, { run }: KnownRun): void {
    const record = this.recordOf(run);
    if (!record) return;
    this.ask(process, { what: "cancel", run }, () => process.runtime.cancel(record));
  }

  toTrace(): Trace {
    const { seed, plan, entries, definitions } = this;
    const stored = new Map<string, Stored>();
    for (const run of this.runs.keys()) {
      const record = this.recordOf(run);
      const ticks = peek(this.disk.data.readTicks(run));
      const events = peek(this.disk.data.readEvents(run, -1, Infinity));
      if (record) stored.set(run, { record, ticks, events });
    }
    return { seed, plan, entries, definitions, workloads: this.workloads, stored };
  }

  // ---

  #askToStart(process: Process, request: StartRequest): void {
    const { runId: run = "", idempotency } = request;
    const facts = { what: "start", run, ...(idempotency && { key: idempotency.key }) } as const;
    this.ask(process, facts, () => process.runtime.start(request));
  }

  #learn(run: string, workflow: string, handler: string): void {
    const definition = this.definitions.get(workflow);
    const workload = this.workloads.find(({ parts }) =>
      parts.some((part) => part.definition.name === workflow),
    );
    if (!definition || !workload) throw new Error(`No workload has \`${workflow}\`.`);
    const state = initialState(definition);
    this.runs.set(run, { run, handler, definition, workload, commits: 0, state });
  }

  /** A process that was closed is looked at for a while: nothing of it may go on. */
  #bury(process: Process): void {
    const timers = this.clock.timersOf(process);
    if (process.settles === 0) process.record({ kind: "closed", process: process.id, timers });
    if (++process.settles < 5) return;
    process.record({ kind: "closed", process: process.id, timers });
    process.die("after it was closed");
  }

  /** Nothing is on its way any more, to the store or to whoever follows. */
  #noteQuiet({ id: process }: Process): void {
    const { now: at, turnCount, dueCount } = this.clock;
    if (turnCount > 0 || this.entries.at(-1)?.kind === "quiet") return;
    const followers = this.followers.filter((follower) => follower.hasAll(process));
    const ids = followers.map(({ id }) => id);
    this.record({ kind: "quiet", process, at, isDue: dueCount > 0, followers: ids });
  }

  #doom(run: string): void {
    const handler = this.runs.get(run)?.handler ?? "";
    for (const other of this.runs.values()) {
      if (other.handler === handler) this.#doomed.add(other.run);
    }
    this.#doomed.add(handler);
  }

  /** Its handler is to go, or that of the run that has started it. */
  #isDoomed(run: string, handler: string): boolean {
    const doomed = [...this.#doomed];
    return doomed.some((id) => id === handler || id === run || run.startsWith(`${id}.`));
  }

  #note(process: Process): void {
    for (const { run, handler, commits } of this.runs.values()) {
      if (this.#isDoomed(run, handler)) continue;
      const seen = process.runtime.inspect(run);
      if (!seen?.isSettled || seen.state === this.#noted.get(run)) continue;
      if (!this.disk.holds(process.id, run)) continue;
      this.#noted.set(run, seen.state);
      this.record({ kind: "settled", process: process.id, run, commits, state: seen.state });
    }
  }
}

/** An event as the outside makes it, which knows its own by a number. */
export function marked(event: { parse(data: unknown): Event }, data: JsonObject, n: number): Event {
  return event.parse({ ...data, n });
}

// ---

/** The data in memory is there at once, behind a promise or not. */
function peek<T>(promise: Promise<T>): T {
  return Bun.peek(promise) as T;
}

function isRun(value: unknown): value is { readonly runId: string } {
  return typeof value === "object" && value !== null && "runId" in value;
}

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown } | undefined)?.code ?? error);
}
