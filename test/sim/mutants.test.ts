/**
 * A few of the mutants, others each day: all of them take minutes, and `bun test/sim/mutants.ts`
 * tries them. That each can still be made is checked always.
 */
import { expect, test } from "bun:test";

import { type Mutant, mutants } from "./mutant-list.ts";
import { occurrences, tryMutant } from "./mutation.ts";

const aDay = 3;

test("every mutant can be made", () => {
  const lost = mutants.filter((mutant) => occurrences(mutant) !== 1);
  expect(lost.map(({ file, why }) => `${file}: ${why}`)).toEqual([]);
});

test("the mutants of the day are found out", async () => {
  const day = Math.floor(Date.now() / 86_400_000);
  const chosen = Array.from({ length: aDay }, (_, index) => {
    return mutants[(day * aDay + index) % mutants.length];
  });
  const survivors: string[] = [];
  const tryOne = async (mutant: Mutant): Promise<void> => {
    const { killedBy } = await tryMutant(mutant);
    if (killedBy === null) survivors.push(`${mutant.file}: ${mutant.why}`);
  };
  await Promise.all(chosen.flatMap((mutant) => (mutant ? [tryOne(mutant)] : [])));
  expect(survivors).toEqual([]);
}, 400_000);
