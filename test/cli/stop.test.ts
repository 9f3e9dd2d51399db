/** Stopping: in order at the first signal, at once at the second, and nothing is lost. */
import { expect, test } from "bun:test";
import { join } from "node:path";

import { authorFile, folderWith, serve, startCommand } from "./command.ts";

/** A step that goes on when there is a file, and is cut short when the process stops. */
const gated = authorFile(`import { existsSync } from "node:fs";
const gated = new Workflow().step(
  "wait", { accepts: [StartEvent], emits: [StopEvent] },
  async (_event, context) => {
    context.writeEventToStream({ type: "StartEvent", data: { attempt: context.attempt.number } });
    while (!existsSync("go")) await Bun.sleep(20);
    return StopEvent({ result: "went on" });
  },
);
export default new WorkflowServer().addWorkflow("gated", gated);`);

test("a signal ends streams and leaves runs to the next start", async () => {
  using folder = await folderWith({ "s.ts": gated });
  const cwd = folder.path;
  let events = "";
  {
    await using first = await serve(["s.ts"], { cwd });
    await post(`${first.url}/workflows/gated/run-nowait`, { handler_id: "mine" });
    const stream = await fetch(`${first.url}/events/mine?after_sequence=-1`);
    const waiting = post(`${first.url}/workflows/gated/run`, { handler_id: "other" });
    while ((await fetch(`${first.url}/handlers/other`)).status === 404) await Bun.sleep(10);
    for await (const text of stream.body!.pipeThrough(new TextDecoderStream())) {
      events += text;
      if (text.includes("StartEvent")) first.kill("SIGTERM");
    }
    expect((await waiting).status).toBe(503);
    expect(await first.exited).toBe(0);
    expect(first.stderr().trimEnd()).toEndWith(
      "Stopping. Unfinished runs go on at the next start.",
    );
  }
  expect(events).not.toContain("StopEvent");
  await Bun.write(join(cwd, "go"), "");
  await using second = await serve(["s.ts"], { cwd });
  const rest = await (await fetch(`${second.url}/events/mine?after_sequence=-1`)).text();
  expect(rest).toStartWith(events.slice(0, events.indexOf("\n\n", 10)));
  expect(rest).toContain("went on");
}, 60_000);

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test.concurrent(
    `a later ${signal} ends the process at once`,
    async () => {
      using folder = await folderWith({
        "s.ts": authorFile(
          "const server = new WorkflowServer({ store: 'memory' });\nserver.close = () => new Promise(() => {});",
        ),
      });
      await using running = await serve(["s.ts"], { cwd: folder.path });
      running.kill(signal);
      await running.printed(/Stopping\. Unfinished runs are lost: the store is in memory\./);
      running.kill(signal); // An echo of the first, which came through two hands.
      const again = setInterval(() => running.kill(signal), 50);
      const exit = await running.exited.finally(() => clearInterval(again));
      expect(exit).toBe(code);
    },
    60_000,
  );
}

test("a signal that comes twice at once is one", async () => {
  using folder = await folderWith({
    "s.ts": authorFile("export default new WorkflowServer({ store: 'memory' });"),
  });
  await using running = await serve(["s.ts"], { cwd: folder.path });
  running.kill("SIGINT");
  running.kill("SIGINT");
  expect(await running.exited).toBe(0);
}, 60_000);

test("a signal during the start is no error of the start", async () => {
  using folder = await folderWith({
    "s.ts": `const closed = Promise.withResolvers();
export default {
  workflowNames: [], addWorkflow() {},
  serve: () => { console.info("starting"); return closed.promise; },
  close: async () => { closed.reject(new Error("too late")); await Bun.sleep(10); },
};`,
  });
  await using running = startCommand(["s.ts"], { cwd: folder.path });
  await running.printed(/starting/);
  running.kill("SIGINT");
  expect(await running.exited).toBe(0);
  expect(running.stderr()).toBe("Stopping.\n");
}, 60_000);

test("a stop that fails is reported", async () => {
  using folder = await folderWith({
    "s.ts": authorFile(
      "const server = new WorkflowServer({ store: 'memory' });\nserver.close = () => Promise.reject(new Error('stuck'));",
    ),
  });
  await using running = await serve(["s.ts"], { cwd: folder.path });
  running.kill("SIGINT");
  expect(await running.exited).toBe(1);
  expect(running.stderr()).toMatch(/error The server did not stop cleanly\. error="Error: stuck"/);
}, 60_000);

test("what nobody catches is logged, and other runs go on", async () => {
  using folder = await folderWith({
    "s.ts": authorFile(`import { existsSync } from "node:fs";
const careless = new Workflow().step(
  "drop", { accepts: [StartEvent], emits: [StopEvent] },
  async (_event, context) => {
    context.log("debug", "a small thing");
    context.log("info", "a thing");
    void Promise.reject(new RangeError("nobody waits for me"));
    setTimeout(() => { throw new TypeError("nobody is around me"); });
    await Bun.sleep(20);
    return StopEvent({ result: "done" });
  },
);
const patient = new Workflow().step(
  "wait", { accepts: [StartEvent], emits: [StopEvent] },
  async () => {
    while (!existsSync("go")) await Bun.sleep(20);
    return StopEvent({ result: "there" });
  },
);
new WorkflowServer({ store: "memory" }).addWorkflow("careless", careless).addWorkflow("patient", patient);`),
  });
  await using running = await serve(["s.ts", "--verbose"], { cwd: folder.path });
  const patient = post(`${running.url}/workflows/patient/run`, {});
  const careless = await post(`${running.url}/workflows/careless/run`, {});
  expect(await careless.json()).toMatchObject({ status: "completed" });
  await running.printed(
    /error An error was thrown, .*"TypeError: nobody is around me"\n +at .*s\.ts:/,
  );
  await running.printed(/error A promise was rejected, .*"RangeError: nobody waits for me"\n +at /);
  await running.printed(/ info {2}a thing run=\w+ step=drop /);
  await running.printed(/ debug a small thing run=/);
  await Bun.write(join(folder.path, "go"), "");
  expect(await (await patient).json()).toMatchObject({ status: "completed" });
}, 60_000);

test("a failed run is a line of the log; debug lines are not shown unasked", async () => {
  using folder = await folderWith({
    "s.ts": authorFile(`const bad = new Workflow().step(
  "fail", { accepts: [StartEvent], emits: [StopEvent] },
  (_event, context) => {
    context.log("debug", "a small thing");
    throw new Error("kaboom\\nand \\x1b[2Jmore");
  },
);
new WorkflowServer({ store: "memory" }).addWorkflow("bad", bad);`),
  });
  await using running = await serve(["s.ts"], { cwd: folder.path });
  await post(`${running.url}/workflows/bad/run`, {});
  await running.printed(
    / warn {2}Run failed: kaboom\\nand \\x1b\[2Jmore run=\w+ handler=\w+ workflow=bad\n/,
  );
  expect(running.stderr()).not.toContain("a small thing");
}, 60_000);

test("the log of the file's own server stands", async () => {
  using folder = await folderWith({
    "s.ts": authorFile(`const bad = new Workflow().step(
  "fail", { accepts: [StartEvent], emits: [StopEvent] }, () => { throw new Error("kaboom"); },
);
const log = (level, message) => console.info("my log: " + level + " " + message);
new WorkflowServer({ store: "memory", log }).addWorkflow("bad", bad);`),
  });
  await using running = startCommand(["s.ts", "--host", "127.0.0.1", "--port", "0"], {
    cwd: folder.path,
  });
  await running.printed(/API key/);
  await post(`${running.url}/workflows/bad/run`, {});
  await running.printed(/my log: warn Run failed: kaboom/);
  expect(running.stderr()).toBe("");
}, 60_000);

// ---

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}
