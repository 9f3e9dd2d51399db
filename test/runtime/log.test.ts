/** What operators are told of a run. */
import { expect, test } from "bun:test";

import type { LogFields, LogLevel } from "../../src/base/log.ts";
import { StopEvent } from "../../src/workflow/builtin.ts";
import { Answer, oneStep } from "./fixtures.ts";
import { Process } from "./process.ts";

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

async function linesOf(
  workflow: ReturnType<typeof oneStep>,
): Promise<{ lines: Line[]; runId: string }> {
  const lines: Line[] = [];
  await using process = await Process.open(
    { w: workflow },
    { log: (level, message, fields) => void lines.push({ level, message, fields }) },
  );
  const run = await process.start("w", {}, { handlerId: "h" });
  await process.runtime.ended(run.runId);
  return { lines, runId: run.runId };
}

test("a step's own lines say which run and which step they are of", async () => {
  const { lines, runId } = await linesOf(
    oneStep((_event, { log }) => {
      log("warn", "Low on tea.", { left: 2, step: "mine" });
      return StopEvent();
    }),
  );
  expect(lines[0]).toEqual({
    level: "warn",
    message: "Low on tea.",
    fields: { run: runId, step: "mine", job: 1, left: 2 },
  });
});

test("a step's own lines are part of its story: once, as data, and until the step ends", async () => {
  const told: LogFields[] = [];
  const after = Promise.withResolvers<void>();
  const workflow = oneStep(async (_event, { log, waitForEvent }) => {
    log("warn", "Low on tea.", { left: 2, kind: undefined, since: 3n });
    await waitForEvent(Answer);
    log("debug", "There is tea again.");
    void after.promise.then(() => log("info", "Too late."));
    return StopEvent();
  });
  await using process = await Process.open(
    { w: workflow },
    { idleMs: 1_000, log: (_level, message, fields) => void told.push({ message, ...fields }) },
  );
  const run = await process.start("w");
  await process.advance(2);
  expect(process.isInMemory(run)).toBe(false);
  await process.send(run, Answer());
  await process.result(run);
  after.resolve();
  await process.advance(2);
  const lines = ((await process.stream(run, true)) as readonly (readonly [string, object])[])
    .filter(([type]) => type === "StepLogged")
    .map(([, line]) => line);
  const of = { name: "s", job: 1 };
  expect<unknown>(lines).toEqual([
    { ...of, level: "warn", message: "Low on tea.", fields: { left: 2, kind: null, since: "3" } },
    { ...of, level: "debug", message: "There is tea again.", fields: {} },
  ]);
  // Operators get all of it.
  expect(told.filter(({ message }) => message === "Too late.")).toMatchObject([{ step: "s" }]);
});

test("a run that failed is told, with its handler; one that went well is not worth a warning", async () => {
  const failing = oneStep(() => {
    throw new Error("kaboom");
  });
  const { lines, runId } = await linesOf(failing);
  expect(lines).toEqual([
    {
      level: "warn",
      message: "Run failed: kaboom",
      fields: { run: runId, handler: "h", workflow: "w" },
    },
  ]);
  const { lines: well } = await linesOf(oneStep(() => StopEvent()));
  expect(well.map(({ level }) => level)).toEqual(["debug"]);
});

test("a verbose workflow tells every tick", async () => {
  const { lines } = await linesOf(oneStep(() => StopEvent(), {}, { verbose: true }));
  const told = lines.filter(({ level }) => level === "info").map(({ message }) => message);
  expect(told).toHaveLength(2);
  expect(told.join("\n")).toMatch(/StartEvent[^]*StopEvent/);
});
