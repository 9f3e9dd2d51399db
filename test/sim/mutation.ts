/**
 * A mutant is made in a copy of the source, and simulated there until it breaks a law. Where the
 * simulation sees nothing wrong, the fast tests of the room may.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Campaign } from "./campaign.ts";
import { type Coverage, expectedCoverage } from "./coverage.ts";
import type { Mutant } from "./mutant-list.ts";

/** What is reached so often is not missed by chance. */
const oftenMin = 30;

export interface Verdict {
  /** How it was found out, or null: it has survived. */
  readonly killedBy: string | null;
  readonly seeds: number;
  readonly coverage: Coverage;
}

const root: string = join(import.meta.dir, "..", "..");

/** Enough for what only a rare turn of things shows. */
export const seedsMax = 3_000;
/**
 * One that goes round in circles is found out as well: by the time of a processor, since on a busy
 * machine everything is slow. It is about ten times what the source itself needs.
 */
const circleSeconds = { base: 30, perSeed: 0.15 } as const;
/** One that waits for ever does nothing at all: after so long it has used next to no time. */
const waitSeconds = { most: 900, worked: 10 } as const;

/** Rooms to what of `test` knows them, and is fast. */
const testsOf: Readonly<Record<string, readonly string[]>> = {
  engine: ["engine", "runtime"],
  runtime: ["runtime", "testing", "faults"],
  store: ["store/conformance.test.ts", "store/feed.test.ts", "runtime", "store"],
  workflow: ["workflow", "runtime"],
  protocol: ["protocol", "wire"],
  http: ["http", "wire"],
};

/** What tests and types are made of. */
const copied = ["cli", "src", "static", "test", "bunfig.toml", "package.json", "tsconfig.json"];
/** Folders that no mutant is tried in now. */
const copies: string[] = [];

/** How often the text to be replaced occurs: it has to be once. */
export function occurrences({ file, find }: Mutant): number {
  return readFileSync(join(root, file), "utf8").split(find).length - 1;
}

export async function tryMutant(
  mutant: Mutant,
  seeds: number = seedsMax,
  reached: Coverage = {},
): Promise<Verdict> {
  const { file, find, replace, workload } = mutant;
  const text = readFileSync(join(root, file), "utf8");
  if (!text.includes(find)) throw new Error(`${file} has no such text: ${find}`);
  // Not as a pattern: `$` in the replacement would mean something.
  const wrong = text.replace(find, () => replace);
  return tryText(file, wrong, seeds, workload ? {} : reached, onlyFor(workload));
}

/** What the source itself comes to with so many seeds: a mutant has to come to it as well. */
export async function baseline(seeds: number): Promise<Coverage> {
  const file = "src/engine/reduce.ts";
  const text = readFileSync(join(root, file), "utf8");
  const { killedBy, coverage } = await tryText(file, text, seeds);
  if (killedBy !== null) throw new Error(`The source itself breaks a law: ${killedBy}`);
  return coverage;
}

/** Simulates with another text in the place of a file. */
export async function tryText(
  file: string,
  text: string,
  seeds: number,
  reached: Coverage = {},
  flags: readonly string[] = [],
): Promise<Verdict> {
  const killed = (killedBy: string): Verdict => ({ killedBy, seeds: 0, coverage: {} });
  const cmd = ["test/sim/main.ts", "--json", "--failures", "1", "--seeds", String(seeds), ...flags];
  const end = await runWith(file, text, cmd, circleSeconds.base + seeds * circleSeconds.perSeed);
  if (end.wasStopped) return killed("it has no end");
  if (end.exitCode !== 0) return killed(`it does not start: ${end.errors}`);
  const { failures, coverage, seeds: tried } = JSON.parse(end.output) as Campaign; // As printed.
  const missed = expectedCoverage.find(
    (name) => (reached[name] ?? 0) > oftenMin && !coverage[name],
  );
  const [failure] = failures;
  const broken = failure && `${failure.law}: ${failure.reason}`;
  return {
    killedBy: broken ?? (missed ? `never reached: ${missed}` : null),
    seeds: tried,
    coverage,
  };
}

/** Runs the fast tests of a file's room with another text in its place: what fails, or null. */
export async function testText(file: string, text: string): Promise<string | null> {
  const folders = testsOf[file.split("/")[1] ?? ""] ?? [];
  for (const folder of folders) {
    const cmd = ["test", `./test/${folder}`, "--bail", "--timeout", "60000"];
    const end = await runWith(file, text, cmd, circleSeconds.base);
    if (end.wasStopped) return `test/${folder} has no end`;
    if (end.exitCode === 0) continue;
    return /^\(fail\) .*$/m.exec(end.errors)?.[0] ?? `test/${folder} does not start`;
  }
  const types = await runWith(file, text, ["check"], circleSeconds.base);
  return types.exitCode === 0 ? null : "its types do not agree";
}

// ---

interface End {
  readonly output: string;
  readonly errors: string;
  readonly exitCode: number | null;
  readonly wasStopped: boolean;
}

async function runWith(
  file: string,
  text: string,
  cmd: readonly string[],
  seconds: number,
): Promise<End> {
  const folder = copies.pop() ?? makeCopy();
  try {
    writeFileSync(join(folder, file), text);
    const limited = `ulimit -t ${Math.ceil(seconds)}; exec "$@"`;
    const child = Bun.spawn({
      cmd: ["sh", "-c", limited, "sh", process.execPath, ...cmd],
      cwd: folder,
      stdout: "pipe",
      stderr: "pipe",
      timeout: waitSeconds.most * 1000,
    });
    const [output, errors] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    await child.exited;
    const workedSeconds = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6;
    if (child.signalCode === "SIGTERM" && workedSeconds > waitSeconds.worked) {
      throw new Error("This machine is too busy to tell a slow mutant from one without an end.");
    }
    return { output, errors, exitCode: child.exitCode, wasStopped: child.signalCode !== null };
  } finally {
    cpSync(join(root, file), join(folder, file));
    copies.push(folder);
  }
}

function onlyFor(workload: string | undefined): readonly string[] {
  return workload === undefined ? [] : ["--workload", workload];
}

/** A copy of what is simulated and tested, for one mutant at a time, until this process ends. */
function makeCopy(): string {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  for (const name of copied) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}
