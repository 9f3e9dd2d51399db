/** Whatever keeps the command from serving is said in one line, without a stack, and ends it. */
import { expect, test } from "bun:test";
import { join } from "node:path";

import { authorFile, folderWith, packageEntry, runCommand, serve } from "./command.ts";

interface Case {
  readonly files?: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly says: RegExp;
}

const good = { "s.ts": authorFile("export default new WorkflowServer({ store: 'memory' });") };

const cases: Readonly<Record<string, Case>> = {
  "no file is named": { args: [], says: /^Error: Expected a file, such as .*--help`\.$/ },
  "the file is missing": { args: ["s.ts"], says: /^Error: There is no file `s\.ts`\.$/ },
  "the file is a directory": {
    files: { "src/s.ts": "" },
    args: ["src"],
    says: /^Error: Expected a file, such as `src\/my_server\.ts`, but `src` is a directory\.$/,
  },
  "two files are named": { files: good, args: ["s.ts", "t.ts"], says: /got 2: `s\.ts`, `t\.ts`/ },
  "an option is unknown": {
    files: good,
    args: ["s.ts", "--prot", "80"],
    says: /no option `--prot`/,
  },
  "an option has no value": {
    files: good,
    args: ["s.ts", "--port"],
    says: /Expected a value after `--port`/,
  },
  "the syntax is wrong": {
    files: { "s.ts": "const a = 1;\nconst b = ;\n" },
    args: ["s.ts"],
    says: /^Error at s\.ts:2:11: The syntax is wrong: Unexpected ;$/,
  },
  "the syntax is wrong in several places": {
    files: { "s.ts": "const a = 1;\nconst a = 2;\nconst a = 3;\n" },
    args: ["s.ts"],
    says: /^Error at s\.ts:2:7: The syntax is wrong: .*"a".*\(and 1 more\)$/,
  },
  "the syntax of an imported file is wrong": {
    files: { "s.ts": 'import { x } from "./lib/x.ts";\nx();\n', "lib/x.ts": "export const x = (;" },
    args: ["s.ts"],
    says: /^Error at lib\/x\.ts:1:19: The syntax is wrong: /,
  },
  "an imported file is missing": {
    files: { "s.ts": '// Comment\nimport { x } from "./x.ts";\nx();\n' },
    args: ["s.ts"],
    says: /^Error at s\.ts:2:19: Cannot find `\.\/x\.ts`\. Check the path\.$/,
  },
  "an imported package is missing": {
    files: { "s.ts": 'import { x } from "@no/such-package/x";\nx();\n', "node_modules/.keep": "" },
    args: ["s.ts"],
    says: /^Error at s\.ts:1:19: Cannot find `@no\/such-package\/x`\. Install it with `bun add @no\/such-package`\.$/,
  },
  "an imported name does not exist": {
    files: { "s.ts": 'import { x } from "./x.ts";\nx();\n', "x.ts": "export const y = 1;" },
    args: ["s.ts"],
    says: /^Error at s\.ts: .*'x' not found in module '.*x\.ts'\.$/,
  },
  "the file throws": {
    files: { "s.ts": '\n\nthrow new RangeError("too far");' },
    args: ["s.ts"],
    says: /^Error at s\.ts:3:\d+: RangeError: too far$/,
  },
  "a function of an imported file throws": {
    files: {
      "s.ts": 'import { x } from "./x.ts";\nx();\n',
      "x.ts": 'export function x() {\n  throw new Error("far", { cause: new Error("near") });\n}\n',
    },
    args: ["s.ts"],
    says: /^Error at x\.ts:2:\d+: far Caused by: near$/,
  },
  "the file throws what is no error": {
    files: { "s.ts": 'throw "a fit";' },
    args: ["s.ts"],
    says: /^Error at s\.ts: The file threw "a fit"\.$/,
  },
  "the package refuses what the file does": {
    files: {
      "s.ts": authorFile('new WorkflowServer().addWorkflow("one", one)\n.addWorkflow("one", one);'),
    },
    args: ["s.ts"],
    says: /^Error at s\.ts:6:\d+: Two workflows are called `one`\./,
  },
  "the file makes no server": {
    files: { "s.ts": "export default 1; export const nothing = null;" },
    args: ["s.ts"],
    says: /^Error: `s\.ts` makes no server\. Make one with .*`export default server`\.$/,
  },
  "the file exports two servers": {
    files: {
      "s.ts": authorFile("export const a = new WorkflowServer(), b = new WorkflowServer();"),
    },
    args: ["s.ts"],
    says: /^Error: `s\.ts` exports 2 servers, `a` and `b`\. Export the one that is to be served\.$/,
  },
  "the file makes two servers and exports none": {
    files: { "s.ts": authorFile("new WorkflowServer(); new WorkflowServer();") },
    args: ["s.ts"],
    says: /^Error: `s\.ts` makes 2 servers and exports none\./,
  },
  "the port is no port": {
    files: good,
    args: ["s.ts", "--port", "99999"],
    says: /^Error: Expected `port` to be a whole number from 0 to 65535, got "99999"\.$/,
  },
  "the port of the environment is no port": {
    files: good,
    args: ["s.ts"],
    env: { WORKFLOWS_SERVER_PORT: "http" },
    says: /^Error: Expected `port` .*, got "http"\.$/,
  },
  "the host is a name that nobody knows": {
    files: good,
    args: ["s.ts", "--host", "no-such-host.invalid", "--port", "0"],
    says: /^Error: Cannot listen on no-such-host\.invalid:0: no address of this machine is called so\./,
  },
  "the host is another machine": {
    files: good,
    args: ["s.ts", "--host", "203.0.113.1", "--port", "0"],
    says: /^Error: Cannot listen on 203\.0\.113\.1:0: no address of this machine is called so\./,
  },
  "the store is no database": {
    files: { ...good, "notes.txt": "These are notes, and there are enough of them.\n".repeat(20) },
    args: ["s.ts", "--store", "notes.txt", "--host", "127.0.0.1", "--port", "0"],
    says: /^Error: Could not open `.*notes\.txt`: .*damaged or no database/,
  },
  "the store is a directory": {
    files: { ...good, "data/x": "" },
    args: ["s.ts", "--store", "data", "--host", "127.0.0.1", "--port", "0"],
    says: /^Error: Could not open `.*data`: .*must be a file/,
  },
};

for (const [name, { args, env = {}, files = {}, says }] of Object.entries(cases)) {
  test.concurrent(
    `refuses when ${name}`,
    async () => {
      using folder = await folderWith(files);
      const { code, stderr, stdout } = await runCommand(args, { cwd: folder.path, env });
      expect(stdout).toBe("");
      expect(stderr.trimEnd().split("\n")).toEqual([expect.stringMatching(says)]);
      expect(code).toBe(1);
    },
    60_000,
  );
}

test("lists every mistake of a workflow, and where it is added", async () => {
  using folder = await folderWith({
    "s.ts": `import { defineEvent, StartEvent, Workflow, WorkflowServer } from "${packageEntry}";
const Lost = defineEvent("Lost");
const bad = new Workflow()
  .step("begin", { accepts: [StartEvent], emits: [Lost] }, () => Lost());
new WorkflowServer()
  .addWorkflow("bad", bad);
`,
  });
  const { code, stderr } = await runCommand(["s.ts"], { cwd: folder.path });
  const [first, ...mistakes] = stderr.trimEnd().split("\n");
  expect(first).toMatch(/^Error at s\.ts:6:\d+: Workflow `bad` cannot run:$/);
  expect(mistakes.length).toBeGreaterThan(1);
  for (const mistake of mistakes) expect(mistake).toMatch(/^ {2}- .*\.$/);
  expect(code).toBe(1);
}, 60_000);

test("refuses a port that is in use, and a store that another process has", async () => {
  using folder = await folderWith(good);
  const cwd = folder.path;
  await using first = await serve(["s.ts", "--store", "state.db"], { cwd });
  const { port } = new URL(first.url);
  const [onPort, onStore] = await Promise.all([
    runCommand(["s.ts", "--host", "127.0.0.1", "--port", port], { cwd }),
    runCommand(["s.ts", "--host", "127.0.0.1", "--port", "0", "--store", "state.db"], { cwd }),
  ]);
  expect(onPort).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^Error: Cannot listen on 127\.0\.0\.1:\d+: the port is in use\./,
    ),
  });
  expect(onStore).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^Error: Expected `.*state\.db` to be free, but process \d+ /),
  });
}, 60_000);

test("tells first what the file has left to itself", async () => {
  using folder = await folderWith({
    "s.ts": authorFile(
      "const server = new WorkflowServer({ store: 'memory' });\nserver.serve({ host: '203.0.113.1' });",
    ),
  });
  const { code, stderr } = await runCommand(["s.ts"], { cwd: folder.path });
  expect(stderr).toMatch(/nothing handled it.*Cannot listen on 203\.0\.113\.1/);
  expect(stderr).toMatch(/\nError: The server is closed\.[^\n]*\n$/);
  expect(code).toBe(1);
}, 60_000);

test("a path in the error is as one would type it", async () => {
  using folder = await folderWith({ "deep/er/s.ts": "throw new Error('no');", "here/.keep": "" });
  const { stderr } = await runCommand(["../deep/er/s.ts"], { cwd: join(folder.path, "here") });
  expect(stderr).toMatch(/^Error at .*\/deep\/er\/s\.ts:1:\d+: no\n$/);
}, 60_000);
