/**
 * A run under the hands of a test: its time stands still, its stream and its path are lists, and
 * the test says when something comes from outside.
 */
import { WorkflowError } from "../base/errors.ts";
import { systemClock } from "../base/clock.ts";
import { isIdle, isWorking } from "../engine/state.ts";
import { toEvent } from "../runtime/result.ts";
import { Runtime } from "../runtime/runtime.ts";
import type { ResultOf, StartInput, Workflow } from "../runtime/workflow.ts";
import { MemoryStore } from "../store/memory.ts";
import type { RunSummary } from "../store/store.ts";
import { toStartEvent } from "../workflow/definition.ts";
import type { AnyEventType, Event } from "../workflow/event.ts";
import type { Entries } from "../workflow/schema.ts";
import { TestClock } from "./test-clock.ts";

export interface TestRunOptions {
  /** Initial values of the shared state. */
  readonly state?: Readonly<Record<string, string | number | boolean | null>>;
  /** Real seconds that a step may take before `settled` gives up on it. Default 5. */
  readonly patience?: number;
}

/**
 * Starts a workflow with a clock that stands still.
 *
 * @example
 * const run = await testRun(order, { sku: "tea" });
 * await run.settled();
 * expect(run.path).toEqual(["price"]);
 * await run.sendEvent(Approved({ by: "ada", ok: true }));
 * expect(await run.result()).toMatchObject({ data: { tracking: "1Z" } });
 */
export async function testRun<S extends Entries, A extends AnyEventType, E extends AnyEventType>(
  workflow: Workflow<S, A, E>,
  input?: StartInput<A>,
  options: TestRunOptions = {},
): Promise<TestRun<ResultOf<E>>> {
  const clock = new TestClock();
  const store = new MemoryStore();
  const runtime = new Runtime({ store, clock, idleMs: null });
  const definition = workflow.define(workflow.title);
  runtime.register(workflow, definition);
  const run = await runtime.start({
    workflowName: definition.name,
    event: toStartEvent(definition, input),
    ...(options.state && { state: options.state }),
  });
  return new TestRun<ResultOf<E>>(runtime, clock, run, (options.patience ?? 5) * 1000);
}

export class TestRun<Result> {
  readonly runId: string;
  readonly #runtime: Runtime;
  readonly #clock: TestClock;
  readonly #run: RunSummary;
  readonly #patienceMs: number;
  #events: Event[] = [];
  #path: string[] = [];

  constructor(runtime: Runtime, clock: TestClock, run: RunSummary, patienceMs: number) {
    this.runId = run.runId;
    this.#runtime = runtime;
    this.#clock = clock;
    this.#run = run;
    this.#patienceMs = patienceMs;
  }

  /** What readers of the stream have seen, as of the last `settled`. */
  get events(): readonly Event[] {
    return this.#events;
  }

  /** The steps in the order in which they began to work, as of the last `settled`. */
  get path(): readonly string[] {
    return this.#path;
  }

  /** The state that the steps share, as of now. */
  get state(): Readonly<Record<string, unknown>> {
    return this.#runtime.inspect(this.runId)?.state.store ?? {};
  }

  /** Resolves when nothing goes on any more without a timer or the outside. */
  async settled(): Promise<this> {
    const until = systemClock.now() + this.#patienceMs;
    while (!this.#isSettled()) {
      if (systemClock.now() > until) throw this.#impatience();
      await new Promise<void>((resolve) => systemClock.nextTurn(resolve));
    }
    await this.#readStream();
    return this;
  }

  /** Moves the clock, firing what is due on the way, and settles. */
  async advance(seconds: number): Promise<this> {
    const at = this.#clock.now() + seconds * 1000;
    await this.settled();
    while (this.#clock.step(at)) await this.settled();
    return this.settled();
  }

  /** Sends an event from outside, and settles. */
  async sendEvent(event: Event, options: { readonly step?: string } = {}): Promise<this> {
    await this.#runtime.send(this.#run, event, options.step ?? null);
    return this.settled();
  }

  async cancel(): Promise<this> {
    await this.#runtime.cancel(this.#run);
    return this.settled();
  }

  /** Settles, and gives the result. Throws if the run has not ended, or has failed. */
  async result(): Promise<Result> {
    await this.settled();
    const run = await this.#runtime.store.getRun(this.runId);
    if (run && run.status !== "running") return (await this.#runtime.result(this.runId)) as Result; // By its type.
    throw new WorkflowError("run_failed", `The run has not ended: ${this.#waiting()}.`);
  }

  // ---

  #isSettled(): boolean {
    const live = this.#runtime.inspect(this.runId);
    if (!live) return true; // It has ended.
    return live.isSettled && !isWorking(live.state);
  }

  async #readStream(): Promise<void> {
    const rows = await this.#runtime.store.readEvents(this.runId, -1, Number.MAX_SAFE_INTEGER);
    this.#events = rows.filter((row) => !row.isInternal).map((row) => toEvent(row.json));
    const changes = rows.filter((row) => row.isInternal).map((row) => toEvent(row.json));
    this.#path = changes.flatMap(({ data }) => {
      const { name, step_state: state } = data as { name?: string; step_state?: string };
      return name !== undefined && state === "running" ? [name] : [];
    });
  }

  #waiting(): string {
    const state = this.#runtime.inspect(this.runId)?.state;
    if (!state) return "it is unknown";
    const waits = Object.values(state.steps).flatMap(({ waiting }) =>
      waiting.flatMap((job) =>
        job.waits.map((wait) => `\`${job.step}\` waits for \`${wait.type}\``),
      ),
    );
    const next = this.#clock.nextAt;
    const timer = next === null ? [] : [`a timer is due in ${(next - this.#clock.now()) / 1000} s`];
    return [...waits, ...timer].join(", ") || (isIdle(state) ? "nothing moves it" : "it works");
  }

  #impatience(): WorkflowError {
    const steps = Object.entries(this.#runtime.inspect(this.runId)?.state.steps ?? {})
      .filter(([, { running }]) => running.length > 0)
      .map(([name]) => `\`${name}\``);
    return new WorkflowError(
      "run_failed",
      `Step ${steps.join(" and ")} did not end within ${this.#patienceMs / 1000} s. Let it end, or raise \`patience\`.`,
    );
  }
}
