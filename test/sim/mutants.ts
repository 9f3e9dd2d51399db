/**
 * Makes wrong edits of the source, and demands that the simulation finds each out. Exits with 1 when
 * one survives.
 *
 *     bun test/sim/mutants.ts [text]              those of the list, or whose file or reason has it
 *     bun test/sim/mutants.ts --generate FILE...  of each line of the files, all that slip a hand
 *
 * `--seeds` says how many seeds each is tried with; `--jobs`, how many are tried at a time.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { generateEdits } from "./generate.ts";
import { mutants } from "./mutant-list.ts";
import { baseline, seedsMax, tryMutant, tryText, type Verdict } from "./mutation.ts";

/** A wrong edit, and how it is tried. */
interface Trial {
  readonly name: string;
  readonly run: () => Promise<Verdict>;
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    generate: { type: "boolean", default: false },
    seeds: { type: "string", default: String(seedsMax) },
    jobs: { type: "string", default: String(availableParallelism()) },
    /** Only every so many-th of those that are generated. */
    every: { type: "string", default: "1" },
  },
});

const reached = await baseline(Number(flags.seeds));
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
      run: () => tryMutant(mutant, Number(flags.seeds), reached),
    }));
}

function generated(): readonly Trial[] {
  const all = positionals.flatMap((file) =>
    generateEdits(readFileSync(file, "utf8")).map(({ line, before, after, text }) => ({
      name: `${file}:${line}\n  - ${before}\n  + ${after}`,
      run: () => tryText(file, text, ["--seeds", flags.seeds], reached),
    })),
  );
  return all.filter((_, index) => index % Number(flags.every) === 0);
}

/** Returns the names of those that survive. */
async function runAll(all: readonly Trial[]): Promise<readonly string[]> {
  const left = [...all];
  const survivors: string[] = [];
  const work = async (): Promise<void> => {
    for (let trial = left.shift(); trial; trial = left.shift()) {
      const { killedBy, seeds } = await trial.run();
      if (killedBy === null) survivors.push(trial.name);
      const end = killedBy === null ? "SURVIVED" : `after ${seeds} seeds`;
      console.log(`${end.padEnd(16)} ${trial.name} (${killedBy?.slice(0, 200)})`);
    }
  };
  await Promise.all(Array.from({ length: Number(flags.jobs) }, work));
  return survivors;
}
