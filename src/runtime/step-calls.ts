/** The calls of a run's step functions: begun as its loop orders, answered, and ended with it. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { findJob } from "../engine/state.ts";
import type { Tick } from "../engine/tick.ts";
import type { RunSummary } from "../store/store.ts";
import type { ChildPorts } from "./child-ports.ts";
import { Invocation, type InvocationPorts } from "./invocation.ts";
import type { Loop } from "./loop.ts";
import { ResourcePool } from "./resources.ts";
import { runStep } from "./run-step.ts";

/** What is the same for all runs. */
export interface StepCallsPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Resources that live as long as the server. */
  readonly resources: ResourcePool;
  readonly children: ChildPorts;
  /** The whole story of a run, as it is stored. */
  readTicks(runId: string): Promise<readonly Tick[]>;
}

export class StepCalls implements InvocationPorts {
  readonly loop: Loop;
  readonly runId: string;
  readonly handlerId: string;
  readonly #ports: StepCallsPorts;
  #resources: ResourcePool;
  /** By job. */
  readonly #invocations = new Map<number, Invocation>();
  /** Of functions that have not ended yet. */
  readonly #endings = new Set<Promise<void>>();
  #edits: Promise<unknown> | undefined;

  constructor(loop: Loop, { runId, handlerId }: RunSummary, ports: StepCallsPorts) {
    this.loop = loop;
    this.runId = runId;
    this.handlerId = handlerId;
    this.#ports = ports;
    this.#resources = new ResourcePool("run", ports.resources, ports.log);
  }

  get clock(): Clock {
    return this.#ports.clock;
  }

  get log(): Log {
    return this.#ports.log;
  }

  get children(): ChildPorts {
    return this.#ports.children;
  }

  get resources(): ResourcePool {
    return this.#resources;
  }

  readTicks(): Promise<readonly Tick[]> {
    return this.#ports.readTicks(this.runId);
  }

  inTurn<T>(edit: () => Promise<T>): Promise<T> {
    const result = (this.#edits ?? Promise.resolve()).then(edit);
    this.#edits = result.catch(() => {}); // Its caller sees the failure; the next edit goes on.
    return result;
  }

  /** Calls the function of a job, or hands it the answers that have come for it. */
  run(step: string, id: number): void {
    const { job, place } = findJob(this.loop.state, step, id) ?? {};
    if (!job) return; // The run has gone on since this was ordered.
    const under = this.#invocations.get(id);
    if (under && under.job.attempt === job.attempt && !under.isOver) return under.deliver();
    if (place !== "running") return; // It will be ordered again when it is its turn.
    const invocation = new Invocation(this, job);
    this.#invocations.set(id, invocation);
    const ending = runStep(invocation);
    if (ending) this.#watch(invocation, ending);
    else this.#forget(invocation);
  }

  /** Gives back what costs something, as all functions only wait. They may go on all the same. */
  rest(): void {
    for (const invocation of this.#invocations.values()) invocation.rest();
    void this.#resources.end();
  }

  /** The run is in memory again: functions that are called from now on have resources. */
  comeBack(outer: ResourcePool): void {
    this.#resources = new ResourcePool("run", outer, this.log);
    for (const invocation of this.#invocations.values()) invocation.comeBack();
  }

  /** Tells all functions why they end. Resolves when they have, and their resources too. */
  end(reason: unknown): Promise<void> {
    for (const invocation of this.#invocations.values()) invocation.end(reason);
    this.#invocations.clear();
    return this.#endings.size === 0 ? this.#resources.end() : this.#outwait();
  }

  // ---

  #watch(invocation: Invocation, ending: Promise<void>): void {
    const ended = ending.then(() => {
      this.#endings.delete(ended);
      this.#forget(invocation);
    });
    this.#endings.add(ended);
  }

  async #outwait(): Promise<void> {
    await Promise.all(this.#endings);
    await this.#resources.end();
  }

  #forget(invocation: Invocation): void {
    const { id } = invocation.job;
    if (this.#invocations.get(id) === invocation) this.#invocations.delete(id);
  }
}
