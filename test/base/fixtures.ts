/** Chance that can be repeated, random JSON, and what a refusal says. */
import { WorkflowError } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";

/** Numbers from 0 up to 1; the same for the same seed (mulberry32). */
export function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const texts = ["", "a", "[{", '"', "\\", "}]", 'a\\"[', "é\u0000", "\ud800"];

/** Any JSON, nested `depth` levels at most. */
export function randomJson(chance: () => number, depth: number): Json {
  const pick = Math.floor(chance() * (depth > 0 ? 8 : 5));
  const length = Math.floor(chance() * 4);
  const text = (): string => texts[Math.floor(chance() * texts.length)] ?? "";
  switch (pick) {
    case 0:
      return null;
    case 1:
      return chance() < 0.5;
    case 2:
      return Math.floor(chance() * 1e6) / 1e3;
    case 3:
    case 4:
      return text();
    case 5:
      return Array.from({ length }, () => randomJson(chance, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length }, (_, i) => [text() + i, randomJson(chance, depth - 1)]),
      );
  }
}

/** The code and the message that a call is refused with. */
export function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof WorkflowError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "It was not refused.";
}
