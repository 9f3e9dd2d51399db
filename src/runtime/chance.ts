/** Chance that is the same whenever the same decision is made again. */

/** A number from 0 up to 1, spread evenly over seeds. */
export function chanceOf(seed: string): number {
  return Number(BigInt.asUintN(32, BigInt(Bun.hash(seed)))) / 2 ** 32;
}
