/**
 * Makes wrong edits of the source, and demands that the simulation finds each out. Exits with 1 when
 * one survives.
 *
 *     bun test/sim/mutants.ts [text]              those of the list, or whose file or reason has it
 *     bun test/sim/mutants.ts --generate FILE...  of each line of the files, all that slip a hand
 *
 * `--seeds` says how many seeds each is tried with, 0 for none; `--jobs`, how many are tried at a
 * time. What is generated is tried with the fast tests of its room as well.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { generateEdits } from "./generate.ts";
import { mutants } from "./mutant-list.ts";
import { baseline, seedsMax, testText, tryMutant, tryText, type Verdict } from "./mutation.ts";

/** A wrong edit, and how it is tried. */
interface Trial {
  readonly name: string;
  /** How it was found out, or null: it has survived. */
  readonly run: () => Promise<string | null>;
}

/** Most are found out by so few; the rest are tried with the tests of their room, then with more. */
const seedsFew = 20;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    generate: { type: "boolean", default: false },
    seeds: { type: "string", default: String(seedsMax) },
    jobs: { type: "string", default: String(availableParallelism()) },
    /** Only every so many-th of those that are generated. */
    every: { type: "string", default: "1" },
    /** The first of them, from 0. */
    first: { type: "string", default: "0" },
  },
});

const seeds = Number(flags.seeds);
const reached = seeds > 0 ? await baseline(seeds) : {};
const trials = flags.generate ? generated() : listed();
const survivors = await runAll(trials);
console.log(`${trials.length - survivors.length} of ${trials.length} mutants were found out.`);
for (const name of survivors) console.log(`Survived: ${name}`);
process.exitCode = survivors.length > 0 ? 1 : 0;

// ---

function listed(): readonly Trial[] {
  const [text = ""] = positionals;
  return mutants
    .filter(({ file, why }) => `${file} ${why}`.includes(text))
    .map((mutant) => ({
      name: `${mutant.file}: ${mutant.why}`,
      run: async () => told(await tryMutant(mutant, seeds, reached)),
    }));
}

function generated(): readonly Trial[] {
  const all = positionals.flatMap((file) =>
    generateEdits(readFileSync(file, "utf8")).map(({ line, before, after, text }) => ({
      name: `${file}:${line}\n  - ${before}\n  + ${after}`,
      run: async () => {
        const few = Math.min(seeds, seedsFew);
        const soon = few > 0 ? told(await tryText(file, text, few)) : null;
        const found = soon ?? (await testText(file, text));
        return found ?? (seeds > few ? told(await tryText(file, text, seeds, reached)) : null);
      },
    })),
  );
  return all.filter((_, index) => index % Number(flags.every) === Number(flags.first));
}

function told({ killedBy, seeds }: Verdict): string | null {
  return killedBy && `after ${seeds} seeds: ${killedBy}`;
}

/** Returns the names of those that survive. */
async function runAll(all: readonly Trial[]): Promise<readonly string[]> {
  const left = [...all];
  const survivors: string[] = [];
  const work = async (): Promise<void> => {
    for (let trial = left.shift(); trial; trial = left.shift()) {
      const killedBy = await trial.run();
      if (killedBy === null) survivors.push(trial.name);
      console.log(`${trial.name}\n  ${killedBy?.slice(0, 200) ?? "SURVIVED"}`);
    }
  };
  await Promise.all(Array.from({ length: Number(flags.jobs) }, work));
  return survivors;
}
