/** Identifiers: long enough not to be guessed, every letter as likely as any other. */
import { expect, test } from "bun:test";

import { type Random, systemRandom } from "../../src/base/clock.ts";
import { idLength, newId } from "../../src/base/id.ts";
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

test("an id is 22 letters and digits, which is at least 120 bits", () => {
  expect(newId(systemRandom)).toMatch(/^[0-9A-Za-z]{22}$/);
  expect(idLength * Math.log2(62)).toBeGreaterThan(120);
});

test("an id comes from the chance that it is given, and from nothing else", () => {
  expect(newId(bytesOf(0, 9, 10, 35, 36, 61, 62))).toBe("09AZaz009AZaz009AZaz00");
});

test("bytes that would make some letters more likely are drawn again", () => {
  const random = bytesOf(248, 255, 250, 5);
  expect(newId(random)).toBe("5".repeat(idLength));
  expect(random.asked).toBeGreaterThanOrEqual(idLength * 4);
});

test("every letter is about as likely as any other", () => {
  const chance = createChance(7);
  const random: Random = { bytes: (n) => Uint8Array.from({ length: n }, () => chance() * 256) };
  const counts = new Map<string, number>();
  for (let round = 0; round < 5_000; round++) {
    for (const letter of newId(random)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  const expected = (5_000 * idLength) / 62;
  const chiSquare = [...counts.values()].reduce(
    (sum, n) => sum + (n - expected) ** 2 / expected,
    0,
  );
  expect(counts.size).toBe(62);
  // 61 degrees of freedom: a fair draw exceeds 100 once in a thousand seeds, and this seed is fixed.
  expect(chiSquare).toBeLessThan(100);
});

test("ids do not come twice", () => {
  expect(new Set(Array.from({ length: 10_000 }, () => newId(systemRandom))).size).toBe(10_000);
});
