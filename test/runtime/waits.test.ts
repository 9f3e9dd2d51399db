/** Waiting for events: in memory, after a release, and in another process. */
import { describe, expect, test } from "bun:test";

import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import {
  type Body,
  Answer,
  Ask,
  gate,
  Note,
  Done,
  oneStep,
  rejectionOf,
  runStep,
  Work,
} from "./fixtures.ts";
import { Process, type ProcessOptions, settle } from "./process.ts";

/** Asks twice, and gives both answers. */
const twoQuestions: Body = async (_event, context) => {
  const first = await context.waitForEvent(Answer, { prompt: Ask({ n: 1 }) });
  const second = await context.waitForEvent(Answer, { prompt: Ask({ n: 2 }) });
  return StopEvent({ result: [first.data.n, second.data.n] });
};

const short: ProcessOptions = { idleMs: 1_000 };

describe("a wait", () => {
  test("shows its question, and gives the answer", async () => {
    const run = runStep(async (_event, context) => {
      const answer = await context.waitForEvent(Answer, { prompt: Ask({ n: 1 }) });
      return StopEvent({ result: [answer, Object.isFrozen(answer.data)] });
    });
    for await (const { type } of run) if (type === "Ask") await run.sendEvent(Answer({ n: 7 }));
    expect(await run).toEqual([{ type: "Answer", data: { n: 7 } }, true]);
  });

  test("two of one type are two questions and two answers", async () => {
    const run = runStep(twoQuestions);
    let answers = 0;
    for await (const { type } of run) {
      if (type === "Ask") await run.sendEvent(Answer({ n: ++answers * 10 }));
    }
    expect(await run).toEqual([10, 20]);
  });

  test("two of one type at the same time are answered in the order in which they opened", async () => {
    const run = runStep(async (_event, context) => {
      const answers = await Promise.all([
        context.waitForEvent(Answer),
        context.waitForEvent(Answer),
      ]);
      return StopEvent({ result: answers.map(({ data }) => data.n) });
    });
    for (const n of [1, 2]) await run.sendEvent(Answer({ n }));
    expect(await run).toEqual([1, 2]);
  });

  test("takes only what has the fields that it asks for", async () => {
    const run = runStep(async (_event, context) => {
      const { data } = await context.waitForEvent(Answer, { where: { n: 5 } });
      return StopEvent({ result: data.n });
    });
    for (const n of [4, 6, 5]) await run.sendEvent(Answer({ n }));
    expect(await run).toBe(5);
  });

  test("takes an answer that came before it was opened", async () => {
    const workflow = new Workflow()
      .step("s", { accepts: [StartEvent], emits: [Work] }, () => Bun.sleep(5).then(() => Work()))
      .step(
        "t",
        { accepts: [Work], emits: [StopEvent], waits: [Answer] },
        async (_event, context) =>
          StopEvent({ result: (await context.waitForEvent(Answer)).data.n }),
      );
    const run = workflow.run();
    await run.sendEvent(Answer({ n: 3 }));
    expect(await run).toBe(3);
  });

  test("that nobody answers in time throws, and the function may go on", async () => {
    const workflow = oneStep(async (_event, context) => {
      const error = await rejectionOf(context.waitForEvent(Answer, { timeout: 60 }));
      return StopEvent({ result: error });
    });
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(59.9);
    expect((await process.record(run)).status).toBe("running");
    await process.advance(0.1);
    expect(await process.result(run)).toBe(
      "wait_timed_out: Step `s` waited for `Answer`, and none came in time.",
    );
  });

  test.each<readonly [what: string, options: object, refusal: string]>([
    ["no number", { timeout: NaN }, "expected `timeout` to be seconds of at least 0, got `NaN`."],
    ["text", { timeout: "5" }, 'expected `timeout` to be seconds of at least 0, got the text "5".'],
    [
      "less than nothing",
      { timeout: -1 },
      "expected `timeout` to be seconds of at least 0, got `-1`.",
    ],
  ])("whose time is %s fails its step", async (_what, options, refusal) => {
    const run = runStep((_event, context) => context.waitForEvent(Answer, options));
    expect(await rejectionOf(run)).toBe(`run_failed: Step \`s\` waits for \`Answer\`: ${refusal}`);
  });

  test.each([1 / 3, 0.0004, 1e-9])(
    "whose time is %d s is over then: instants are whole",
    async (timeout) => {
      await using process = await Process.open({
        w: oneStep((_event, context) => context.waitForEvent(Answer, { timeout })),
      });
      const run = await process.start("w");
      const ended = rejectionOf(process.result(run));
      await process.advance(timeout + 0.001);
      expect(await ended).toBe("run_failed: Step `s` waited for `Answer`, and none came in time.");
    },
  );

  test("has an id of its own", async () => {
    const run = runStep(async (_event, context) => {
      const ask = (): Promise<unknown> => context.waitForEvent(Answer, { id: "x" });
      await Promise.all([ask(), ask()]);
    });
    expect(await rejectionOf(run)).toBe(
      "run_failed: Step `s` called `ctx.waitForEvent` twice with the id `x`. " +
        "An id stands for one wait: number them, as in `x-1`.",
    );
  });

  test("for what nobody can send is refused", async () => {
    const run = runStep((_event, context) => context.waitForEvent(Note));
    expect(await rejectionOf(run)).toBe(
      "run_failed: Step `s` waits for `Note`, which nobody can send: workflow `workflow` does not " +
        "know it. Name it in the `waits` of the step, or in `additionalEvents`.",
    );
  });

  test("holds no slot: others are worked on meanwhile", async () => {
    const seen: number[] = [];
    const workflow = new Workflow()
      .step("s", { accepts: [StartEvent], emits: [Work] }, () => [1, 2, 3].map((n) => Work({ n })))
      .step(
        "t",
        { accepts: [Work], emits: [StopEvent], waits: [Answer], workers: 1 },
        async ({ data: { n } }, context) => {
          seen.push(n);
          if (n < 3) await context.waitForEvent(Answer, { where: { n } });
          return StopEvent({ result: seen });
        },
      );
    expect(await workflow.run()).toEqual([1, 2, 3]);
  });
});

describe("a run that only waits", () => {
  test("leaves memory after a while, and stays running", async () => {
    await using process = await Process.open({ w: oneStep(twoQuestions) }, short);
    const run = await process.start("w");
    await process.advance(0.9);
    expect(process.isInMemory(run)).toBe(true);
    await process.advance(0.2);
    expect([process.isInMemory(run), (await process.record(run)).status]).toEqual([
      false,
      "running",
    ]);
  });

  test("comes back for an answer, asks nothing twice, and leaves again", async () => {
    let calls = 0;
    const counted: Body = (event, context) => {
      calls++;
      return twoQuestions(event, context);
    };
    await using process = await Process.open({ w: oneStep(counted) }, short);
    const run = await process.start("w");
    await process.advance(2);
    await process.send(run, Answer({ n: 10 }));
    await process.advance(2);
    expect([process.isInMemory(run), calls]).toEqual([false, 2]);
    await process.send(run, Answer({ n: 20 }));
    expect([await process.result(run), calls]).toEqual([[10, 20], 3]);
    expect((await process.stream(run)).map((event) => (event as string[])[0])).toEqual([
      "Ask",
      "Ask",
      "StopEvent",
    ]);
  });

  test("takes two answers at once when it comes back", async () => {
    await using process = await Process.open({ w: oneStep(twoQuestions) }, short);
    const run = await process.start("w");
    await process.advance(2);
    await Promise.all([process.send(run, Answer({ n: 1 })), process.send(run, Answer({ n: 2 }))]);
    expect(await process.result(run)).toEqual([1, 2]);
  });

  test("is over when its workflow's time is, in memory or not", async () => {
    const workflow = oneStep(twoQuestions, {}, { timeout: 3_600 });
    await using process = await Process.open({ w: workflow }, short);
    const run = await process.start("w");
    await process.advance(3_599);
    expect([process.isInMemory(run), (await process.record(run)).status]).toEqual([
      false,
      "running",
    ]);
    await process.advance(1);
    expect((await process.record(run)).error).toBe("Workflow timed out after 3600s");
  });

  test("comes back when the time of its wait is over", async () => {
    const workflow = oneStep(async (_event, context) => {
      const error = await rejectionOf(context.waitForEvent(Answer, { timeout: 600 }));
      return StopEvent({ result: error.slice(0, 14) });
    });
    await using process = await Process.open({ w: workflow }, short);
    const run = await process.start("w");
    await process.advance(599.9);
    expect((await process.record(run)).status).toBe("running");
    await process.advance(0.2);
    expect(await process.result(run)).toBe("wait_timed_out");
  });

  test("can be cancelled, and whoever waits for it is told", async () => {
    await using process = await Process.open({ w: oneStep(twoQuestions) }, short);
    const run = await process.start("w");
    const ended = rejectionOf(process.result(run));
    await process.advance(2);
    expect(await process.cancel(run)).toBe(true);
    expect([await ended, (await process.record(run)).status]).toEqual([
      "run_failed: The run was cancelled.",
      "cancelled",
    ]);
  });

  test("can be waited for, however often it is let go in between", async () => {
    await using process = await Process.open({ w: oneStep(twoQuestions) }, short);
    const run = await process.start("w");
    const result = process.result(run);
    for (const n of [1, 2]) {
      await process.advance(2);
      await process.send(run, Answer({ n }));
    }
    expect(await result).toEqual([1, 2]);
  });

  test("and has work under way beside its wait is brought back by what that comes to", async () => {
    const work = gate();
    const workflow = oneStep(async (_event, context) => {
      const answer = context.waitForEvent(Answer, { timeout: 3_600 });
      await Promise.race([answer, work.opened]);
      context.writeEventToStream(Note({ n: 1 }));
      const { data } = await answer;
      return StopEvent({ result: data.n });
    });
    await using process = await Process.open({ w: workflow }, short);
    const run = await process.start("w");
    await process.advance(2);
    expect(process.isInMemory(run)).toBe(false);
    work.open();
    await settle();
    expect([process.isInMemory(run), await process.stream(run)]).toEqual([
      true,
      [["Note", { n: 1 }]],
    ]);
    await process.send(run, Answer({ n: 7 }));
    expect(await process.result(run)).toBe(7);
  });

  test("for the second of two events at a time leaves memory too, and gives up its slot", async () => {
    const workflow = oneStep(
      async (_event, context) => {
        const answers = [1, 2].map((n) => context.waitForEvent(Answer, { where: { n } }));
        const all = await Promise.all(answers);
        return StopEvent({ result: all.map(({ data }) => data.n) });
      },
      { workers: 1, timeout: 5 },
    );
    await using process = await Process.open({ w: workflow }, short);
    const run = await process.start("w");
    await process.send(run, Answer({ n: 2 }));
    await process.advance(0.9);
    expect(process.runtime.inspect(run.runId)?.state.steps["s"]?.running.length).toBe(1);
    await process.advance(0.2);
    expect(process.runtime.inspect(run.runId)?.state.steps["s"]?.waiting.length).toBe(1);
    await process.advance(3_600);
    expect(process.isInMemory(run)).toBe(false);
    await process.send(run, Answer({ n: 1 }));
    expect(await process.result(run)).toEqual([1, 2]);
  });

  test("is not moved by a function whose job another call has taken over", async () => {
    const work = gate();
    const heard: number[] = [];
    const workflow = oneStep(async (_event, context) => {
      const call = heard.push(0);
      const beside = work.opened.then(() => "late");
      const first = call === 1 ? beside : new Promise(() => {});
      const won = await Promise.race([first, context.waitForEvent(Answer)]);
      if (won !== "late") await context.waitForEvent(Answer);
      return StopEvent({ result: won });
    });
    await using process = await Process.open({ w: workflow }, short);
    const run = await process.start("w");
    await process.advance(2);
    await process.send(run, Answer({ n: 1 }));
    await process.advance(2);
    work.open();
    await settle();
    expect([heard.length, (await process.record(run)).status]).toEqual([2, "running"]);
    await process.send(run, Answer({ n: 2 }));
    expect(await process.result(run)).toEqual({ type: "Answer", data: { n: 1 } });
  });

  test("that is at work stays in memory, however long", async () => {
    await using process = await Process.open({ w: oneStep(() => new Promise(() => {})) }, short);
    const run = await process.start("w");
    await process.advance(3_600);
    expect([process.isInMemory(run), (await process.record(run)).status]).toEqual([
      true,
      "running",
    ]);
  });

  test("while a step is to be tried again, does so when that is due", async () => {
    const workflow = oneStep(
      (_event, { attempt }) => {
        if (attempt.number < 2) throw new Error("busy");
        return StopEvent({ result: attempt.number });
      },
      { retry: { attempts: 2, delay: 600, maxDelay: 600 } },
    );
    await using process = await Process.open({ w: workflow }, short);
    const run = await process.start("w");
    await process.advance(599.9);
    expect((await process.record(run)).status).toBe("running");
    await process.advance(0.1);
    expect(await process.result(run)).toBe(2);
  });
});

describe("a run in the next process", () => {
  /** Starts in one process, and goes on in the next, after that many seconds in between. */
  async function across(body: Body, seconds: number, options: object = {}) {
    const workflow = oneStep(body, {}, options);
    const first = await Process.open({ w: workflow });
    const run = await first.start("w");
    await settle();
    await first.runtime.close();
    first.clock.step(first.clock.now() + seconds * 1_000);
    const { store, clock } = first;
    return { run, process: await Process.open({ w: workflow }, { store, clock }) };
  }

  test("still waits, and takes its answers", async () => {
    const { run, process } = await across(twoQuestions, 3_600);
    await process.send(run, Answer({ n: 1 }));
    await process.send(run, Answer({ n: 2 }));
    expect(await process.result(run)).toEqual([1, 2]);
    await process.runtime.close();
  });

  test("is over at once, when its time was over in between", async () => {
    const { run, process } = await across(twoQuestions, 100, { timeout: 60 });
    await process.advance(0.1);
    expect((await process.record(run)).error).toBe("Workflow timed out after 60s");
    await process.runtime.close();
  });

  test("has as much time left as it had, and no more", async () => {
    const { run, process } = await across(twoQuestions, 59, { timeout: 60 });
    await process.advance(0.9);
    expect((await process.record(run)).status).toBe("running");
    await process.advance(0.2);
    expect((await process.record(run)).status).toBe("failed");
    await process.runtime.close();
  });

  test("can be cancelled there", async () => {
    const { run, process } = await across(twoQuestions, 1);
    await process.cancel(run);
    expect((await process.record(run)).status).toBe("cancelled");
    await process.runtime.close();
  });
});

test("a run that is brought back for something that it refuses leaves memory again", async () => {
  const workflow = oneStep(
    async (_event, context) => {
      await context.waitForEvent(Answer);
      return StopEvent();
    },
    { waits: [Answer] },
  );
  await using process = await Process.open({ w: workflow }, { idleMs: 1_000 });
  const run = await process.start("w");
  await process.advance(1);
  expect(process.isInMemory(run)).toBe(false);
  expect(await rejectionOf(process.send(run, Done({ n: 1 })))).toStartWith("event_type_unknown:");
  expect(process.isInMemory(run)).toBe(true);
  await process.advance(1);
  expect(process.isInMemory(run)).toBe(false);
});
