/**
 * A process that drives runs, with time that stands still until a test moves it. Several may be
 * opened on one store, one after another: what is stored is all that the next one knows.
 */
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { Log } from "../../src/base/log.ts";
import type { Retention } from "../../src/runtime/retention.ts";
import { Runtime } from "../../src/runtime/runtime.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { RunRecord, RunSummary, Store } from "../../src/store/store.ts";
import { TestClock } from "../../src/testing/test-clock.ts";
import type { AnyWorkflow } from "../../src/workflow/definition.ts";
import type { AnyEventType, Event } from "../../src/workflow/event.ts";

export interface ProcessOptions {
  readonly store?: Store;
  readonly clock?: TestClock;
  /** Default: runs that only wait stay in memory. */
  readonly idleMs?: number | null;
  readonly concurrency?: number;
  readonly retention?: Retention;
  readonly additionalEvents?: readonly AnyEventType[];
  readonly log?: Log;
}

export interface StartOptions {
  readonly handlerId?: string;
  readonly state?: JsonObject;
}

export class Process implements AsyncDisposable {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly clock: TestClock;
  readonly #definitions = new Map<string, ReturnType<AnyWorkflow["define"]>>();

  constructor(workflows: Readonly<Record<string, AnyWorkflow>>, options: ProcessOptions = {}) {
    const { store = new MemoryStore(), clock = new TestClock(), idleMs = null } = options;
    const { log, retention } = options;
    this.store = store;
    this.clock = clock;
    this.runtime = new Runtime({
      store,
      clock,
      idleMs,
      concurrency: options.concurrency ?? null,
      ...(log && { log }),
      ...(retention && { retention }),
    });
    for (const [name, workflow] of Object.entries(workflows)) {
      const definition = workflow.define(name, options.additionalEvents);
      this.#definitions.set(name, definition);
      this.runtime.register(workflow, definition);
    }
  }

  /** Starts the process: unfinished runs go on. */
  static async open(...args: ConstructorParameters<typeof Process>): Promise<Process> {
    const process = new Process(...args);
    await process.runtime.open();
    return process;
  }

  async start(name: string, input: object = {}, options: StartOptions = {}): Promise<RunSummary> {
    const event = this.#definitions.get(name)?.startType.parse(input) as Event;
    return this.runtime.start({ workflowName: name, event, ...options });
  }

  async send(run: RunSummary, event: Event, step: string | null = null): Promise<void> {
    await this.runtime.send(await this.record(run), event, step);
  }

  async cancel(run: RunSummary): Promise<boolean> {
    return this.runtime.cancel(await this.record(run));
  }

  /** What the store has of a run. */
  async record({ runId }: RunSummary): Promise<RunRecord> {
    const record = await this.store.getRun(runId);
    if (!record) throw new Error("There is no such run.");
    return record;
  }

  /** What a run has come to, once it has ended. */
  async result(run: RunSummary): Promise<unknown> {
    return this.runtime.result(run.runId);
  }

  isInMemory({ runId }: RunSummary): boolean {
    return this.runtime.inspect(runId) !== undefined;
  }

  /** Events of a run as its readers get them: types, and what they carry. */
  async stream({ runId }: RunSummary, withInternal = false): Promise<readonly Json[]> {
    const rows = await this.store.readEvents(runId, -1, 10_000);
    return rows
      .filter((row) => withInternal || !row.isInternal)
      .map((row) => JSON.parse(row.json))
      .map(({ type, value }) => [type, value]);
  }

  /** Fires what is due until then, in order; in between, whatever goes on comes to rest. */
  async advance(seconds: number): Promise<void> {
    const at = this.clock.now() + seconds * 1_000;
    await settle();
    while (this.clock.step(at)) await settle();
    await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime.close();
  }
}

/**
 * As many turns of the event loop as anything here takes that waits neither for a timer nor for the
 * test: stores in memory answer in the next turn, so this is no matter of time.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when a condition holds, and fails when it does not come to hold. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const start = performance.now(); !(await holds());) {
    if (performance.now() - start > 4_000) throw new Error(`Waited in vain: ${what}.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
