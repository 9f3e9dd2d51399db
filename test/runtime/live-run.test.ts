/** A run in memory: when it has got on, when it may be let go, and how it comes back. */
import { describe, expect, test } from "bun:test";

import { initialState, type RunState } from "../../src/engine/state.ts";
import type { TickBody } from "../../src/engine/tick.ts";
import type { ChildPorts } from "../../src/runtime/child-ports.ts";
import { LiveRun, type LiveRunPorts } from "../../src/runtime/live-run.ts";
import { toSummary } from "../../src/runtime/story.ts";
import { ResourcePool } from "../../src/runtime/resources.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { Commit, Culprit } from "../../src/store/store.ts";
import type { StepContext } from "../../src/workflow/context.ts";
import type { AnyWorkflow, Definition } from "../../src/workflow/definition.ts";
import { defineResource } from "../../src/workflow/resource.ts";
import { createFakeClock } from "../http/fake-clock.ts";
import { Answer, Done, Note, Work } from "./fixtures.ts";
import { settle } from "./process.ts";

async function stopWhenAnswered(_event: unknown, context: StepContext) {
  await context.waitForEvent(Answer);
  return StopEvent();
}

/** A run in memory, over a store whose answers a test may hold back. */
function createLive(
  definition: Definition,
  state: RunState,
  idleMs: number | null = null,
  culprit?: Culprit,
) {
  const clock = createFakeClock();
  const store = { answer: Promise.resolve() };
  const log = () => {};
  let idled = 0;
  const ports: LiveRunPorts = {
    ...{ clock, log, idleMs, resources: new ResourcePool("server", null, log) },
    ...{ committed: log, asked: log, ended: log, failed: log, idled: () => void idled++ },
    culprit: () => culprit,
    readTicks: async () => [],
    children: {} as ChildPorts, // None of these runs has any.
  };
  const summary = toSummary({ runId: "r", handlerId: "h", workflowName: "w", startedAt: 0 });
  const commits: Commit[] = [];
  const live = new LiveRun(ports, definition, summary, state, (commit) => {
    commits.push(commit);
    return store.answer;
  });
  return { live, clock, store, commits, idled: () => idled };
}

async function start(workflow: AnyWorkflow, idleMs: number | null = null) {
  const definition = workflow.define("w");
  const made = createLive(definition, initialState(definition), idleMs);
  const event = StartEvent();
  const first = { kind: "run_started", event, store: {}, isQueued: false, parent: null } as const;
  made.live.loop.tell(first);
  await settle();
  return made;
}

const note: TickBody = { kind: "event_received", event: Note(), target: null };

/** Two steps, of which the second works until its gate opens. */
function twoSteps(gate: Promise<unknown>): AnyWorkflow {
  return new Workflow()
    .step("s", { accepts: [StartEvent], emits: [Work] }, () => Work())
    .step("t", { accepts: [Work], emits: [Done] }, async () => {
      await gate;
      return Done();
    })
    .step("u", { accepts: [Done], emits: [StopEvent], waits: [Answer] }, stopWhenAnswered);
}

describe("a run that was taken up while a step was at work", () => {
  /** The run as another process has left it: the second step is at work. */
  async function takeUp() {
    const before = await start(twoSteps(new Promise(() => {})));
    const gate = Promise.withResolvers<void>();
    const { live } = createLive(twoSteps(gate.promise).define("w"), before.live.loop.state);
    live.resume();
    await settle();
    return { live, gate };
  }

  function watch({ progress }: LiveRun): { isMade: boolean } {
    const watched = { isMade: false };
    void progress.then(() => (watched.isMade = true));
    return watched;
  }

  test("has got on when one has ended, and not by what it does meanwhile", async () => {
    const { live, gate } = await takeUp();
    const progress = watch(live);
    await live.loop.submit(note);
    await settle();
    expect(progress.isMade).toBe(false);
    gate.resolve();
    await settle();
    expect(progress.isMade).toBe(true);
  });

  test("has got on also for whoever asks only then", async () => {
    const { live, gate } = await takeUp();
    gate.resolve();
    await settle();
    const progress = watch(live);
    await settle();
    expect(progress.isMade).toBe(true);
  });

  test("has got on when it has ended", async () => {
    const { live } = await takeUp();
    const progress = watch(live);
    await live.loop.submit({ kind: "cancel_requested" });
    await settle();
    expect(progress.isMade).toBe(true);
  });
});

test("a run in which no step is at work has got on already", async () => {
  const { live } = await start(twoSteps(Promise.resolve()));
  expect(live.loop.state.steps["u"]?.waiting.length).toBe(1);
  await live.progress;
});

test("a step that has ended the process is waited for in its own run, and in no other", async () => {
  const never = () => new Promise<undefined>(() => {});
  const workflow = new Workflow()
    .step("s", { accepts: [StartEvent], emits: [Work, Done] }, () => [Work(), Done()])
    .step("t", { accepts: [Work], emits: [StopEvent] }, never)
    .step("u", { accepts: [Done], emits: [StopEvent] }, never);
  const { state, definition } = (await start(workflow)).live.loop;
  const jobOf = (step: string) => ({ step, job: state.steps[step]?.running[0]?.id ?? -1 });
  const isProgress = async (runId: string) => {
    const culprit = { runId, ...jobOf("t"), attempt: 1 };
    const { live, commits } = createLive(definition, state, null, culprit);
    const end = { kind: "step_succeeded", events: [], isFanOut: false } as const;
    await live.loop.submit({ ...end, ...jobOf("u"), attempt: 1 });
    return commits[0]?.isProgress ?? false;
  };
  expect([await isProgress("r"), await isProgress("another")]).toEqual([false, true]);
});

describe("a run is let go", () => {
  test("while it is idle and stored, and not while it works or a commit is on its way", async () => {
    const gate = Promise.withResolvers<void>();
    const { live, store } = await start(twoSteps(gate.promise));
    expect(live.release()).toBe(false);
    gate.resolve();
    await settle();
    const stored = Promise.withResolvers<void>();
    store.answer = stored.promise;
    // Nobody takes it, so the run is as idle as before.
    const late = live.loop.submit(note);
    expect(live.release()).toBe(false);
    stored.resolve();
    await late;
    await settle();
    expect(live.release()).toBe(true);
  });

  test("when it has been idle for so long, counted from what it did last", async () => {
    const { live, clock, idled } = await start(twoSteps(Promise.resolve()), 100);
    await clock.advance(99);
    await live.loop.submit(note);
    await clock.advance(99);
    expect(idled()).toBe(0);
    await clock.advance(1);
    expect(idled()).toBe(1);
    await live.stop(new Error("The process is closing."));
    expect(clock.pending).toBe(0);
  });
});

class Tool implements Disposable {
  isDisposed = false;

  [Symbol.dispose](): void {
    this.isDisposed = true;
  }
}

test("a run that was let go and acts all the same has its timers and resources again", async () => {
  const tool = defineResource("tool", { scope: "run" }, () => new Tool());
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const seen: Tool[] = [];
  const { live, clock } = await start(
    new Workflow({ timeout: 100 })
      .step(
        "s",
        { accepts: [StartEvent], emits: [Work, StopEvent], waits: [Answer], resources: { tool } },
        async (_event, context) => {
          for (const { promise } of gates) void promise.then(() => context.sendEvent(Work()));
          await context.waitForEvent(Answer);
          return StopEvent();
        },
      )
      .step("t", { accepts: [Work], emits: [], resources: { tool } }, (_event, context) => {
        seen.push(context.resources.tool);
      }),
  );
  expect([live.release(), clock.pending]).toEqual([true, 0]);
  for (const { resolve } of gates) {
    resolve();
    await settle();
    // The timeout of the workflow, and none other.
    expect(clock.pending).toBe(1);
  }
  expect([seen.length, new Set(seen).size, seen[0]?.isDisposed]).toEqual([2, 1, false]);
  expect(live.release()).toBe(true);
  expect(seen[0]?.isDisposed).toBe(true);
});

test("a run that goes on for long holds nothing of the steps that have ended", async () => {
  const signals: WeakRef<AbortSignal>[] = [];
  const workflow = new Workflow()
    .step("s", { accepts: [StartEvent], emits: [Work, Done] }, () => [
      ...Array.from({ length: 200 }, () => Work()),
      Done(),
    ])
    .step("t", { accepts: [Work], emits: [] }, async (_event, { signal }) => {
      signals.push(new WeakRef(signal));
      await settle();
    })
    .step("u", { accepts: [Done], emits: [StopEvent], waits: [Answer] }, stopWhenAnswered);
  const { live } = await start(workflow);
  while (live.loop.state.steps["t"]?.running.length) await settle();
  await settle();
  Bun.gc(true);
  expect(signals.length).toBe(200);
  // The collector may miss a few.
  expect(signals.filter((signal) => signal.deref()).length).toBeLessThan(100);
  await live.stop(new Error("The test is over."));
});
