/**
 * `bun test/sim/mutants.ts [text]`: makes every mutant (or those whose file or reason has the text
 * in it), and demands that the simulation finds it out. Exits with 1 when one survives.
 */
import { availableParallelism } from "node:os";

import { type Mutant, mutants } from "./mutant-list.ts";
import { original, tryMutant, type Verdict } from "./mutation.ts";

const [text = ""] = process.argv.slice(2);
const chosen = mutants.filter(({ file, why }) => `${file} ${why}`.includes(text));
const { killedBy: ownFault } = await tryMutant(original, 200);
if (ownFault !== null) throw new Error(`The source itself breaks a law: ${ownFault}`);
const verdicts = await tryAll(chosen);
const survivors = verdicts.filter(({ killedBy }) => killedBy === null);
console.log(`${verdicts.length - survivors.length} of ${verdicts.length} mutants were found out.`);
for (const { mutant } of survivors) {
  console.log(`Survived: ${mutant.file}: ${mutant.why}\n  ${mutant.find}\n  ${mutant.replace}`);
}
process.exitCode = survivors.length > 0 ? 1 : 0;

// ---

async function tryAll(all: readonly Mutant[]): Promise<readonly Verdict[]> {
  const left = [...all];
  const verdicts: Verdict[] = [];
  const work = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const verdict = await tryMutant(mutant);
      verdicts.push(verdict);
      const end = verdict.killedBy === null ? "SURVIVED" : `after ${verdict.seeds} seeds`;
      console.log(`${end.padEnd(16)} ${mutant.file}: ${mutant.why} (${verdict.killedBy})`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return verdicts;
}
