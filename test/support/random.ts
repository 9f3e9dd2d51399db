/** Chance that can be had again: the same seed gives the same choices. */

export interface Dice {
  /** From 0 up to, but not including, `below`. */
  roll(below: number): number;
  pick<T>(choices: readonly T[]): T;
  /** True once in `of` times. */
  isOnce(of: number): boolean;
}

/** mulberry32: 32 bits of state, enough to choose test cases with. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const roll = (below: number): number => Math.floor(next() * below);
  return {
    roll,
    pick: (choices) => choices[roll(choices.length)] as (typeof choices)[number], // Within bounds.
    isOnce: (of) => roll(of) === 0,
  };
}
