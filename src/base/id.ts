/**
 * Identifiers. Whoever holds a handler id may read and steer its run, so it must not be guessed.
 */
import type { Random } from "./clock.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** 22 letters and digits: 62^22 is 131 bits, above the 122 of a random UUID. */
export const idLength = 22;

/** The id that is being made: text that is put together letter by letter is garbage for each. */
const letters = Buffer.alloc(idLength);

export function newId(random: Random): string {
  let length = 0;
  while (length < idLength) {
    const bytes = random.bytes(idLength);
    // By index: to iterate over bytes takes three times as long.
    for (let index = 0; index < idLength && length < idLength; index++) {
      const byte = bytes[index] ?? 255;
      // 248 is the largest multiple of 62 in a byte: above it, letters would not be equally likely.
      if (byte < 248) letters[length++] = alphabet.charCodeAt(byte % 62);
    }
  }
  return letters.toString("latin1");
}
