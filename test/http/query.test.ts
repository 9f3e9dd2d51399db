/** Words of a query string, one case a line. */
import { expect, test } from "bun:test";
import { parseInteger, readBoolean, readWords } from "../../src/http/query.ts";

test.each([
  ["flag=true", false, true],
  ["flag=TRUE", false, true],
  ["flag=tRuE", false, true],
  ["flag=false", true, false],
  ["flag=1", true, false],
  ["flag=yes", true, false],
  ["flag=", true, false],
  ["flag", true, false],
  ["flag=%20true", true, false],
  ["flag=false&flag=true", false, true],
  ["flag=true&flag=false", true, false],
  ["Flag=true", false, false],
  ["", true, true],
  ["", false, false],
])("readBoolean of %j, else %p", (query, fallback, expected) => {
  expect(readBoolean(new URLSearchParams(query), "flag", fallback)).toBe(expected);
});

test.each([
  ["0", 0],
  ["-0", 0],
  ["-1", -1],
  ["007", 7],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ["-9007199254740991", Number.MIN_SAFE_INTEGER],
  ["9007199254740992", Number.MAX_SAFE_INTEGER],
  ["9".repeat(100_000), Number.MAX_SAFE_INTEGER],
  [`-${"9".repeat(100_000)}`, Number.MIN_SAFE_INTEGER],
  ["+1", 1],
  [" 1", 1],
  ["1\n", 1],
  ["", undefined],
  ["-", undefined],
  ["+-1", undefined],
  ["1 1", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  ["0x1", undefined],
  ["1_000", undefined],
  ["Infinity", undefined],
  ["١", undefined],
  ["now", undefined],
])("parseInteger of %j", (text, expected) => expect(parseInteger(text)).toBe(expected));

test("readWords leaves out blanks, and those around a word", () => {
  const query = "word=&word=%20one%20&other=x&word=two&word=%20";
  expect(readWords(new URLSearchParams(query), "word")).toEqual(["one", "two"]);
});
