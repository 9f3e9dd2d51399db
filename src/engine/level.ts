/**
 * The joins that a fan-out leads to: each of them is told when it is over, also of nothing.
 *
 * A step of the workflow does not say whether it will return a list. So this is found out from what
 * the steps emit and accept, and from those that have returned one inside of the fan-out: what is
 * further in comes together further in, and what the joins there make of it goes on here.
 *
 *     outer ─A─▶ inner ─B─▶ work ─Part─▶ innerJoin ─C─▶ outerJoin
 *                          └─ further in, as `inner` ─┘
 *                             has returned a list
 */
import { memo } from "../base/memo.ts";
import type { Definition } from "../workflow/definition.ts";

/** `split`: the steps that have fanned out inside of the fan-out of `source`. */
export function joinsAfter(
  definition: Definition,
  source: string,
  split: readonly string[] = [],
): readonly string[] {
  const known = levelsOf(definition);
  const key = [source, ...split].join("\n");
  const joins = known.get(key) ?? findJoins({ definition, split }, source);
  known.set(key, joins);
  return joins;
}

// ---

/** By source and split. There are as many as a workflow has fan-outs inside of others. */
const levelsOf: (definition: Definition) => Map<string, readonly string[]> = memo(() => new Map());

interface Place {
  readonly definition: Definition;
  readonly split: readonly string[];
}

function findJoins(place: Place, source: string): readonly string[] {
  const level = levelOf(place, source, []);
  const joins = [...level].filter((step) => isCollecting(place, step));
  // A join that leads to another one of them ends a fan-out further in, which there has not been.
  const last = joins.filter((join) => {
    const after = reach(takersOf(place, join), (step) => {
      const isBack = level.has(step) && !isCollecting(place, step);
      return isBack ? [] : takersOf(place, step);
    });
    return !joins.some((other) => other !== join && after.has(other));
  });
  return last.length > 0 ? last : joins;
}

/** The steps that take what a fan-out leads to, up to its joins. */
function levelOf(place: Place, source: string, around: readonly string[]): ReadonlySet<string> {
  return reach(takersOf(place, source), (step) => {
    if (isCollecting(place, step)) return [];
    const isSplit = place.split.includes(step);
    const next = isSplit ? takersOfJoined(place, step, around) : takersOf(place, step);
    return [...catchersOf(place, step), ...next];
  });
}

/** The steps that take what the joins after a fan-out make of it. */
function takersOfJoined(
  place: Place,
  source: string,
  around: readonly string[],
): readonly string[] {
  if (around.includes(source)) return [];
  const inside = [...around, source];
  const joins = [...levelOf(place, source, inside)].filter((step) => isCollecting(place, step));
  return joins.flatMap((join) => {
    const isSplit = place.split.includes(join);
    const next = isSplit ? takersOfJoined(place, join, inside) : takersOf(place, join);
    return [...catchersOf(place, join), ...next];
  });
}

function isCollecting({ definition }: Place, step: string): boolean {
  return definition.steps.get(step)?.join?.kind === "collect";
}

function takersOf({ definition }: Place, step: string): readonly string[] {
  const { emits = [] } = definition.steps.get(step) ?? {};
  return emits.flatMap((type) => definition.routes.get(type) ?? []);
}

function catchersOf({ definition }: Place, step: string): readonly string[] {
  const catcher = definition.catchers.get(step);
  return catcher === undefined ? [] : [catcher];
}

/** Where one comes to from these steps. */
function reach(
  first: readonly string[],
  nextOf: (step: string) => readonly string[],
): ReadonlySet<string> {
  const reached = new Set(first);
  // A set that grows while it is gone through is gone through to its end.
  for (const step of reached) for (const next of nextOf(step)) reached.add(next);
  return reached;
}
