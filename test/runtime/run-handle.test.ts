/** A run as the program sees it that started it: its result, its stream, and what is sent into it. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import { RunFailedError } from "../../src/base/errors.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import {
  Answer,
  Ask,
  gate,
  Note,
  oneStep,
  rejectionOf,
  runStep,
  typesOf,
  Work,
} from "./fixtures.ts";

/** Writes so many notes, then stops. */
const chatty = (count: number) =>
  runStep((_event, context) => {
    for (let n = 0; n < count; n++) context.writeEventToStream(Note({ n }));
    return StopEvent({ result: "done" });
  });

describe("the result of a run", () => {
  test("is what its stop event carries", async () => {
    expect(await runStep(() => StopEvent({ result: { a: [1] } }))).toEqual({ a: [1] });
  });

  test("is null when its stop event carries nothing", async () => {
    expect(await runStep(() => StopEvent())).toBeNull();
  });

  test("is the event itself, when that is the author's", async () => {
    const End = StopEvent.extend("End", { tracking: v.string() });
    const workflow = new Workflow().step("s", { accepts: [StartEvent], emits: [End] }, () =>
      End({ tracking: "1Z" }),
    );
    const result = await workflow.run();
    expect([result, Object.isFrozen(result)]).toEqual([
      { type: "End", data: { tracking: "1Z" } },
      true,
    ]);
  });

  test("can be waited for by any number, before and after the end", async () => {
    const run = runStep(() => StopEvent({ result: 1 }));
    expect(await Promise.all([run, run.result(), run.then((result) => [result])])).toEqual([
      1,
      1,
      [1],
    ]);
    expect(await run.result()).toBe(1);
  });

  test("of a start that was refused is that refusal, for whoever asks", async () => {
    const state = { n: v.optional(v.number(), 0) };
    const workflow = oneStep(() => StopEvent(), {}, { state });
    const run = workflow.run({}, { state: { n: "one" } });
    const refusal =
      'state_invalid: The state is not valid. `n`: Invalid type: Expected number but received "one".';
    expect(await Promise.all([run, typesOf(run), run.cancel()].map(rejectionOf))).toEqual([
      refusal,
      refusal,
      refusal,
    ]);
  });
});

describe("a run that fails", () => {
  test("rejects with the failure, as often as it is asked", async () => {
    const run = runStep(() => {
      throw new TypeError("kaboom");
    });
    const error = await run.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunFailedError);
    expect([(error as RunFailedError).status, (error as RunFailedError).message]).toEqual([
      "failed",
      "kaboom",
    ]);
    expect(await rejectionOf(run)).toBe("run_failed: kaboom");
  });

  test("tells what the step has thrown by its name and code, also of a child", async () => {
    const child = oneStep(() => {
      throw Object.assign(new RangeError("too far"), { code: "E_FAR" });
    });
    const parent = oneStep((_event, context) => context.runWorkflow(child, {}), {
      children: [child],
    });
    const failureOf = async (run: PromiseLike<unknown>): Promise<unknown> => {
      const error = await Promise.resolve(run).catch((thrown: unknown) => thrown);
      const { name, message, code } = (error as RunFailedError).failure;
      return { name, message, code };
    };
    expect([await failureOf(child.run()), await failureOf(parent.run())]).toEqual([
      { name: "RangeError", message: "too far", code: "E_FAR" },
      { name: "RunFailedError", message: "too far", code: "run_failed" },
    ]);
  });

  test("shows its failure as the last event", async () => {
    const run = runStep(() => {
      throw new TypeError("kaboom");
    });
    const events = await Array.fromAsync(run);
    expect(events).toEqual([
      {
        type: "WorkflowFailedEvent",
        data: {
          step_name: "s",
          exception: { exception_type: "TypeError", exception_message: "kaboom" },
          attempts: 1,
          elapsed_seconds: expect.any(Number),
        },
      },
    ]);
  });
});

describe("the stream of a run", () => {
  test("has what its steps wrote, and its end", async () => {
    expect(await Array.fromAsync(chatty(2))).toEqual([
      { type: "Note", data: { n: 0 } },
      { type: "Note", data: { n: 1 } },
      { type: "StopEvent", data: { result: "done" } },
    ]);
  });

  test("is the same for any number of readers, at the same time and after the end", async () => {
    const run = chatty(50);
    const [first, second] = await Promise.all([typesOf(run), typesOf(run.stream())]);
    expect(first).toHaveLength(51);
    expect([second, await typesOf(run)]).toEqual([first, first]);
  });

  test("goes on for one reader when another has left", async () => {
    const run = chatty(20);
    for await (const { type } of run) {
      expect(type).toBe("Note");
      break;
    }
    expect(await typesOf(run)).toHaveLength(21);
  });

  test("has the engine's own events only for who asks", async () => {
    const run = chatty(1);
    expect(await typesOf(run.stream({ includeInternal: true }))).toEqual([
      "StepStateChanged",
      "Note",
      "StepStateChanged",
      "StopEvent",
    ]);
    expect(await typesOf(run.stream({ includeInternal: false }))).toEqual(["Note", "StopEvent"]);
  });

  test("begins after what a reader has seen", async () => {
    const run = chatty(3);
    await run;
    const from = (after: number) => typesOf(run.stream({ after, includeInternal: true }));
    expect(
      [await from(-1), await from(4), await from(5), await from(99)].map((all) => all.length),
    ).toEqual([6, 1, 0, 0]);
  });

  test("ends when its reader's signal is raised", async () => {
    const opened = gate();
    const run = runStep(async (_event, context) => {
      context.writeEventToStream(Note());
      await opened.opened;
      return StopEvent();
    });
    const controller = new AbortController();
    const types: string[] = [];
    for await (const { type } of run.stream({ signal: controller.signal })) {
      types.push(type);
      controller.abort();
    }
    opened.open();
    expect([types, await run]).toEqual([["Note"], null]);
  });

  test("gives frozen events, so that readers cannot disturb each other", async () => {
    const [note] = await Array.fromAsync(chatty(1));
    expect([Object.isFrozen(note), Object.isFrozen(note?.data)]).toEqual([true, true]);
  });

  test("ends with the run's own end, not with a stop event that a step wrote", async () => {
    const run = runStep(async (_event, context) => {
      context.writeEventToStream(StopEvent({ result: "inner" }));
      await Bun.sleep(1);
      context.writeEventToStream(Note());
      return StopEvent({ result: "outer" });
    });
    expect([await typesOf(run), await run]).toEqual([["StopEvent", "Note", "StopEvent"], "outer"]);
  });
});

describe("an event that is sent into a run", () => {
  const asking = () =>
    new Workflow()
      .step("ask", { accepts: [StartEvent], emits: [Ask] }, () => Ask({ n: 1 }))
      .step("end", { accepts: [Answer], emits: [StopEvent] }, ({ data }) =>
        StopEvent({ result: data.n }),
      );

  test("goes to the step that accepts it", async () => {
    const run = asking().run();
    for await (const { type } of run) if (type === "Ask") await run.sendEvent(Answer({ n: 7 }));
    expect(await run).toBe(7);
  });

  test("may go to one step, which has to be there and to accept it", async () => {
    const run = asking().run();
    await run.sendEvent(Answer({ n: 5 }), { step: "end" });
    expect(await run).toBe(5);
    const other = asking().run();
    expect(await rejectionOf(other.sendEvent(Answer(), { step: "ask" }))).toBe(
      "step_unknown: Step `ask` of workflow `workflow` does not accept `Answer`. It accepts `StartEvent`.",
    );
    await other.cancel();
  });

  test("is refused when the run has ended", async () => {
    const run = runStep(() => StopEvent());
    await run;
    expect(await rejectionOf(run.sendEvent(Answer()))).toBe(
      "handler_finished: Workflow already completed",
    );
  });

  test("that nobody takes is told to whoever reads the engine's events", async () => {
    const opened = gate();
    const run = runStep(async () => {
      await opened.opened;
      return StopEvent();
    });
    await run.sendEvent(StopEvent());
    opened.open();
    expect(await typesOf(run.stream({ includeInternal: true }))).toContain("UnhandledEvent");
  });

  test("of a type that the workflow does not know is refused", async () => {
    const opened = gate();
    const run = runStep(async () => {
      await opened.opened;
      return StopEvent();
    });
    expect(await rejectionOf(run.sendEvent(Work()))).toStartWith(
      "event_type_unknown: Workflow `workflow` does not know the event type `Work`.",
    );
    opened.open();
    await run;
  });
});

describe("cancelling a run", () => {
  test("ends it: its result, its stream, and the signal of what is under way", async () => {
    const aborted = gate();
    const run = runStep((_event, { signal }) => {
      signal.addEventListener("abort", aborted.open);
      return new Promise(() => {});
    });
    await run.cancel();
    await aborted.opened;
    expect([await rejectionOf(run), await typesOf(run)]).toEqual([
      "run_failed: The run was cancelled.",
      ["WorkflowCancelledEvent"],
    ]);
    const error = (await run.result().catch((thrown: unknown) => thrown)) as RunFailedError;
    expect(error.status).toBe("cancelled");
  });

  test("twice, or after its end, does nothing more", async () => {
    const run = runStep(() => StopEvent({ result: 1 }));
    await run;
    await run.cancel();
    await run.cancel();
    expect([await run, await typesOf(run)]).toEqual([1, ["StopEvent"]]);
  });

  test("lets a function that does not look at its signal go on without effect", async () => {
    const opened = gate();
    const over = gate();
    const run = runStep(async (_event, context) => {
      await opened.opened;
      expect(() => context.writeEventToStream(Note())).toThrow("The run has ended.");
      over.open();
      return StopEvent({ result: "late" });
    });
    await run.cancel();
    opened.open();
    await over.opened;
    expect(await typesOf(run)).toEqual(["WorkflowCancelledEvent"]);
  });
});
