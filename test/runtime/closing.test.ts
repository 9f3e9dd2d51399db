/** A process that closes: what it still does, in which order, and whom it waits for. */
import { expect, test } from "bun:test";

import { WorkflowError } from "../../src/base/errors.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { NewRun, Store } from "../../src/store/store.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { defineResource } from "../../src/workflow/resource.ts";
import { Answer, oneStep, rejectionOf } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

const asking = () =>
  oneStep(async (_event, context) => {
    await context.waitForEvent(Answer);
    return StopEvent();
  });

test("what is asked of a process that is closing is refused, and has not happened", async () => {
  const process = await Process.open({ w: asking() });
  const run = await process.start("w");
  await settle();
  const result = rejectionOf(process.result(run));
  await process.runtime.close();
  const refusal = "shutting_down: The server is shutting down.";
  expect([
    await result,
    await rejectionOf(process.send(run, Answer())),
    await rejectionOf(process.start("w")),
    await rejectionOf(process.cancel(run)),
    await rejectionOf(process.runtime.delete(run.handlerId)),
  ]).toEqual([refusal, refusal, refusal, refusal, refusal]);
  expect((await process.store.getHandler(run.handlerId))?.status).toBe("running");
});

test("a process has closed when what runs have is disposed of, then what it has, and its store", async () => {
  const trace: string[] = [];
  const slowly = (what: string, turns: number) => async () => {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    trace.push(what);
  };
  class Closing extends MemoryStore {
    override close = slowly("store", 1);
  }
  const make = (scope: "run" | "server", turns: number) =>
    defineResource(scope, { scope }, () => ({ [Symbol.asyncDispose]: slowly(scope, turns) }));
  const resources = { run: make("run", 3), server: make("server", 2) };
  const workflow = oneStep((_event, { waitForEvent }) => waitForEvent(Answer), { resources });
  const process = await Process.open({ w: workflow }, { store: new Closing() });
  await process.start("w");
  await settle();
  await process.runtime.close();
  expect(trace).toEqual(["run", "server", "store"]);
});

test("a process that is closed while a child waits for a full disk leaves no timer", async () => {
  class FullForChildren extends MemoryStore {
    override create(run: NewRun, ...rest: [Parameters<Store["create"]>[1]]): Promise<void> {
      if (run.parentRunId === undefined) return super.create(run, ...rest);
      return Promise.reject(new WorkflowError("store_unavailable", "The disk is full."));
    }
  }
  const child = oneStep(() => StopEvent());
  const parent = new Workflow().step(
    "s",
    { accepts: [StartEvent], emits: [StopEvent], children: [child] },
    async (_event, context) => StopEvent({ result: await context.runWorkflow(child, {}) }),
  );
  const process = await Process.open({ w: parent }, { store: new FullForChildren() });
  await process.start("w");
  await settle();
  expect(process.clock.nextAt).not.toBeNull();
  await process.runtime.close();
  expect(process.clock.nextAt).toBeNull();
});
