/** Steps that take several events at once: a whole fan-out, so many of a kind, or one of each. */
import type { AnyEventType, EventOf } from "./event.ts";

/** All events of some types that one fan-out led to, or `take` of them, as a list. */
export interface Collect<T extends AnyEventType = AnyEventType> {
  readonly kind: "collect";
  readonly types: readonly T[];
  readonly take: number | null;
}

/** One event of each type, as a list in the order of the types. */
export interface Each<Types extends readonly AnyEventType[] = readonly AnyEventType[]> {
  readonly kind: "each";
  readonly types: Types;
}

export type Join = Collect | Each;

/**
 * For `accepts`: the step is given a list of all events of these types that the branches of one
 * fan-out led to, once the last branch has ended. With `take`, a list of so many, as they come.
 *
 * @example
 * .step("split", { accepts: [StartEvent], emits: [Work] }, () => [Work({ i: 1 }), Work({ i: 2 })])
 * .step("work", { accepts: [Work], emits: [Done] }, (event) => Done({ i: event.data.i }))
 * .step("join", { accepts: [collect(Done)], emits: [StopEvent] }, (dones) =>
 *   StopEvent({ result: dones.length }))
 */
export function collect<T extends AnyEventType>(
  types: T | readonly T[],
  options: { readonly take?: number } = {},
): Collect<T> {
  const list = Array.isArray(types) ? (types as readonly T[]) : [types as T];
  return { kind: "collect", types: list, take: options.take ?? null };
}

/** For `accepts`: the step is given one event of each type, when all have come. */
export function each<const Types extends readonly AnyEventType[]>(...types: Types): Each<Types> {
  return { kind: "each", types };
}

/** What may stand in `accepts`. */
export type Acceptable = AnyEventType | Join;

/** What a step function is given for what stands in `accepts`. */
export type InputFor<A> =
  A extends Collect<infer T>
    ? readonly EventOf<T>[]
    : A extends Each<infer Types>
      ? { readonly [I in keyof Types]: EventOf<Types[I]> }
      : EventOf<A>;

/** The event types in it. */
export type TypesIn<A> =
  A extends Collect<infer T> ? T : A extends Each<infer Types> ? Types[number] : A;

export function isJoin(accepted: Acceptable): accepted is Join {
  // Whoever does not check types may have put anything here; what is no event type is found later.
  return (
    typeof accepted === "object" && accepted !== null && "kind" in accepted && "types" in accepted
  );
}
