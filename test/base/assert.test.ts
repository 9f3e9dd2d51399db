/** Assertions about the program itself. */
import { expect, test } from "bun:test";

import { assert, AssertionError, must, unreachable } from "../../src/base/assert.ts";

test("what holds is let pass, what does not is an error of its own kind", () => {
  assert(1, "One holds.");
  expect(() => assert(0, "Nothing holds.")).toThrow(new AssertionError("Nothing holds."));
});

test("a value that is there is given back, even when it is false", () => {
  expect([must(0, ""), must("", ""), must(false, "")]).toEqual([0, "", false]);
});

test.each([null, undefined])("%p is not there", (value) => {
  expect(() => must(value, "It is there.")).toThrow(new AssertionError("It is there."));
});

test("a case that nobody thought of names the value", () => {
  expect(() => unreachable({ kind: "new" } as never)).toThrow(
    new AssertionError('Unexpected value {"kind":"new"}.'),
  );
});
