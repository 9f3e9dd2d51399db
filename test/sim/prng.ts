/**
 * All chance of a simulation: one generator (sfc32), seeded by one number. Whoever draws, draws from
 * here, so that a seed stands for one course of the world.
 */
import type { Random } from "../../src/base/clock.ts";

export class Chance implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    // Seeds may be larger than 32 bits; the rest must not be lost.
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9 | 0;
    // The first numbers of near seeds resemble each other.
    for (let round = 0; round < 12; round++) this.#draw();
  }

  /** From 0 up to, and without, 1. */
  number(): number {
    return this.#draw() / 2 ** 32;
  }

  /** A whole number from 0 up to, and without, `end`. */
  below(end: number): number {
    return Math.floor(this.number() * end);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True so often. */
  happens(probability: number): boolean {
    return probability > 0 && this.number() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("Nothing to pick from.");
    return item;
  }

  /** One of the names, as often as its weight is of all weights. */
  weighted<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): Name {
    let sum = 0;
    for (const name in weights) sum += weights[name] ?? 0;
    let rest = this.number() * sum;
    let last: Name | undefined;
    for (const name in weights) {
      const weight = weights[name] ?? 0;
      rest -= weight;
      if (rest < 0) return name;
      if (weight > 0) last = name;
    }
    if (last === undefined) throw new Error("Nothing has any weight.");
    return last;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  // ---

  #draw(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}
