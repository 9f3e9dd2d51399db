/** The loop of a run: what it stores, when, and what follows from that. The store answers by hand. */
import { describe, expect, test } from "bun:test";

import { snapshotTicks, snapshotTicksPerPart } from "../../src/base/limits.ts";
import { fromSnapshot, sizeOf, toSnapshot } from "../../src/engine/snapshot.ts";
import { initialState, type RunState } from "../../src/engine/state.ts";
import type { TickBody } from "../../src/engine/tick.ts";
import { Loop } from "../../src/runtime/loop.ts";
import type { Commit, Culprit } from "../../src/store/store.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import {
  A,
  Answer,
  B,
  define,
  newFailure,
  newJob,
  newState,
  placesOf,
  t0,
} from "../engine/fixtures.ts";
import { rejectionOf } from "./fixtures.ts";

const definition = define(
  {
    s: { accepts: [StartEvent], emits: [A, B, StopEvent], waits: [Answer] },
    t: { accepts: [A], emits: [StopEvent] },
    u: { accepts: [B], emits: [StopEvent] },
  },
  { timeout: 100 },
);

const none = initialState(definition);
const start: TickBody = {
  ...{ kind: "run_started", event: StartEvent(), store: {}, isQueued: false, parent: null },
};
const ofS = { step: "s", job: 1, attempt: 1 } as const;
const write: TickBody = { kind: "event_written", event: A(), ...ofS };
const wait: TickBody = {
  ...{ kind: "wait_opened", wait: "w", type: "Answer", where: null, prompt: null },
  ...{ deadlineAt: null, ...ofS },
};
const answer: TickBody = { kind: "event_received", event: Answer(), target: null };
const stop: TickBody = { kind: "step_succeeded", events: [StopEvent()], isFanOut: false, ...ofS };
const cancel: TickBody = { kind: "cancel_requested" };

function createLoop(state: RunState = none, culprit?: Culprit) {
  const clock = { time: t0 };
  const commits: Commit[] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  /** What has happened, in order. */
  const story: string[] = [];
  const loop = new Loop(definition, state, {
    clock: { now: () => clock.time, at: () => () => {}, nextTurn: () => {} },
    culprit,
    commit: (commit) => {
      story.push(`commit ${kindsOf(commit)}`);
      commits.push(commit);
      const stored = Promise.withResolvers<void>();
      answers.push(stored);
      return stored.promise;
    },
    committed: (commit) => void story.push(`committed ${kindsOf(commit)}`),
    applied: (tick) => void story.push(`applied ${tick.kind}`),
    perform: (command) => {
      const { kind } = command;
      story.push(kind === "run_step" ? `run ${command.step} ${command.job}` : kind);
    },
    failed: (error) => {
      story.push(loop.isStopped ? `broke: ${String(error)}` : "It goes on.");
    },
    ended: () => void story.push(loop.isStopped ? loop.state.status : "It goes on."),
  });
  /** Stores what is on its way, and lets all follow from it that does. */
  const store = async (): Promise<void> => {
    await settle();
    answers.at(-1)?.resolve();
    await settle();
  };
  const since = (count: number): readonly string[] => story.slice(count);
  return { loop, clock, commits, answers, story, since, store };
}

/** A loop of a run that has been started. */
async function started() {
  const made = createLoop();
  made.loop.tell(start);
  await made.store();
  made.story.length = 0;
  return made;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function kindsOf({ ticks }: Commit): string {
  return (ticks as readonly { readonly kind: string }[]).map(({ kind }) => kind).join("+");
}

/** Whether a promise has settled, and how. */
async function endOf(promise: Promise<unknown>): Promise<string> {
  let end = "waits";
  promise.then(
    () => (end = "stored"),
    (error: unknown) => (end = String(error)),
  );
  await settle();
  return end;
}

describe("ticks", () => {
  test("take effect at once, are stored together, and order nothing before they are stored", async () => {
    const { loop, story, store } = createLoop();
    loop.tell(start);
    loop.tell(write);
    expect(placesOf(loop.state)).toEqual({ s: { running: [1] } });
    expect(story).toEqual(["applied run_started", "applied event_written"]);
    await settle();
    expect(story.slice(2)).toEqual(["commit run_started+event_written"]);
    await store();
    expect(story.slice(3)).toEqual(["committed run_started+event_written", "set_timer", "run s 1"]);
  });

  test("that come while a commit is on its way wait for it, and are one commit then", async () => {
    const { loop, story, store, answers } = await started();
    const first = loop.submit(write);
    await settle();
    const later = [loop.submit(write), loop.submit(wait)];
    expect(loop.isSettled).toBe(false);
    await settle();
    expect(answers.length).toBe(2);
    await store();
    expect(await endOf(first)).toBe("stored");
    expect(await endOf(Promise.race(later))).toBe("waits");
    expect(story.filter((line) => line.startsWith("commit "))).toEqual([
      "commit event_written",
      "commit event_written+wait_opened",
    ]);
    await store();
    expect(await endOf(Promise.all(later))).toBe("stored");
    expect(loop.isSettled).toBe(true);
  });

  test("that change nothing are stored when all before them is, and are no news", async () => {
    const { loop, story, store } = await started();
    const late: TickBody = { ...write, job: 9 } as TickBody;
    expect(await endOf(loop.submit(late))).toBe("stored");
    expect(story).toEqual([]);
    loop.tell(write);
    const after = loop.submit(late);
    await settle();
    const stillAfter = loop.submit(late);
    expect(await endOf(Promise.race([after, stillAfter]))).toBe("waits");
    await store();
    expect(await endOf(Promise.all([after, stillAfter]))).toBe("stored");
  });

  test("are never earlier than what was before them", async () => {
    const { loop, clock, commits } = await started();
    clock.time = t0 + 5;
    loop.tell(write);
    clock.time = t0 - 5;
    loop.tell(write);
    await settle();
    const times = (commits.at(-1)?.ticks as { at: number }[]).map(({ at }) => at - t0);
    expect([times, commits.at(-1)?.events.map(({ at }) => at - t0)]).toEqual([
      [5, 5],
      [5, 5],
    ]);
  });
});

describe("orders", () => {
  test("for an attempt that is over when they are stored are left to the next", async () => {
    const { loop, story, store } = createLoop();
    loop.tell(start);
    await settle();
    loop.tell({ kind: "step_failed", failure: newFailure(), retryAt: t0, ...ofS });
    await store();
    expect(story.filter((line) => line.startsWith("run "))).toEqual([]);
    await store();
    expect(story.filter((line) => line.startsWith("run "))).toEqual(["run s 1"]);
  });

  test("of a run that was loaded are given when it goes on", () => {
    const job = newJob("s", StartEvent());
    const { loop, story } = createLoop(
      newState(definition, { nextJob: 2, steps: { s: { running: [job] } } }),
    );
    expect(story).toEqual([]);
    loop.resume();
    expect(story).toEqual(["run s 1"]);
  });
});

describe("the end", () => {
  test("is stored with its outcome, told once, and nothing comes after it", async () => {
    const { loop, story, store, commits } = await started();
    const ended = loop.submit(stop);
    expect(loop.isStopped).toBe(false);
    await store();
    expect(await endOf(ended)).toBe("stored");
    expect(commits.at(-1)?.outcome).toMatchObject({ status: "completed", completedAt: t0 });
    expect(story).toEqual([
      ...["applied step_succeeded", "commit step_succeeded", "committed step_succeeded"],
      ...["finish_run", "completed"],
    ]);
    expect(loop.isStopped).toBe(true);
    expect(await endOf(loop.submit(cancel))).toBe("Error: The run has ended.");
    expect(await endOf(loop.stored)).toBe("stored");
  });
});

describe("a commit that fails", () => {
  test("stops the loop: nothing after it has happened, and whoever waits is told why", async () => {
    const { loop, story, answers } = await started();
    const first = loop.submit(write);
    await settle();
    const second = loop.submit(stop);
    const full = new Error("The disk is full.");
    answers.at(-1)?.reject(full);
    for (const late of [first, second, loop.submit(cancel), loop.stored]) {
      expect(await rejectionOf(late)).toBe(String(full));
    }
    expect(story).toEqual([
      ...["applied event_written", "commit event_written", "applied step_succeeded"],
      `broke: ${String(full)}`,
    ]);
    expect([loop.isStopped, loop.isSettled]).toEqual([true, true]);
    expect(await rejectionOf(loop.submit(cancel))).toBe(String(full));
    expect(story.length).toBe(4);
  });
});

describe("a loop that is stopped", () => {
  const closed = new Error("The process is closing.");

  test("stores what is on its way, and of that nothing follows any more", async () => {
    const { loop, story, store } = await started();
    loop.tell(wait);
    await store();
    story.length = 0;
    const under = loop.submit(answer);
    await settle();
    const pending = loop.submit(write);
    loop.stop(closed);
    expect(await endOf(pending)).toBe(String(closed));
    await store();
    expect(await endOf(under)).toBe("stored");
    expect(story).toEqual([
      ...["applied event_received", "commit event_received", "applied event_written"],
      "committed event_received",
    ]);
    expect(await endOf(loop.stored)).toBe(String(closed));
    expect(await endOf(loop.submit(write))).toBe(String(closed));
  });

  test("before its ticks are on their way stores none of them", async () => {
    const { loop, story } = await started();
    const pending = loop.submit(write);
    loop.stop(closed);
    expect(await endOf(pending)).toBe(String(closed));
    expect(story).toEqual(["applied event_written"]);
    loop.tell(write);
    expect(story.length).toBe(1);
  });
});

describe("what a commit says", () => {
  test("is that the run rests, when it begins to, and that it goes on", async () => {
    const { loop, store, commits } = await started();
    for (const tick of [write, wait, answer, write]) {
      loop.tell(tick);
      await store();
    }
    const deadline = { wakeAt: t0 + 100_000 };
    expect(commits.map(({ rest }) => rest)).toEqual([
      ...[undefined, undefined, deadline, null, undefined],
    ]);
  });

  test("is that a fork rests, also where the run that it comes from did", async () => {
    const { loop, store } = await started();
    loop.tell(wait);
    await store();
    const fork = createLoop(loop.state);
    const from = { runId: "r", handlerId: "h", sequence: 1 };
    fork.loop.tell({ kind: "run_forked", from, edited: null });
    await fork.store();
    expect(fork.commits.map(({ rest }) => rest)).toEqual([{ wakeAt: t0 + 100_000 }]);
  });

  test("is nothing of rest once the run has ended", async () => {
    const { loop, store, commits } = await started();
    loop.tell(wait);
    loop.tell(cancel);
    await store();
    expect(commits.at(-1)?.outcome?.status).toBe("cancelled");
    expect(Object.keys(commits.at(-1) ?? {}).toSorted()).toEqual(["events", "outcome", "ticks"]);
  });

  test("is that the run gets on, when a step has ended", async () => {
    const { loop, store, commits } = await started();
    const failed: TickBody = { kind: "step_failed", failure: newFailure(), retryAt: t0, ...ofS };
    for (const tick of [write, failed, { ...stop, attempt: 2 } as TickBody]) {
      loop.tell(tick);
      await store();
    }
    const progress = commits.map(({ isProgress }) => isProgress);
    expect(progress).toEqual([undefined, undefined, true, true]);
  });

  test("is that the run gets on, when an effect has returned", async () => {
    const { loop, store, commits } = await started();
    loop.tell({ kind: "effect_returned", key: "k", value: 1, ...ofS });
    await store();
    expect(commits.map(({ isProgress }) => isProgress)).toEqual([undefined, true]);
  });

  test("is the whole state, after so many ticks and then so many again", async () => {
    const { loop, store, commits } = await started();
    const snapshots = (): number[] =>
      commits.flatMap(({ snapshot }, index) => (snapshot === undefined ? [] : [index]));
    for (let count = 2; count < snapshotTicks; count++) loop.tell(write);
    await store();
    expect(snapshots()).toEqual([]);
    loop.tell(write);
    await store();
    expect(snapshots()).toEqual([2]);
    expect(commits[2]?.snapshot).toEqual(toSnapshot(loop.state));
    expect(fromSnapshot(definition, commits[2]?.snapshot ?? null)).toEqual(loop.state);
    for (let count = 1; count < snapshotTicks; count++) loop.tell(write);
    await store();
    expect(snapshots()).toEqual([2]);
    loop.tell(write);
    await store();
    expect(snapshots()).toEqual([2, 4]);
  });
});

test("a state of many parts is stored whole after the more ticks", async () => {
  const { loop, store, commits } = await started();
  const ticks = snapshotTicks + 500;
  const parts = ticks / snapshotTicksPerPart;
  const effect = { kind: "effect_returned", value: null, ...ofS } as const;
  for (let n = 1; n < parts; n++) loop.tell({ ...effect, key: `${n}` });
  await store();
  const snapshots = (): number => commits.filter(({ snapshot }) => snapshot !== undefined).length;
  // Its job has an event besides.
  expect([sizeOf(loop.state), snapshots()]).toEqual([parts, 1]);
  for (let count = 1; count < ticks; count++) loop.tell(write);
  await store();
  expect(snapshots()).toBe(1);
  loop.tell(write);
  await store();
  expect(snapshots()).toBe(2);
});

describe("a run with a step that has ended a process", () => {
  const state = newState(definition, {
    nextJob: 3,
    steps: {
      t: { running: [newJob("t", A(), { id: 1 })] },
      u: { running: [newJob("u", B(), { id: 2, attempt: 2 })] },
    },
  });
  const end = (step: string, job: number, attempt: number): TickBody => {
    const failure = newFailure();
    return { kind: "step_failed", failure, retryAt: t0 + 1_000, step, job, attempt };
  };

  async function progressOf(of: Omit<Culprit, "runId">, ...ticks: readonly TickBody[]) {
    const { loop, store, commits } = createLoop(state, { runId: "r", ...of });
    for (const tick of ticks) {
      loop.tell(tick);
      await store();
    }
    return commits.map(({ isProgress = false }) => isProgress);
  }

  test("gets on when that one has come to an end, and not with others", async () => {
    const culprit = { step: "u", job: 2, attempt: 2 };
    expect(await progressOf(culprit, end("t", 1, 1), end("u", 2, 2))).toEqual([false, true]);
  });

  test("gets on with no effect, its own or another's, before that", async () => {
    const culprit = { step: "u", job: 2, attempt: 2 };
    const effect = { kind: "effect_returned", key: "k", value: 1 } as const;
    const [own, other] = [
      { ...effect, step: "u", job: 2, attempt: 2 },
      { ...effect, step: "t", job: 1, attempt: 1 },
    ];
    const again = { ...other, key: "another" };
    const told = await progressOf(culprit, own, other, end("u", 2, 2), again);
    expect(told).toEqual([false, false, true, true]);
  });

  test("gets on with any step once that attempt is over", async () => {
    const culprit = { step: "u", job: 2, attempt: 1 };
    expect(await progressOf(culprit, end("t", 1, 1))).toEqual([true]);
  });

  test("gets on with others after it", async () => {
    const culprit = { step: "u", job: 2, attempt: 2 };
    expect(await progressOf(culprit, end("u", 2, 2), end("t", 1, 1))).toEqual([true, true]);
  });
});
