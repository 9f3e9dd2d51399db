/**
 * The architecture, read from the source itself: who may import whom (types count), no cycles, an
 * engine without time, chance or waiting, and files that hold one idea.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const root = join(import.meta.dir, "..");

/** Room to the rooms that it may import. `src/*.ts` are the public entries. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "src/base": [],
  "src/protocol": ["src/base"],
  "src/http": ["src/base"],
  "src/workflow": ["src/base", "src/protocol"],
  "src/engine": ["src/base", "src/workflow"],
  "src/store": ["src/base", "src/protocol"],
  "src/runtime": ["src/base", "src/protocol", "src/workflow", "src/engine", "src/store"],
  "src/server": [
    "src/base",
    "src/protocol",
    "src/http",
    "src/workflow",
    "src/store",
    "src/runtime",
    "static",
    "package.json",
  ],
  "src/testing": [
    "src/base",
    "src/protocol",
    "src/workflow",
    "src/engine",
    "src/store",
    "src/runtime",
  ],
  "src/client": ["src/base", "src/protocol"],
  src: [
    "src/base",
    "src/protocol",
    "src/workflow",
    "src/store",
    "src/runtime",
    "src/server",
    "src/client",
    "src/testing",
  ],
  cli: ["src", "package.json"],
  static: ["src/client", "src/protocol", "src/engine"],
};

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Without comments and the contents of strings. */
  readonly code: string;
  /** Paths from the root, of files of this project. */
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = ["src", "cli", "static"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))
    .map((name) => readSource(join(folder, name))),
);

test("a room imports only the rooms below it", () => {
  const wrong = files.flatMap(({ path, imports }) =>
    imports
      .map(roomOf)
      .filter((room) => room !== roomOf(path) && !mayImport[roomOf(path)]?.includes(room))
      .map((room) => `${path} imports ${room}`),
  );
  expect(wrong).toEqual([]);
});

test("every room is in the table", () => {
  expect(
    [...new Set(files.map(({ path }) => roomOf(path)))].filter((room) => !mayImport[room]),
  ).toEqual([]);
});

test("no file imports itself through others", () => {
  expect(findCycle(new Map(files.map(({ path, imports }) => [path, imports])))).toEqual([]);
});

test("the engine knows no time, no chance and no waiting", () => {
  const impure =
    /\b(async|await|Promise|Date|Math\.random|randomUUID|crypto|setTimeout|setInterval|setImmediate|queueMicrotask|performance|fetch|process|Bun)\b/;
  const wrong = files
    .filter(({ path }) => roomOf(path) === "src/engine")
    .flatMap(({ path, code }) => code.split("\n").map((line) => `${path}: ${line.trim()}`))
    .filter((line) => impure.test(line));
  expect(wrong).toEqual([]);
});

test("the engine imports no package", () => {
  const wrong = files
    .filter(({ path }) => roomOf(path) === "src/engine")
    .filter(({ text }) => /from "(?!\.)/.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("only the clock knows the time, and only `chance` and `id` know chance", () => {
  const direct = /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate|randomUUID)\b/;
  const allowed = ["src/base/clock.ts", "src/server/listen.ts"];
  const wrong = files.filter(
    ({ path, code }) => path.startsWith("src/") && !allowed.includes(path) && direct.test(code),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("files hold one idea, and lines fit the page", () => {
  const wrong = files.flatMap(({ path, text }) => {
    const lines = text.split("\n");
    // Messages are sentences: the formatter leaves a long string on its line, and so do we.
    const long = lines.findIndex((line) => line.length > 100 && !/["`]/.test(line));
    return [
      ...(lines.length > 400 ? [`${path} has ${lines.length} lines`] : []),
      ...(long >= 0 ? [`${path}:${long + 1} is longer than 100`] : []),
    ];
  });
  expect(wrong).toEqual([]);
});

test("every file says what it is", () => {
  const wrong = files.filter(({ text }) => !/^(#!.*\n)?\/\*\*|^(#!.*\n)?\/\//.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("nothing is left lying about", () => {
  const marks =
    /\b(TODO|FIXME|XXX|HACK)\b|@ts-ignore|\bas any\b|: any[;,)=>\]|]|\bconsole\.log\(|^export default\b/;
  const wrong = files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .filter((line) => marks.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(wrong).toEqual([]);
});

test("a cycle would be found", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c"]],
    ["c", ["a"]],
  ]);
  expect(findCycle(graph)).toEqual(["a", "b", "c", "a"]);
});

// ---

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)];
  return {
    path,
    text,
    code: text
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .replace(/\/\/.*$/gm, "")
      .replace(/"(?:[^"\\\n]|\\.)*"/g, '""')
      .replace(/`(?:[^`\\]|\\.)*`/g, "``"),
    imports: specifiers.map(([, specifier = ""]) => normalize(join(dirname(path), specifier))),
  };
}

/** `src/engine/reduce.ts` is in `src/engine`, `src/index.ts` in `src`, `cli/main.ts` in `cli`. */
function roomOf(path: string): string {
  const parts = path.split("/");
  return parts[0] === "src" && parts.length > 2 ? `src/${parts[1]}` : (parts[0] ?? path);
}

/** A path that comes back to its beginning, if there is one. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): readonly string[] => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return [];
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle.length > 0) return cycle;
    }
    done.add(node);
    return [];
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
