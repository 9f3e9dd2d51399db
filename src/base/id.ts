/**
 * Identifiers. Whoever holds a handler id may read and steer its run, so it must not be guessed.
 *
 * They begin with the time, so that a database finds the ids of new runs next to each other. Ids of
 * chance alone are scattered over its index: with 64 runs in a transaction, a run took 64 µs to
 * store and not 43, and the more the larger the file.
 */
import type { Clock, Random } from "./clock.ts";

/** In the order of their bytes, so that ids sort by time. */
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Letters of milliseconds since 1970; in 2081 they begin again. */
const timeLength = 7;

/** Time is written in two parts: `%` of one that needs more than 31 bits takes as long as an id. */
const lowLength = 4;
const lowMax = 62 ** lowLength;

/** 21 letters and digits of chance: 62^21 is 125 bits, above the 122 of a random UUID. */
export const chanceLength = 21;

const idLength = timeLength + chanceLength;

/** The id that is being made: text that is put together letter by letter is garbage for each. */
const letters = Buffer.alloc(idLength);

export function newId(clock: Pick<Clock, "now">, random: Random): string {
  const time = clock.now();
  const high = Math.floor(time / lowMax);
  putNumber(high, 0, timeLength - lowLength);
  putNumber(time - high * lowMax, timeLength - lowLength, timeLength);
  let length = timeLength;
  while (length < idLength) {
    const bytes = random.bytes(chanceLength);
    // By index: to iterate over bytes takes three times as long.
    for (let index = 0; index < chanceLength && length < idLength; index++) {
      const byte = bytes[index] ?? 255;
      // 248 is the largest multiple of 62 in a byte: above it, letters would not be equally likely.
      if (byte < 248) letters[length++] = alphabet.charCodeAt(byte % 62);
    }
  }
  return letters.toString("latin1");
}

// ---

/** From the last letter to the first; what it is too large by is left out. */
function putNumber(value: number, start: number, end: number): void {
  let rest = value | 0;
  for (let index = end - 1; index >= start; index--) {
    letters[index] = alphabet.charCodeAt(rest % 62);
    rest = (rest / 62) | 0;
  }
}
