/** Places of items: whatever is known of a list, every version of it is answered for by itself. */
import { expect, test } from "bun:test";

import { createPlaces } from "../../src/base/places.ts";

interface Item {
  readonly key: string;
  readonly n: number;
}

const newItem = (n: number): Item => ({ key: `k${n}`, n });

test.each([[3], [63], [64], [500]])("items of a list of %i are found by their keys", (length) => {
  const places = createPlaces<Item>(({ key }) => key);
  let list: readonly Item[] = [];
  for (let n = 0; n < length; n++) {
    expect(places.find(list, `k${n}`)).toBe(-1);
    const before = list;
    list = places.added(list, newItem(n));
    expect([before.length, list.length, places.find(list, `k${n}`)]).toEqual([n, n + 1, n]);
    // Asked of the list before, which has handed over what was known of it.
    if (n % 50 === 0) expect(places.find(before, `k${n}`)).toBe(-1);
  }
  expect(list).toEqual(Array.from({ length }, (_, n) => newItem(n)));
  const other = places.replaced(list, 1, { key: "k1", n: -1 });
  expect([list[1]?.n, other[1]?.n, places.find(other, "k1")]).toEqual([1, -1, 1]);
  const one = places.added(other, newItem(1_000));
  const two = places.added(other, newItem(2_000));
  const found = [one, two].map((each) => ["k1000", "k2000"].map((key) => places.find(each, key)));
  expect(found).toEqual([
    [length, -1],
    [-1, length],
  ]);
});
