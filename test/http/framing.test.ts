/** SSE and NDJSON: exact bytes, and that no text escapes from its frame. */
import { describe, expect, test } from "bun:test";
import { AssertionError } from "../../src/base/assert.ts";
import { ndjsonBlankLine, ndjsonLine } from "../../src/http/ndjson.ts";
import { sseComment, sseData, sseEvent } from "../../src/http/sse.ts";

function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

describe("exact bytes", () => {
  test.each([
    [sseEvent(7, '{"a":1}'), 'id: 7\ndata: {"a":1}\n\n'],
    [sseEvent(0, "ü\u2028\u2029\u0085"), "id: 0\ndata: ü\u2028\u2029\u0085\n\n"],
    [sseData('{"a":1}'), 'data: {"a":1}\n\n'],
    [sseComment("heartbeat"), ": heartbeat\n\n"],
    [ndjsonLine('{"a":1}'), '{"a":1}\n'],
    [ndjsonBlankLine, "\n"],
  ])("%#", (bytes, expected) => expect(text(bytes)).toBe(expected));
});

test.each(["a\nb", "a\rb", "\r\n", "\n"])("the line break in %j is refused", (broken) => {
  expect(() => sseEvent(1, broken)).toThrow(AssertionError);
  expect(() => sseData(broken)).toThrow(AssertionError);
  expect(() => sseComment(broken)).toThrow(AssertionError);
  expect(() => ndjsonLine(broken)).toThrow(AssertionError);
});

test("100,000 random strings come back as they went, one frame each", () => {
  const random = mulberry32(1);
  const values = Array.from({ length: 100_000 }, () => randomText(random));
  const frames = Buffer.concat(values.map((value, id) => sseEvent(id, JSON.stringify(value))));
  const lines = Buffer.concat(values.map((value) => ndjsonLine(JSON.stringify(value))));

  // Lines end where the standard says: at CR LF, LF or CR.
  const read = text(frames).split(/\r\n|\n|\r/);
  expect(read.length).toBe(3 * values.length + 1);
  const isSame = values.every(
    (value, id) =>
      read[3 * id] === `id: ${id}` &&
      read[3 * id + 1]?.startsWith("data: ") &&
      JSON.parse(read[3 * id + 1]?.slice(6) ?? "") === value &&
      read[3 * id + 2] === "",
  );
  expect(isSame).toBe(true);
  const readLines = text(lines).split("\n");
  expect(readLines.length).toBe(values.length + 1);
  expect(values.every((value, index) => JSON.parse(readLines[index] ?? "") === value)).toBe(true);
});

// ---

/** Short strings of what is likely to break frames, surrogates without a partner included. */
function randomText(random: () => number): string {
  const odd = [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\u2028",
    "\u2029",
    "\u0085",
    "\0",
    "\ufeff",
    "\ud800",
    "\udc00",
    "data: ",
    "id: 1",
    ":",
    '"',
    "\\",
    "😀",
  ];
  let value = "";
  for (let left = Math.floor(random() * 8); left > 0; left--) {
    const isOdd = random() < 0.7;
    value += isOdd ? odd[Math.floor(random() * odd.length)] : String.fromCharCode(random() * 65536);
  }
  return value;
}

/** A small seeded generator, so that a failure can be had again. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
