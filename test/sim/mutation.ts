/** A mutant is made in a copy of the source, and simulated there until it breaks a law. */
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
/** One that goes round in circles is found out as well. */
const secondsMax = 300;

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
  return tryText(
    file,
    wrong,
    ["--seeds", String(seeds), ...onlyFor(workload)],
    workload ? {} : reached,
  );
}

/** What the source itself comes to with so many seeds: a mutant has to come to it as well. */
export async function baseline(seeds: number): Promise<Coverage> {
  const file = "src/engine/reduce.ts";
  const text = readFileSync(join(root, file), "utf8");
  const { killedBy, coverage } = await tryText(file, text, ["--seeds", String(seeds)]);
  if (killedBy !== null) throw new Error(`The source itself breaks a law: ${killedBy}`);
  return coverage;
}

/** Simulates with another text in the place of a file. */
export async function tryText(
  file: string,
  text: string,
  flags: readonly string[],
  reached: Coverage = {},
): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "mutant-"));
  try {
    copyTo(folder);
    writeFileSync(join(folder, file), text);
    const child = Bun.spawn({
      cmd: [process.execPath, "test/sim/main.ts", "--json", "--failures", "1", ...flags],
      cwd: folder,
      stdout: "pipe",
      stderr: "pipe",
      timeout: secondsMax * 1000,
    });
    const [report, errors] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    await child.exited;
    if (child.signalCode !== null) {
      return { killedBy: `no end after ${secondsMax} s`, seeds: 0, coverage: {} };
    }
    const noStart = `it does not start: ${errors}`;
    if (child.exitCode !== 0) return { killedBy: noStart, seeds: 0, coverage: {} };
    const { failures, seeds, coverage } = JSON.parse(report) as Campaign; // As `main.ts` prints it.
    const missed = expectedCoverage.find(
      (name) => (reached[name] ?? 0) > oftenMin && !coverage[name],
    );
    const [failure] = failures;
    const broken = failure && `${failure.law}: ${failure.reason}`;
    return { killedBy: broken ?? (missed ? `never reached: ${missed}` : null), seeds, coverage };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// ---

function onlyFor(workload: string | undefined): readonly string[] {
  return workload === undefined ? [] : ["--workload", workload];
}

function copyTo(folder: string): void {
  cpSync(join(root, "src"), join(folder, "src"), { recursive: true });
  cpSync(join(root, "test", "sim"), join(folder, "test", "sim"), { recursive: true });
  for (const name of ["package.json", "tsconfig.json"])
    cpSync(join(root, name), join(folder, name));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}
