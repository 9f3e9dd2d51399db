/** Places in a graph: columns, cycles, order, and room for everybody. */
import { expect, test } from "bun:test";

import { layOut, settle } from "../../static/model/layout.ts";
import { countCrossings, neighbours, orderColumns } from "../../static/model/layout-order.ts";
import { rankNodes } from "../../static/model/layout-rank.ts";
import { createDice } from "../support/random.ts";

const node = (id: string, isAside = false) => ({ id, width: 100, height: 40, isAside });
const link = (source: string, target: string) => ({ source, target });

test("every node stands right of what leads to it", () => {
  const { ranks, back } = rankNodes(
    ["a", "b", "c"],
    [link("a", "b"), link("b", "c"), link("a", "c")],
  );
  expect([...ranks.values()]).toEqual([0, 1, 2]);
  expect(back.size).toBe(0);
});

test("the edge that closes a cycle goes back, and only that", () => {
  const links = [link("start", "event"), link("event", "tick"), link("tick", "event")];
  const { ranks, back } = rankNodes(["start", "event", "tick"], links);
  expect([...back]).toEqual([2]);
  expect(ranks.get("tick")).toBe(2);
});

test("what nothing leads to stands next to what it leads to", () => {
  const links = [link("a", "b"), link("b", "c"), link("hint", "c")];
  expect(rankNodes(["a", "b", "c", "hint"], links).ranks.get("hint")).toBe(1);
});

test("crossings that need not be are undone", () => {
  const links = [link("a", "y"), link("b", "x")];
  const ordered = orderColumns(
    [
      ["a", "b"],
      ["x", "y"],
    ],
    links,
  );
  expect(countCrossings(ordered, neighbours(links, "source", "target"))).toBe(0);
});

test("settled centres keep their order and their distance, and move no more than they must", () => {
  expect(settle([0, 0], [20, 20])).toEqual([-21, 21]);
  expect(settle([0, 100], [20, 20])).toEqual([0, 100]);
});

test("no two nodes overlap, in any graph", () => {
  const dice = createDice(7);
  for (let round = 0; round < 60; round++) {
    const count = 2 + dice.roll(30);
    const nodes = Array.from({ length: count }, (_, index) => node(`n${index}`, dice.isOnce(10)));
    const pick = (): string => `n${dice.roll(count)}`;
    const links = Array.from({ length: count * 2 }, () => link(pick(), pick()));
    const { places, ways } = layOut(nodes, links);
    expect(places.size).toBe(count);
    expect(ways.length).toBe(links.length);
    const all = [...places.values()];
    for (const [index, a] of all.entries()) {
      expect(Number.isFinite(a.x) && Number.isFinite(a.y)).toBe(true);
      for (const b of all.slice(index + 1)) {
        expect(Math.abs(a.x - b.x) >= 100 || Math.abs(a.y - b.y) >= 39.9).toBe(true);
      }
    }
  }
});

test("a chain of a thousand nodes is laid out before anybody notices", () => {
  const nodes = Array.from({ length: 1000 }, (_, index) => node(`n${index}`));
  const links = nodes.slice(1).map(({ id }, index) => link(`n${index}`, id));
  const start = performance.now();
  layOut(nodes, links);
  expect(performance.now() - start).toBeLessThan(1_000);
});
