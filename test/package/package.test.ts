/** The package as its users get it: packed, installed into an empty project, and used from there. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import manifest from "../../package.json";
import { compilerOptions } from "../support/bun-init.ts";
import { listTarball, Project } from "./project.ts";

const root = join(import.meta.dir, "../..");

/** What an author writes first. */
const files = {
  "package.json": { name: "authors-project", type: "module", private: true },
  // As `bun init` writes it.
  "tsconfig.json": {
    compilerOptions: { ...compilerOptions, jsx: "react-jsx", allowJs: true, types: ["bun"] },
  },
  "my_server.ts": `import { StartEvent, StopEvent, Workflow, WorkflowServer } from "workflows-server";
import * as v from "valibot";

const Name = StartEvent.extend("Name", { name: v.string() });
export const hello = new Workflow().step(
  "hello",
  { accepts: [Name], emits: [StopEvent] },
  (ev) => StopEvent({ result: \`Hello, \${ev.data.name}!\` }),
);
const server = new WorkflowServer().addWorkflow("hello", hello);
export default server;
`,
  "app.ts": `import server from "./my_server.ts";
const { url } = await server.serve({ host: "127.0.0.1", port: 0 });
console.log(url.origin);
process.once("SIGTERM", () => void server.close());
`,
  "endless.ts": `import { StartEvent, StopEvent, Workflow, WorkflowServer } from "workflows-server";
const endless = new Workflow().step(
  "endless",
  { accepts: [StartEvent], emits: [StopEvent] },
  () => {
    for (;;);
  },
);
const server = new WorkflowServer({ blockedTimeout: 1, store: "memory" });
const { url } = await server.addWorkflow("endless", endless).serve({ port: 0, host: "127.0.0.1" });
await fetch(url + "workflows/endless/run", { method: "POST", body: "{}" });
`,
  "hello.ts": `import { testRun } from "workflows-server/testing";
import { hello } from "./my_server.ts";
console.log(await (await testRun(hello, { name: "Ada" })).result());
`,
};

let project: Project;

beforeAll(async () => {
  project = await Project.create();
  await project.write(files);
  const packages = ["valibot", `@types/bun@${manifest.devDependencies["bun-types"]}`];
  const added = await project.bun("add", project.tarball, ...packages);
  expect(added).toMatchObject({ code: 0 });
}, 120_000);

afterAll(() => project?.[Symbol.dispose]());

test("the package holds its sources, what tells about it, and nothing else", async () => {
  const packed = await listTarball(project.tarball);
  const own = ["src", "cli", "static"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile())
      .map((item) => join(item.parentPath, item.name).slice(root.length + 1)),
  );
  const about = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
  expect(packed).toEqual([...own, ...about].toSorted());
  expect(packed.filter((path) => /(^|\/)\.|\.test\.|\.(db|env|key|pem|log)$/.test(path))).toEqual(
    [],
  );
  const places = Object.values({ ...manifest.exports, ...manifest.bin });
  expect(packed).toContainValues(places.map((path) => path.replace("./", "")));
});

test("bunx serves an author's file", async () => {
  const options = ["--host", "127.0.0.1", "--port", "0"];
  const command = [process.execPath, "x", "workflows-server", "my_server.ts", ...options];
  await using serving = await project.serve(command);
  await expectHello(serving.url);
}, 60_000);

test("under `bun --watch` a changed file is served anew", async () => {
  const options = ["watched.ts", "--host", "127.0.0.1", "--port", String(await freePort())];
  const bin = "node_modules/.bin/workflows-server";
  const watched = (name: string): string =>
    `import { WorkflowServer } from "workflows-server";
import { hello } from "./my_server.ts";
export const watched = new WorkflowServer({ store: "memory" }).addWorkflow("${name}", hello);
`;
  await project.write({ "watched.ts": watched("before") });
  await using serving = await project.serve([process.execPath, "--watch", bin, ...options]);
  const names = async (): Promise<unknown> => {
    const answer = await fetch(`${serving.url}/workflows`).catch(() => undefined);
    return answer?.json().catch(() => undefined);
  };
  expect(await names()).toEqual({ workflows: ["before"] });
  await project.write({ "watched.ts": watched("after") });
  while (!Bun.deepEquals(await names(), { workflows: ["after"] })) await Bun.sleep(20);
}, 60_000);

test("an author's types are right under what `bun init` writes", async () => {
  expect(await project.bun("check")).toMatchObject({
    code: 0,
    stdout: expect.not.stringContaining("error"),
  });
}, 60_000);

test("the entry for tests can be imported", async () => {
  expect(await project.bun("hello.ts")).toEqual({ code: 0, stdout: "Hello, Ada!\n", stderr: "" });
}, 60_000);

test("a binary with everything in it has the page, and a store that outlives it", async () => {
  const built = await project.bun("build", "--compile", "app.ts", "--outfile", "alone/app");
  expect(built).toMatchObject({ code: 0 });
  const binary = join(project.folder, "alone/app");
  {
    await using first = await project.serve([binary]);
    await expectHello(first.url);
    const page = await fetch(first.url);
    expect(page.headers.get("content-type")).toStartWith("text/html");
    expect(await page.text()).toContain("workflows-server");
  }
  await using second = await project.serve([binary]);
  const handler = await fetch(`${second.url}/results/first`);
  expect(await handler.json()).toMatchObject({ status: "completed", result: "Hello, Ada!" });
}, 120_000);

test("a binary watches over its thread as well, also when it is minified", async () => {
  const options = ["--compile", "--minify", "endless.ts", "--outfile", "alone/endless"];
  expect(await project.bun("build", ...options)).toMatchObject({ code: 0 });
  const { code, stderr } = await project.run([join(project.folder, "alone/endless")]);
  expect(stderr).toContain("Step `endless` has kept the thread to itself for 1 s");
  expect(code).toBe(75);
}, 120_000);

// ---

/** A port that was free a moment ago: a server that starts again has to find its own again. */
async function freePort(): Promise<number> {
  await using listener = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  return Number(listener.url.port);
}

async function expectHello(url: string): Promise<void> {
  const health = await fetch(`${url}/health`);
  expect(await health.json()).toEqual({ status: "healthy" });
  const run = await fetch(`${url}/workflows/hello/run`, {
    method: "POST",
    body: JSON.stringify({ handler_id: "first", start_event: { name: "Ada" } }),
  });
  expect(await run.json()).toMatchObject({
    status: "completed",
    result: { value: { result: "Hello, Ada!" } },
  });
}
