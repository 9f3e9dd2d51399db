/** What is made once for an object. */
import { expect, test } from "bun:test";

import { memo } from "../../src/base/memo.ts";

test("is made once for each object, also where it is undefined", () => {
  let count = 0;
  const made = memo((key: { readonly value?: number }) => {
    count++;
    return key.value;
  });
  const [one, other] = [{ value: 1 }, {}];
  expect([made(one), made(one), made(other), made(other)]).toEqual([1, 1, undefined, undefined]);
  expect(count).toBe(2);
});
