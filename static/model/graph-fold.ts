/** Parts of a graph that are folded into the step that leads to them. */
export interface FoldLink {
  readonly source: string;
  readonly target: string;
}

export interface Folding {
  readonly hidden: ReadonlySet<string>;
  /** Of each folded node: how many it hides. */
  readonly counts: ReadonlyMap<string, number>;
}

/** What is reached only by way of a folded node is hidden; what others lead to as well stays. */
export function foldGraph(
  ids: readonly string[],
  links: readonly FoldLink[],
  folded: ReadonlySet<string>,
): Folding {
  const hidden = new Set<string>();
  const counts = new Map<string, number>();
  if (folded.size === 0) return { hidden, counts };
  const after = new Map<string, string[]>(ids.map((id) => [id, []]));
  const entered = new Set<string>();
  for (const { source, target } of links) {
    after.get(source)?.push(target);
    if (source !== target) entered.add(target);
  }
  const roots = ids.filter((id) => !entered.has(id));
  for (const id of folded) {
    if (!after.has(id)) continue;
    const around = reach(roots.length > 0 ? roots : ids.slice(0, 1), after, id);
    const behind = [...reach(after.get(id) ?? [], after)].filter(
      (each) => each !== id && !around.has(each),
    );
    counts.set(id, behind.length);
    for (const each of behind) hidden.add(each);
  }
  return { hidden, counts };
}

// ---

/** Everything from these on, without going through `barrier`. */
function reach(
  starts: readonly string[],
  after: ReadonlyMap<string, readonly string[]>,
  barrier?: string,
): ReadonlySet<string> {
  const found = new Set(starts);
  const border = [...starts];
  for (let id = border.pop(); id !== undefined; id = border.pop()) {
    if (id === barrier) continue;
    for (const next of after.get(id) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      border.push(next);
    }
  }
  return found;
}
