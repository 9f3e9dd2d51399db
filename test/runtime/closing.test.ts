/** A process that closes: what it still does, in which order, and whom it waits for. */
import { expect, test } from "bun:test";

import { MemoryStore } from "../../src/store/memory.ts";
import { StopEvent } from "../../src/workflow/builtin.ts";
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
  ]).toEqual([refusal, refusal, refusal, refusal]);
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
