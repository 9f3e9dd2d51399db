/** What a benchmark is, and how one is run: tables on the screen, and the same as JSON in a file. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describeMachine, formatMachine } from "./machine.ts";
import { canPin, generatorCore, pinGenerator, serverCore } from "./process.ts";
import { formatTable, type Table } from "./table.ts";

export interface Benchmark {
  readonly name: string;
  readonly run: (scene: Scene) => Promise<readonly Table[]>;
}

/** What a benchmark is given. */
export interface Scene {
  /** Only to see that it works: the figures mean nothing. */
  readonly isQuick: boolean;
  /** Sizes that take minutes. */
  readonly isLarge: boolean;
  /** Server and generator have a core each. */
  readonly isPinned: boolean;
  /** For databases; empty, and gone afterwards. */
  readonly directory: string;
  /** The first number, or in a quick run the second. */
  readonly pick: (full: number, quick: number) => number;
}

const resultsDirectory = join(import.meta.dir, "..", "results");

/** Runs it as the command line says: `--quick`, `--large`. The end of each benchmark's file. */
export async function runBenchmark(benchmark: Benchmark): Promise<never> {
  const isQuick = process.argv.includes("--quick");
  const isLarge = process.argv.includes("--large");
  const isPinned = !isQuick && canPin;
  // A temporary directory may be in memory, where a sync costs nothing: another can be named.
  const base = process.env["BENCH_DIRECTORY"] ?? tmpdir();
  const directory = mkdtempSync(join(base, "workflows-bench-"));
  try {
    const machine = await describeMachine(directory);
    console.info(`# ${benchmark.name}\n${formatMachine(machine)}`);
    console.info(isPinned ? `${pinnedNote}\n` : "Nothing is pinned to a core.\n");
    const pick = (full: number, quick: number): number => (isQuick ? quick : full);
    const tables = await benchmark.run({ isQuick, isLarge, isPinned, directory, pick });
    for (const table of tables) console.info(formatTable(table));
    if (!isQuick) await save(benchmark.name, { machine, isPinned, isLarge, tables });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  process.exit(0);
}

/** Called by benchmarks whose load comes from this process. */
export function pin({ isPinned }: Scene): void {
  if (isPinned) pinGenerator();
}

// ---

const pinnedNote = `Server on core ${serverCore}, load generator on core ${generatorCore}, each with all its threads.`;

async function save(name: string, result: object): Promise<void> {
  mkdirSync(resultsDirectory, { recursive: true });
  const measuredAt = new Date().toISOString();
  const text = JSON.stringify({ name, measuredAt, ...result }, null, 2);
  await Bun.write(join(resultsDirectory, `${name}.json`), `${text}\n`);
}
