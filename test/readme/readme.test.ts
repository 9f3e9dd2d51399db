/**
 * The README is true: its programs are checked and print what they say, its commands are answered
 * as they say, and its tables list what there is.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import manifest from "../../package.json";
import * as entry from "../../src/index.ts";
import { apiRoutes } from "../../src/server/routes.ts";
import {
  type Block,
  hasShapeOf,
  onOneLine,
  toBlocks,
  toCommands,
  toProgram,
  toPromisedOutput,
} from "./blocks.ts";
import { compilerOptions } from "../support/bun-init.ts";
import { type RunningStart, start } from "./start.ts";

const root = join(import.meta.dir, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = toBlocks(readme);
const ofLanguage = (language: string): readonly Block[] =>
  blocks.filter((block) => block.language === language);

/** Bun from the npm registry, as somebody without Bun calls it. */
const npx = `npx --yes bun@${manifest.engines.bun.replace(">=", "")}`;

const isCurl = ({ code }: Block): boolean => /^curl /m.test(code);
const isServer = ({ code }: Block): boolean => code.startsWith("// my_server.ts");

let server: RunningStart;
let folder = "";

beforeAll(async () => {
  server = await start(root);
  // Inside of the package, so that programs find it by its name.
  folder = mkdtempSync(join(import.meta.dir, ".tmp-"));
  for (const block of ofLanguage("ts")) {
    const program = toProgram(block, Object.keys(entry)).replaceAll(
      "http://localhost:8080",
      server.url,
    );
    await Bun.write(fileOf(block), program);
  }
  await Bun.write(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  await run(["fmt", folder]);
}, 60_000);

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});

describe("programs", () => {
  test("have the right types, as `bun init` would check them", async () => {
    const { code, stdout } = await run(["check", "-p", folder]);
    expect(stdout).not.toContain("error");
    expect(code).toBe(0);
  }, 60_000);

  test("are formatted", async () => {
    for (const block of ofLanguage("ts")) {
      const { stdout } = await run(["fmt", "--stdin-filepath", "x.ts"], block.code);
      expect(stdout).toBe(block.code);
    }
  }, 60_000);

  test("the file at the beginning is the example that `start` serves", async () => {
    const [block, ...others] = ofLanguage("ts").filter(isServer);
    const example = await Bun.file(join(root, "test/examples/my_server.ts")).text();
    expect(others).toEqual([]);
    // Whatever this package exports states its type; an author's file need not.
    expect(block?.code).toBe(example.replace("server: WorkflowServer =", "server ="));
    expect(manifest.scripts.start).toEndWith("cli/main.ts test/examples/my_server.ts");
  });

  for (const block of ofLanguage("ts").filter((candidate) => !isServer(candidate))) {
    test.concurrent(
      `line ${block.line} prints what it says`,
      async () => {
        const { code, stderr, stdout } = await run([fileOf(block)]);
        expect(stderr).toBe("");
        expect(onOneLine(stdout)).toBe(onOneLine(toPromisedOutput(block)));
        expect(stdout).not.toBe("");
        expect(code).toBe(0);
      },
      60_000,
    );
  }
});

describe("commands", () => {
  for (const block of ofLanguage("sh").filter(isCurl)) {
    test.skipIf(!Bun.which("curl"))(
      `line ${block.line} is answered as it says`,
      async () => {
        const commands = toCommands(block);
        const answers = await curl(block);
        expect(answers.map(({ status }) => status)).toEqual(commands.map(({ status }) => status));
        const body = answers.at(-1)?.body ?? "";
        const next = blocks[blocks.indexOf(block) + 1];
        if (next?.language === "text") expect(body.trim()).toBe(next.code.trim());
        if (next?.language !== "json") return;
        const [actual, expected] = [JSON.parse(body), JSON.parse(next.code)];
        if (!hasShapeOf(actual, expected)) expect(actual).toEqual(expected);
      },
      60_000,
    );
  }

  test("those for the shell are the scripts of the package", () => {
    const others = ofLanguage("sh").filter((block) => !isCurl(block) && block.notRun === null);
    expect(others.map(({ code }) => code.trim())).toEqual([`${npx} run start`, `${npx} run test`]);
    expect(manifest.scripts.test).toContain("bun fmt --check && bun check && bun test");
  });

  test("hardly any is not run", () => {
    expect(blocks.filter(({ notRun }) => notRun !== null).length).toBeLessThanOrEqual(1);
    expect(new Set(blocks.map(({ language }) => language))).toEqual(
      new Set(["sh", "json", "ts", "text", "mermaid"]),
    );
  });
});

describe("tables", () => {
  test("every route has a line, and every line a route", () => {
    const listed = [...sectionOf("The HTTP API").matchAll(/^\| `(GET|POST) (\/\S*)` \|/gm)].map(
      ([, method, path]) => `${method} ${path}`,
    );
    const routes = apiRoutes.map(({ method, path }) => `${method} ${path}`);
    expect(listed.toSorted()).toEqual([...routes, "GET /openapi.json"].toSorted());
  });

  test("every option and every variable of the environment has a line", async () => {
    const source = await Bun.file(join(root, "src/server/settings.ts")).text();
    const [, body = ""] = /interface WorkflowServerOptions \{([\s\S]*?)\n\}/.exec(source) ?? [];
    const options = [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name ?? "");
    expect(options.length).toBeGreaterThan(5);
    const listed = [
      ...sectionOf("Configuration").matchAll(/^\| `(\w+)`(?:, `--\w+`)? \|.*\|.*\|.*\|$/gm),
    ];
    expect(listed.map(([, name]) => name).toSorted()).toEqual(options.toSorted());
    const variables = (text: string): readonly string[] =>
      [...new Set(text.match(/\bWORKFLOWS_[A-Z_]+\b/g))].toSorted();
    expect(variables(readme)).toEqual(variables(source));
  });

  test("every room has a line", () => {
    const rooms = readdirSync(join(root, "src"), { withFileTypes: true })
      .filter((item) => item.isDirectory() && readdirSync(join(root, "src", item.name)).length > 0)
      .map(({ name }) => `src/${name}`);
    const listed = [
      ...sectionOf("For contributors").matchAll(/^\| `((?:src|cli|static)[^`]*)` \|/gm),
    ].map(([, name]) => name);
    expect(listed.toSorted()).toEqual([...rooms, "cli", "src/*.ts", "static"].toSorted());
  });

  test("links lead to files that are there", () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path ?? "");
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect([link, existsSync(join(root, link))]).toEqual([link, true]);
  });
});

// ---

function sectionOf(title: string): string {
  return readme.split(/^## /m).find((section) => section.startsWith(`${title}\n`)) ?? "";
}

function fileOf(block: Block): string {
  return join(folder, `line-${block.line}.ts`);
}

async function run(
  args: readonly string[],
  input = "",
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  await using child = Bun.spawn([process.execPath, ...args], {
    cwd: root,
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
    env: {
      ...process.env,
      NO_COLOR: "1",
      PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    },
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Runs a block in a shell whose `curl` also tells the status of each answer. */
async function curl(
  block: Block,
): Promise<readonly { readonly status: number; readonly body: string }[]> {
  const script = block.code.replaceAll("localhost:8080", new URL(server.url).host);
  const verbose = `curl() { command curl -sS --max-time 30 -w '\\n@@%{http_code}@@\\n' "$@"; }`;
  await using child = Bun.spawn(["bash", "-euc", `${verbose}\n${script}`], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  return [...stdout.matchAll(/([\s\S]*?)\n@@(\d{3})@@\n/g)].map(([, body = "", status]) => ({
    status: Number(status),
    body,
  }));
}
