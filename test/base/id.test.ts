/** Identifiers: they sort by time, and for the rest nobody can guess them. */
import { expect, test } from "bun:test";

import { type Random, systemClock, systemRandom } from "../../src/base/clock.ts";
import { chanceLength, newId } from "../../src/base/id.ts";
import { createChance } from "./fixtures.ts";

/** Chance that gives the same bytes again and again. */
function bytesOf(...bytes: readonly number[]): Random & { asked: number } {
  return {
    asked: 0,
    bytes(length) {
      const start = this.asked;
      this.asked += length;
      return Uint8Array.from({ length }, (_, i) => bytes[(start + i) % bytes.length] ?? 0);
    },
  };
}

const at = (now: number): { now(): number } => ({ now: () => now });

test("an id is 28 letters and digits, of which at least 120 bits are chance", () => {
  expect(newId(systemClock, systemRandom)).toMatch(/^[0-9A-Za-z]{28}$/);
  expect(chanceLength * Math.log2(62)).toBeGreaterThan(120);
});

test("an id comes from the time and the chance that it is given, and from nothing else", () => {
  const id = newId(at(62 ** 6 + 61 * 62 + 10), bytesOf(0, 9, 10, 35, 36, 61, 62));
  expect(id).toBe("10000zA" + "09AZaz009AZaz009AZaz0");
});

test("ids sort by time", () => {
  const end = 62 ** 7;
  const times = [0, 1, 61, 62, 62 ** 4 - 1, 62 ** 4, 1_795_374_975_129, 1_795_374_975_130, end - 1];
  const ids = times.map((time) => newId(at(time), systemRandom));
  expect(ids.toSorted()).toEqual(ids);
  expect(newId(at(end), systemRandom)).toStartWith("0000000");
});

test("bytes that would make some letters more likely are drawn again", () => {
  const random = bytesOf(248, 255, 250, 5);
  expect(newId(at(0), random)).toBe("0".repeat(7) + "5".repeat(chanceLength));
  expect(random.asked).toBeGreaterThanOrEqual(chanceLength * 4);
});

test("every letter is about as likely as any other", () => {
  const chance = createChance(7);
  const random: Random = { bytes: (n) => Uint8Array.from({ length: n }, () => chance() * 256) };
  const counts = new Map<string, number>();
  for (let round = 0; round < 5_000; round++) {
    for (const letter of newId(at(0), random).slice(-chanceLength))
      counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  const expected = (5_000 * chanceLength) / 62;
  const chiSquare = [...counts.values()].reduce(
    (sum, n) => sum + (n - expected) ** 2 / expected,
    0,
  );
  expect(counts.size).toBe(62);
  // 61 degrees of freedom: a fair draw exceeds 100 once in a thousand seeds, and this seed is fixed.
  expect(chiSquare).toBeLessThan(100);
});

test("ids do not come twice", () => {
  const ids = Array.from({ length: 10_000 }, () => newId(at(0), systemRandom));
  expect(new Set(ids).size).toBe(10_000);
});
