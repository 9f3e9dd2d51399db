/** Columns: every node right of all that lead to it, with the edges of cycles turned round. */
export interface Link {
  readonly source: string;
  readonly target: string;
}

export interface Ranking {
  readonly ranks: ReadonlyMap<string, number>;
  /** Indexes of the links that go back. */
  readonly back: ReadonlySet<number>;
}

export function rankNodes(ids: readonly string[], links: readonly Link[]): Ranking {
  const back = findBackLinks(ids, links);
  const forward = links.filter((_, index) => !back.has(index));
  const incoming = new Map(ids.map((id) => [id, 0]));
  const outgoing = new Map<string, string[]>();
  for (const { source, target } of forward) {
    incoming.set(target, (incoming.get(target) ?? 0) + 1);
    append(outgoing, source, target);
  }
  const ranks = new Map(ids.map((id) => [id, 0]));
  const ready = ids.filter((id) => incoming.get(id) === 0);
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    for (const target of outgoing.get(id) ?? []) {
      ranks.set(target, Math.max(ranks.get(target) ?? 0, (ranks.get(id) ?? 0) + 1));
      const left = (incoming.get(target) ?? 0) - 1;
      incoming.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  pullSources(ids, forward, ranks);
  return { ranks, back };
}

// ---

/** Depth first from the first nodes on: a link to a node on the present path closes a cycle. */
function findBackLinks(ids: readonly string[], links: readonly Link[]): ReadonlySet<number> {
  const back = new Set<number>();
  const done = new Set<string>();
  const from = new Map<string, { index: number; target: string }[]>();
  for (const [index, { source, target }] of links.entries()) {
    append(from, source, { index, target });
  }
  for (const root of ids) {
    if (done.has(root)) continue;
    const path = new Set([root]);
    const stack = [{ id: root, next: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const link = from.get(top.id)?.[top.next++];
      if (!link) {
        path.delete(top.id);
        done.add(top.id);
        stack.pop();
      } else if (path.has(link.target)) back.add(link.index);
      else if (!done.has(link.target)) {
        path.add(link.target);
        stack.push({ id: link.target, next: 0 });
      }
    }
  }
  return back;
}

/** What nothing leads to stands next to what it leads to, not at the far left. */
function pullSources(
  ids: readonly string[],
  forward: readonly Link[],
  ranks: Map<string, number>,
): void {
  const reached = new Set(forward.map(({ target }) => target));
  const nearest = new Map<string, number>();
  for (const { source, target } of forward) {
    const rank = ranks.get(target) ?? 0;
    nearest.set(source, Math.min(nearest.get(source) ?? rank, rank));
  }
  for (const id of ids.slice(1)) {
    const rank = nearest.get(id);
    if (rank !== undefined && !reached.has(id)) ranks.set(id, Math.max(rank - 1, 0));
  }
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}
