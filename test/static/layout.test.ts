/** Places in a graph: columns, cycles, order, and room for everybody. */
import { expect, test } from "bun:test";

import { foldGraph } from "../../static/model/graph-fold.ts";
import { layOut } from "../../static/model/layout.ts";
import { countCrossings, orderColumns } from "../../static/model/layout-order.ts";
import { rankNodes } from "../../static/model/layout-rank.ts";
import { settle } from "../../static/model/layout-rows.ts";
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
  expect(countCrossings(ordered, links)).toBe(0);
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

test("from top to bottom it is the same, with its axes swapped", () => {
  const nodes = ["a", "b", "c"].map((id) => node(id));
  const links = [link("a", "b"), link("b", "c"), link("a", "c")];
  const { places, ways } = layOut(nodes, links, { isDown: true });
  const [a, b, c] = ["a", "b", "c"].map((id) => places.get(id) ?? { x: 0, y: 0 });
  expect([(a?.y ?? 0) < (b?.y ?? 0), (b?.y ?? 0) < (c?.y ?? 0)]).toEqual([true, true]);
  expect(ways[2]).toHaveLength(1); // Beside the node between them.
  expect(Math.abs((ways[2]?.[0]?.x ?? 0) - (b?.x ?? 0))).toBeGreaterThan(50);
});

test("a long chain is wrapped: no band is too wide, and its ways turn between the bands", () => {
  const nodes = Array.from({ length: 41 }, (_, index) => node(`n${index}`, index === 40));
  const links = nodes.slice(1, 40).map(({ id }, index) => link(`n${index}`, id));
  links.push(link("n2", "n40"), link("n39", "n0"));
  const { places, ways, back } = layOut(nodes, links, { lengthMax: 900, heightMax: 300 });
  const all = [...places.values()];
  expect(Math.max(...all.map(({ x }) => x)) + 50).toBeLessThanOrEqual(900);
  const [first, ninth] = [places.get("n0"), places.get("n8")];
  expect(ninth?.y).toBeGreaterThan((first?.y ?? 0) + 40);
  // What only the first band uses stands below that one, and above the next.
  const aside = places.get("n40")?.y ?? 0;
  expect(aside).toBeGreaterThan(places.get("n2")?.y ?? 0);
  expect(aside).toBeLessThan(places.get("n8")?.y ?? 0);
  const turns = ways.slice(0, 39).filter((way) => way.some(({ isReturn }) => isReturn));
  expect(turns.length).toBeGreaterThan(4);
  for (const way of turns) expect(way).toHaveLength(2);
  expect(ways[40]?.filter(({ isReturn }) => isReturn)).toHaveLength(2 * turns.length);
  expect([...back]).toEqual([40]);
  for (const [index, a] of all.entries()) {
    for (const b of all.slice(index + 1)) {
      expect(Math.abs(a.x - b.x) >= 100 || Math.abs(a.y - b.y) >= 39.9).toBe(true);
    }
  }
});

test("what is high is not wrapped: nobody could follow it", () => {
  const nodes = Array.from({ length: 40 }, (_, index) => node(`n${index}`));
  const links = nodes.slice(1).map(({ id }, index) => link(`n${index}`, id));
  const { ways } = layOut(nodes, links, { lengthMax: 900, heightMax: 30 });
  expect(ways.flat()).toEqual([]);
});

test("what only a folded node leads to is hidden; what others lead to stays", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const links = [link("a", "b"), link("b", "c"), link("a", "d"), link("c", "e"), link("d", "e")];
  links.push(link("c", "b")); // And back.
  const { hidden, counts } = foldGraph(ids, links, new Set(["b", "gone"]));
  expect([...hidden]).toEqual(["c"]);
  expect([...counts]).toEqual([["b", 1]]);
  expect([...foldGraph(ids, links, new Set(["a"])).hidden].toSorted()).toEqual([
    "b",
    "c",
    "d",
    "e",
  ]);
  expect(foldGraph(ids, links, new Set()).hidden.size).toBe(0);
});

test("a chain of a thousand nodes is laid out in its order", () => {
  const nodes = Array.from({ length: 1000 }, (_, index) => node(`n${index}`));
  const links = nodes.slice(1).map(({ id }, index) => link(`n${index}`, id));
  const { places } = layOut(nodes, links);
  const xs = nodes.map(({ id }) => places.get(id)?.x ?? 0);
  expect(xs).toEqual(xs.toSorted((a, b) => a - b));
});
