/** Rows: where in its column each node stands, near to what it is linked to, clear of the rest. */
import type { Columns } from "./layout-order.ts";
import type { Link } from "./layout-rank.ts";

export const rowGap = 22;

const rounds = 10;

/** Each node as near to the middle of its neighbours as the order of its column lets it. */
export function rowCentres(
  columns: Columns,
  heightOf: (id: string) => number,
  links: readonly Link[],
): ReadonlyMap<string, number> {
  const ids = columns.flat();
  const numbers = new Map(ids.map((id, index) => [id, index]));
  const near = ids.map((): number[] => []);
  for (const { source, target } of links) {
    const [from, to] = [numbers.get(source) ?? -1, numbers.get(target) ?? -1];
    near[from]?.push(to);
    near[to]?.push(from);
  }
  const ys = new Float64Array(ids.length);
  let first = 0;
  const parts = columns.map((column) => {
    const part = { first, heights: column.map(heightOf) };
    // All wish to be in the middle, and stand around it in their order.
    const around = settle(
      Array.from(column, () => 0),
      part.heights,
    );
    for (const [index, y] of around.entries()) ys[first + index] = y;
    first += column.length;
    return part;
  });
  for (let round = 0; round < rounds; round++) {
    for (const part of round % 2 === 0 ? parts : parts.toReversed()) {
      const wanted = part.heights.map((_, index) => {
        const others = near[part.first + index] ?? [];
        let sum = 0;
        for (const other of others) sum += ys[other] ?? 0;
        return others.length > 0 ? sum / others.length : (ys[part.first + index] ?? 0);
      });
      for (const [index, y] of settle(wanted, part.heights).entries()) ys[part.first + index] = y;
    }
  }
  return new Map(ids.map((id, index) => [id, ys[index] ?? 0]));
}

/** Wished centres, moved apart as little as it takes: blocks that touch are moved as one. */
export function settle(wanted: readonly number[], heights: readonly number[]): readonly number[] {
  const offsets: number[] = [];
  let offset = 0;
  for (const [index, height] of heights.entries()) {
    if (index > 0) offset += (heights[index - 1] ?? 0) / 2 + rowGap + height / 2;
    offsets.push(offset);
  }
  const blocks: { sum: number; count: number }[] = [];
  for (const [index, want] of wanted.entries()) {
    let block = { sum: want - (offsets[index] ?? 0), count: 1 };
    for (let last = blocks.at(-1); last; last = blocks.at(-1)) {
      if (last.sum / last.count <= block.sum / block.count) break;
      block = { sum: block.sum + last.sum, count: block.count + last.count };
      blocks.pop();
    }
    blocks.push(block);
  }
  const bases = blocks.flatMap(({ sum, count }) =>
    Array.from({ length: count }, () => sum / count),
  );
  return offsets.map((value, index) => value + (bases[index] ?? 0));
}
