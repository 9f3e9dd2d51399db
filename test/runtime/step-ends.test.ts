/** How a step may end, and what becomes of its run: whatever a function does, something is told. */
import { describe, expect, test } from "bun:test";

import { FatalError, RetryError } from "../../src/base/errors.ts";
import type { LogLevel } from "../../src/base/log.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StepFailedEvent, StopEvent } from "../../src/workflow/builtin.ts";
import type { RetryPolicy } from "../../src/workflow/retry.ts";
import { Ask, type Body, Done, Note, oneStep, rejectionOf, runStep, Work } from "./fixtures.ts";
import { Process } from "./process.ts";

describe("a step that returns", () => {
  const declared = "as its `emits` says, got";
  const cure = "Return one of these, or add it to `emits`.";

  test.each<readonly [what: string, body: Body, refusal: string]>([
    ["text", () => "done", 'the text "done"'],
    ["a number", () => 5, "`5`"],
    ["an object that is no event", () => ({ result: 1 }), "an object with `result`"],
    ["an object of a class", () => new Map(), "a `Map`"],
    ["a list with something else in it", () => [StopEvent(), null], "null"],
    ["a list in a list", () => [[StopEvent()]], "a list"],
  ])("%s fails, and says what was declared", async (_what, body, got) => {
    expect(await rejectionOf(runStep(body))).toBe(
      `run_failed: Expected step \`s\` to return \`StopEvent\` or \`Ask\`, ${declared} ${got}. ` +
        "Return one of these, which is what calling its type makes, or nothing.",
    );
  });

  test("an event that it did not declare fails", async () => {
    expect(await rejectionOf(runStep(() => Work()))).toBe(
      `run_failed: Expected step \`s\` to return \`StopEvent\` or \`Ask\`, ${declared} event \`Work\`. ${cure}`,
    );
  });

  test.each<readonly [what: string, body: Body]>([
    [
      "a generator",
      function* () {
        yield StopEvent();
      },
    ],
    [
      "an async generator",
      async function* () {
        yield StopEvent();
      },
    ],
  ])("%s fails, and says what to do instead", async (_what, body) => {
    expect(await rejectionOf(runStep(body))).toBe(
      `run_failed: Expected step \`s\` to return \`StopEvent\` or \`Ask\`, ${declared} a generator. ` +
        "Return events, do not `yield` them: for several, return a list.",
    );
  });

  test("an event that only another step declared fails", async () => {
    const workflow = new Workflow()
      .step("s", { accepts: [StartEvent], emits: [Work] }, (() => Done()) as never)
      .step("t", { accepts: [Work], emits: [Done] }, () => Done())
      .step("u", { accepts: [Done], emits: [StopEvent] }, () => StopEvent());
    expect(await rejectionOf(workflow.run())).toBe(
      `run_failed: Expected step \`s\` to return \`Work\`, ${declared} event \`Done\`. ${cure}`,
    );
  });

  test("the type of an event is told from an event", async () => {
    expect(await rejectionOf(runStep(() => StopEvent))).toBe(
      `run_failed: Expected step \`s\` to return \`StopEvent\` or \`Ask\`, ${declared} the event type ` +
        "`StopEvent` itself. Call it: it makes the event.",
    );
  });

  test("something, where it declared nothing, fails", async () => {
    const workflow = oneStep(() => Work(), { emits: [] }).catchError(
      "told",
      { emits: [StopEvent] },
      ({ data }) => StopEvent({ result: data.failure.message }),
    );
    expect(await workflow.run()).toBe(
      `Expected step \`s\` to return nothing, ${declared} event \`Work\`. ${cure}`,
    );
  });

  test("a stop event together with others fails: the run ends with it", async () => {
    expect(await rejectionOf(runStep(() => [StopEvent(), StopEvent()]))).toBe(
      "run_failed: Expected step `s` to return a stop event by itself, got it in a list of 2. " +
        "The run ends with it: return it alone.",
    );
  });

  test("a stop event as the only one of a list ends the run", async () => {
    expect(await runStep(() => [StopEvent({ result: 1 })])).toBe(1);
  });

  test("a look-alike of an event is checked like any other", async () => {
    expect(await runStep(() => ({ type: "StopEvent", data: { result: 1 } }))).toBe(1);
    expect(await rejectionOf(runStep(() => ({ type: "Ask", data: { n: "x" } })))).toBe(
      'run_failed: Event `Ask` is not valid. `n`: Invalid type: Expected number but received "x".',
    );
  });

  test.each<readonly [what: string, result: unknown, got: string]>([
    ["a function", () => 1, "a function: pass data, not behaviour"],
    ["an object of a class", new Map(), "a Map: use plain objects, arrays, strings and numbers"],
    ["a bigint", 1n, "a bigint: pass data, not behaviour"],
    ["not a number", NaN, "NaN: use null for a number that is not there"],
  ])("%s as its result fails the run clearly", async (_what, result, got) => {
    const expected = "run_failed: Expected `StopEvent.data.result` to be JSON, got";
    expect(await rejectionOf(runStep(() => StopEvent({ result })))).toBe(`${expected} ${got}.`);
    const lookAlike = (): unknown => ({ type: "StopEvent", data: { result } });
    expect(await rejectionOf(runStep(lookAlike))).toBe(`${expected} ${got}.`);
  });
});

describe("a step that throws", () => {
  test.each<readonly [what: string, thrown: unknown, message: string]>([
    ["an error", new Error("kaboom"), "kaboom"],
    ["text", "kaboom", "kaboom"],
    ["nothing", undefined, "Something that is no error was thrown: undefined."],
    ["null", null, "Something that is no error was thrown: null."],
    ["an object", { reason: "busy" }, 'Something that is no error was thrown: {"reason":"busy"}.'],
    [
      "an error that cannot be read",
      Object.defineProperty(new Error(), "message", {
        get: () => {
          throw new Error("nested");
        },
      }),
      "undefined",
    ],
    ["an error whose message is no text", Object.assign(new Error(), { message: 5n }), "5"],
  ])("%s fails the run, and says so", async (_what, thrown, message) => {
    const run = runStep(() => {
      throw thrown;
    });
    expect(await rejectionOf(run)).toBe(`run_failed: ${message}`);
  });
});

describe("attempts", () => {
  /** What each attempt knows of itself, with this policy, until the third succeeds. */
  function attemptsOf(retry: RetryPolicy, thrown: unknown = new Error("busy")) {
    const seen: unknown[] = [];
    const workflow = oneStep(
      (_event, { attempt }) => {
        seen.push(attempt);
        if (attempt.number < 3) throw thrown;
        return StopEvent();
      },
      { retry },
    );
    return { seen, workflow };
  }

  test("are numbered, timed, told why the last one failed, and share a key", async () => {
    const { seen, workflow } = attemptsOf({ attempts: 3, delay: 2, backoff: "exponential" });
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(6);
    const key = `${run.runId}:1`;
    const lastFailure = expect.objectContaining({ name: "Error", message: "busy" });
    expect(seen).toEqual([
      { number: 1, elapsedSeconds: 0, lastFailure: null, key },
      { number: 2, elapsedSeconds: 2, lastFailure, key },
      { number: 3, elapsedSeconds: 6, lastFailure, key },
    ]);
    expect(await process.result(run)).toBeNull();
  });

  test("are as many as the policy says", async () => {
    const { seen, workflow } = attemptsOf({ attempts: 2, delay: 0 });
    expect(await rejectionOf(workflow.run())).toBe("run_failed: busy");
    expect(seen).toHaveLength(2);
  });

  test("end with a fatal error, whatever the policy says", async () => {
    const { seen, workflow } = attemptsOf({ attempts: 9, delay: 0 }, new FatalError("no more"));
    expect(await rejectionOf(workflow.run())).toBe("run_failed: no more");
    expect(seen).toHaveLength(1);
  });

  test("come when the failure itself says, if the policy has any left", async () => {
    const { seen, workflow } = attemptsOf({ attempts: 3 }, new RetryError("later", { after: 30 }));
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await process.advance(59.9);
    expect(seen).toHaveLength(2);
    await process.advance(0.1);
    expect([seen.length, await process.result(run)]).toEqual([3, null]);
  });

  test("are three for a failure that asks for them where there is no policy", async () => {
    let count = 0;
    const run = runStep(() => {
      count++;
      throw new RetryError("later", { after: 0 });
    });
    expect([await rejectionOf(run), count]).toEqual(["run_failed: later", 3]);
  });

  test("are decided by the author's own policy, which sees the failure", async () => {
    const asked: unknown[] = [];
    const { workflow } = attemptsOf((failed) => {
      asked.push(failed);
      return failed.attempt < 2 ? 0 : null;
    });
    expect(await rejectionOf(workflow.run())).toBe("run_failed: busy");
    const chance = expect.any(Number);
    const failure = expect.objectContaining({ message: "busy" });
    const elapsedSeconds = expect.any(Number);
    expect(asked).toEqual([
      { failure, attempt: 1, elapsedSeconds, chance },
      { failure, attempt: 2, elapsedSeconds, chance },
    ]);
  });

  test.each<readonly [what: string, retry: RetryPolicy]>([
    [
      "that throws",
      () => {
        throw new Error("The policy is broken.");
      },
    ],
    ["that gives no number", () => NaN],
    ["that gives no end", () => Infinity],
    ["whose condition throws", { retryIf: () => JSON.parse("{") as boolean }],
  ])("are none with a policy %s: the failure is told all the same", async (_what, retry) => {
    const lines: LogLevel[] = [];
    const { workflow, seen } = attemptsOf(retry);
    const run = workflow.run({}, { log: (level) => void lines.push(level) });
    expect([await rejectionOf(run), seen.length]).toEqual(["run_failed: busy", 1]);
    expect(lines).toContain("error");
  });

  test("are none when a failure asks for one at no time", async () => {
    const { workflow, seen } = attemptsOf({}, new RetryError("later", { after: NaN }));
    expect([await rejectionOf(workflow.run()), seen.length]).toEqual(["run_failed: later", 1]);
  });
});

describe("a workflow that catches a failure", () => {
  test("may show it, in the words of the wire, which its schema has", async () => {
    const run = oneStep(() => {
      throw new RangeError("too far");
    })
      .catchError("rescue", { emits: [StopEvent] }, (event, context) => {
        context.writeEventToStream(event);
        return StopEvent();
      })
      .run({ a: 1 });
    const [shown] = await Array.fromAsync(run);
    expect<unknown>(shown?.data).toEqual({
      step_name: "s",
      input_event: { type: "StartEvent", value: { a: 1 } },
      exception: { exception_type: "RangeError", exception_message: "too far" },
      attempts: 1,
      elapsed_seconds: expect.any(Number),
      failed_at: expect.stringMatching(/^20\d\d-.*\+00:00$/),
    });
    const { properties } = StepFailedEvent.jsonSchema;
    expect(Object.keys(properties as object)).toEqual(Object.keys(shown?.data ?? {}));
  });

  test("goes on from there, and knows what failed", async () => {
    const workflow = oneStep(() => {
      throw new RangeError("too far");
    }).catchError("rescue", { emits: [StopEvent] }, ({ data }) =>
      StopEvent({
        result: [data.stepName, data.failure.name, data.failure.message, data.attempts, data.input],
      }),
    );
    expect(await workflow.run()).toEqual([
      "s",
      "RangeError",
      "too far",
      1,
      { type: "StartEvent", data: {} },
    ]);
  });
});

test("an event that a step writes is checked before it is shown", async () => {
  const run = runStep((_event, context) => {
    context.writeEventToStream({ type: "Ask", data: { n: "x" } });
    return StopEvent();
  });
  expect(await rejectionOf(run)).toBe(
    'run_failed: Event `Ask` is not valid. `n`: Invalid type: Expected number but received "x".',
  );
});

test.each<readonly [what: string, verb: string, args: readonly unknown[], refusal: string]>([
  ["sends text", "sendEvent", ["hello"], 'cannot send the text "hello"'],
  ["sends nothing", "sendEvent", [], "cannot send `undefined`"],
  ["sends a type", "sendEvent", [Ask], "cannot send a function"],
  ["writes an object", "writeEventToStream", [{ n: 1 }], "cannot write an object with `n`"],
  ["collects null", "collectEvents", [null, [Ask]], "cannot collect null"],
])("a step that %s in the place of an event fails", async (_what, verb, args, refusal) => {
  const body: Body = (_event, context) =>
    (context as unknown as Record<string, (...args: readonly unknown[]) => void>)[verb]?.(...args);
  expect(await rejectionOf(runStep(body))).toBe(
    `run_failed: Step \`s\` ${refusal}: expected an event, which is what calling its type returns.`,
  );
});

test.each<readonly [what: string, target: string, refusal: string]>([
  ["that there is not", "t", "Expected `step` to be a step of workflow `workflow` (`s`), got `t`."],
  [
    "that does not take it",
    "s",
    "Step `s` of workflow `workflow` does not accept `Ask`. It accepts `StartEvent`.",
  ],
])("a step that sends to a step %s fails", async (_what, step, refusal) => {
  const run = runStep((_event, context) => context.sendEvent(Ask(), { step }));
  expect(await rejectionOf(run)).toBe(`run_failed: ${refusal}`);
});

test.each<readonly [what: string, types: unknown, got: string]>([
  ["one type, and no list", Ask, "a function"],
  ["a list with something else in it", [Ask, "Answer"], 'the text "Answer"'],
])("a step that collects events of %s fails", async (_what, types, got) => {
  const run = runStep((_event, context) => context.collectEvents(Ask(), types as []));
  expect(await rejectionOf(run)).toBe(
    "run_failed: Step `s` expects events: they are told by a list of event types " +
      `(what \`defineEvent\` returns), got ${got}.`,
  );
});

test("a step that collects events of no type has them all at once", async () => {
  const run = runStep((_event, context) => StopEvent({ result: context.collectEvents(Ask(), []) }));
  expect(await run).toEqual([]);
});

test("a function is told whose it is", async () => {
  const workflow = oneStep((_event, { runId, handlerId, workflowName, stepName }) =>
    StopEvent({ result: { runId, handlerId, workflowName, stepName } }),
  );
  await using process = await Process.open({ w: workflow });
  const run = await process.start("w", {}, { handlerId: "h" });
  expect(await process.result(run)).toEqual({
    runId: run.runId,
    handlerId: "h",
    workflowName: "w",
    stepName: "s",
  });
});

test("an event of a type that nobody declared can be shown, but not sent", async () => {
  const run = runStep((_event, context) => {
    context.writeEventToStream(Note({ n: 1 }));
    context.sendEvent(Note({ n: 2 }));
    return StopEvent();
  });
  expect(await rejectionOf(run)).toBe(
    "run_failed: Step `s` cannot send `Note`: workflow `workflow` does not know this event type. " +
      "Name it in the `emits` of the step and the `accepts` of another.",
  );
  expect((await Array.fromAsync(run)).map(({ type }) => type)).toEqual([
    "Note",
    "WorkflowFailedEvent",
  ]);
});
