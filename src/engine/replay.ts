/** All ticks of a run, folded: the state it is in, or was in after any of them. */
import type { Definition } from "../workflow/definition.ts";
import { reduce } from "./reduce.ts";
import { initialState, type RunState } from "./state.ts";
import type { Tick } from "./tick.ts";

export function replay(
  definition: Definition,
  ticks: Iterable<Tick>,
  from: RunState = initialState(definition),
): RunState {
  let state = from;
  for (const tick of ticks) state = reduce(definition, state, tick).state;
  return state;
}
