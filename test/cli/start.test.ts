/** Which server a file offers, where it listens, and what the command says about it. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { authorFile, folderWith, runCommand, runWorkflow, serve, startCommand } from "./command.ts";

const memory = "new WorkflowServer({ store: 'memory' }).addWorkflow('one', one)";

const offers: Readonly<Record<string, string>> = {
  "by default": `export default ${memory};`,
  "under a name": `export const server = ${memory};`,
  "twice, by default and under a name": `export const server = ${memory};\nexport default server;`,
  "not at all, but made": `${memory};`,
  "beside another that it only makes": `new WorkflowServer();\nexport default ${memory};`,
  "beside other things":
    "export const nothing = null, list = [1], text = 'x', f = () => {};\n" +
    `export default ${memory};`,
};

for (const [how, code] of Object.entries(offers)) {
  test.concurrent(
    `serves a server that the file exports ${how}`,
    async () => {
      using folder = await folderWith({ "my_server.ts": authorFile(code) });
      await using running = await serve(["my_server.ts"], { cwd: folder.path });
      expect(await runWorkflow(running.url, "one")).toBe(1);
      expect(running.stderr()).toBe("");
    },
    60_000,
  );
}

test("knows a server by what it can do, also one of another copy of the package", async () => {
  using folder = await folderWith({
    "s.ts": `export default {
  workflowNames: ["far"], addWorkflow() {}, close: async () => {},
  serve: async ({ port }) => ({
    url: new URL("http://127.0.0.1:1" + port), workflows: ["far"],
    store: { kind: "elsewhere", durability: "process" },
    retention: { keepMs: null, keepMax: 10 }, isAuthenticated: true,
  }),
};`,
  });
  await using running = await serve(["s.ts"], { cwd: folder.path });
  expect(running.stdout()).toContain("Address    http://127.0.0.1:10\n");
  expect(running.stdout()).toContain("Workflows  far\n");
  expect(running.stdout()).toMatch(/Store {6}elsewhere {2}survives the end of the process, not/);
  expect(running.stdout()).toContain("API key    asked for\n");
}, 60_000);

test("a file may be anywhere and be called anything", async () => {
  using folder = await folderWith({ "a b/100% ü#.ts": authorFile(memory) });
  await using running = await serve(["a b/100% ü#.ts"], { cwd: folder.path });
  expect(await runWorkflow(running.url, "one")).toBe(1);
}, 60_000);

test("a file that serves by itself keeps its address and its store", async () => {
  using folder = await folderWith({
    "s.ts": authorFile(
      `const server = ${memory};\nconst { url } = await server.serve({ host: "127.0.0.1", port: 0 });\nconsole.info("mine is " + url.origin);`,
    ),
  });
  const args = ["--host", "localhost", "--port", "9", "--store", "x.db", "s.ts"];
  await using running = startCommand(args, { cwd: folder.path });
  await running.printed(/no effect/);
  const [, mine = ""] = /mine is (\S+)/.exec(running.stdout()) ?? [];
  expect(running.stdout()).toContain(`Address    ${mine}\n`);
  expect(running.stderr()).toMatch(/`--host` and `--port` and `--store` has no effect/);
  expect(await runWorkflow(mine, "one")).toBe(1);
  running.kill("SIGINT");
  expect(await running.exited).toBe(0);
}, 60_000);

test("says where it listens, what it serves, where runs are kept and whether it asks for a key", async () => {
  using folder = await folderWith({
    "s.ts": authorFile(
      "export default new WorkflowServer().addWorkflow('one', one).addWorkflow('two', one);",
    ),
  });
  await using running = await serve(["s.ts"], { cwd: folder.path });
  const lines = running.stdout().trimEnd().split("\n");
  expect(lines).toEqual([
    "",
    expect.stringMatching(/^ {2}workflows-server \d+\.\d+\.\d+$/),
    "",
    expect.stringMatching(/^ {2}Address {4}http:\/\/127\.0\.0\.1:\d+$/),
    "  Workflows  one, two",
    "  Store      .workflows/state.db  survives a power cut",
    "  API key    not asked for",
  ]);
  expect(existsSync(join(folder.path, ".workflows/state.db"))).toBe(true);
}, 60_000);

test("the environment says where no option does", async () => {
  using folder = await folderWith({
    "s.ts": authorFile("export default new WorkflowServer().addWorkflow('one', one);"),
  });
  const env = {
    WORKFLOWS_PY_SERVER_HOST: "203.0.113.1",
    WORKFLOWS_PY_SERVER_PORT: "0",
    WORKFLOWS_SERVER_HOST: "127.0.0.1",
    WORKFLOWS_SERVER_STORE: "memory",
    WORKFLOWS_SERVER_API_KEY: "key-one,key-two",
  };
  await using running = startCommand(["s.ts"], { cwd: folder.path, env });
  await running.printed(/API key {4}asked for/);
  expect(running.stdout()).toContain("  Store      memory  nothing survives");
  const asked = await fetch(`${running.url}/workflows`);
  const answered = await fetch(`${running.url}/workflows`, { headers: { "x-api-key": "key-two" } });
  expect([asked.status, answered.status]).toEqual([401, 200]);
}, 60_000);

test("options win over the environment and over the file", async () => {
  using folder = await folderWith({ "s.ts": authorFile(`export default ${memory};`) });
  const env = { WORKFLOWS_SERVER_PORT: "1", WORKFLOWS_SERVER_STORE: "memory" };
  await using running = await serve(["s.ts", "--store=data/own.db"], { cwd: folder.path, env });
  expect(running.stdout()).toContain("  Store      data/own.db  survives a power cut");
  expect(existsSync(join(folder.path, "data/own.db"))).toBe(true);
}, 60_000);

test("a file that takes long to load is reported, and can be stopped", async () => {
  using folder = await folderWith({ "s.ts": "await new Promise(() => {});" });
  await using running = startCommand(["s.ts"], { cwd: folder.path });
  await running.printed(/warn .*`s\.ts` is still loading/);
  running.kill("SIGTERM");
  expect(await running.exited).toBe(0);
}, 60_000);

test("shows its usage and its version", async () => {
  const cwd = import.meta.dir;
  const [help, versionOnly] = await Promise.all([
    runCommand(["--help"], { cwd }),
    runCommand(["--version"], { cwd }),
  ]);
  expect([help.code, help.stderr]).toEqual([0, ""]);
  const settings = await Bun.file(join(cwd, "../../src/server/settings.ts")).text();
  const variables = settings.match(/\bWORKFLOWS_SERVER_[A-Z_]+\b/g) ?? [];
  expect(variables.length).toBeGreaterThan(4);
  for (const word of ["FILE", "--host", "--port", "--store", "--verbose", ...variables]) {
    expect(help.stdout).toContain(word);
  }
  expect(help.stdout).not.toContain("\x1b");
  const { version } = (await import("../../package.json")).default;
  expect(versionOnly).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
}, 60_000);
