/**
 * Joins: events that are kept until a step gets several at once.
 *
 * A fan-out opens a scope, and every job that follows from it is in that scope. When the last of
 * them has left, nothing more can come: each join that the scope leads to gets what it has, be it
 * nothing. The join's job is in the scopes around it, so fan-outs may be nested.
 */
import { must } from "../base/assert.ts";
import { ownField } from "../base/json.ts";
import type { JoinDefinition } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";
import { type Change, closeScope, findScope, scopeOf, setScope } from "./change.ts";
import { joinsAfter } from "./level.ts";
import { type Lineage, newJob } from "./queue.ts";
import type { Scope } from "./state.ts";

/** Scopes of an event from outside. None in a workflow without joins, where nobody needs them. */
export function outermost(change: Change): readonly number[] {
  return change.definition.joins.length > 0 ? [0] : [];
}

/** The scopes of the branches of a fan-out. */
export function openScope(
  change: Change,
  step: string,
  outer: readonly number[],
): readonly number[] {
  if (joinsAfter(change.definition, step).length === 0) return outer;
  for (const id of outer) note(change, id, "split", step);
  const id = change.state.nextScope;
  const scopes = change.state.scopes.concat({ id, outer, step, jobs: 0, joining: {} });
  change.state = { ...change.state, scopes, nextScope: id + 1 };
  return [...outer, id];
}

/** Brings an event to a join, which may have all that it wants with it. */
export function joinEvent(
  change: Change,
  step: string,
  join: JoinDefinition,
  event: Event,
  lineage: Lineage,
): void {
  const id = must(lineage.scopes.at(-1), "With a join, every event is in a scope.");
  const scope = scopeOf(change, id);
  const events = joinedBy(scope, step).concat(event);
  const batch = join.kind === "each" ? oneOfEach(events, join.types) : firstOf(events, join.take);
  keep(change, step, id, batch ? without(events, batch) : events);
  if (!batch) return;
  if (join.kind === "collect") note(change, id, "served", step);
  // A list leaves its fan-out; a pair stays in it.
  const scopes = join.kind === "each" ? lineage.scopes : outOf(scope);
  newJob(change, step, { events: batch, isBatch: true }, { ...lineage, scopes });
}

/** Ends the scopes that have no job any more, from the innermost on. */
export function endScopes(change: Change, scopes: readonly number[], lineage: Lineage): void {
  for (const id of scopes.toReversed()) {
    const scope = findScope(change, id);
    if (!scope || scope.jobs > 0) return; // A scope with a job is in scopes with that job.
    const due = dueJoins(change, scope);
    // The whole run comes to rest again and again: what a join has too little of, it keeps.
    if (id === 0) for (const step of due) keep(change, step, id, []);
    else closeScope(change, id);
    for (const step of due) {
      const input = { events: joinedBy(scope, step), isBatch: true };
      newJob(change, step, input, { ...lineage, scopes: outOf(scope) });
    }
  }
}

// ---

/** The joins that are to get what they have now, as a scope is over. */
function dueJoins({ definition }: Change, scope: Scope): readonly string[] {
  const { id, step: source, split, served = [], joining } = scope;
  // The whole run is no fan-out: only a join that has something is due.
  const expected = source === null ? [] : joinsAfter(definition, source, split);
  return definition.joins.filter((step) => {
    const { join } = must(definition.steps.get(step), "A join is a step.");
    if (join?.kind !== "collect") return false;
    // A join that takes so many at a time gets fewer only if it never had so many.
    if (join.take !== null && (id === 0 || served.includes(step))) return false;
    return expected.includes(step) || Object.hasOwn(joining, step);
  });
}

/** Writes down that a step has fanned out in a scope, or that a join has had its list of it. */
function note(change: Change, id: number, what: "split" | "served", step: string): void {
  const { [what]: steps = [] } = scopeOf(change, id);
  if (id === 0 || steps.includes(step)) return; // Never read of the whole run.
  setScope(change, id, { [what]: [...steps, step] });
}

function outOf({ id, outer }: Scope): readonly number[] {
  return id === 0 ? [0] : outer;
}

function joinedBy({ joining }: Scope, step: string): readonly Event[] {
  return ownField(joining, step) ?? [];
}

function keep(change: Change, step: string, id: number, events: readonly Event[]): void {
  const { [step]: _, ...others } = scopeOf(change, id).joining;
  setScope(change, id, {
    joining: events.length > 0 ? { ...others, [step]: events } : others,
  });
}

function oneOfEach(events: readonly Event[], types: readonly string[]): Event[] | undefined {
  const batch = types.flatMap((type) => events.find((event) => event.type === type) ?? []);
  return batch.length === types.length ? batch : undefined;
}

function firstOf(events: readonly Event[], take: number | null): Event[] | undefined {
  return take !== null && events.length >= take ? events.slice(0, take) : undefined;
}

/** Takes each out once: an event that was sent twice is one object in the list twice. */
function without(events: readonly Event[], taken: readonly Event[]): readonly Event[] {
  return taken.reduce((rest, event) => rest.toSpliced(rest.indexOf(event), 1), events);
}
