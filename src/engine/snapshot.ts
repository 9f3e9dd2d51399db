/**
 * Snapshots: a state as JSON, to begin a replay with. Whatever a snapshot says, the ticks say too:
 * one that this program does not understand is left aside, and all ticks are replayed.
 */
import { isJsonObject, type Json } from "../base/json.ts";
import type { Definition } from "../workflow/definition.ts";
import { initialState, jobPlaces, type RunState } from "./state.ts";

/** Goes up with every change to the shape of the state. */
const snapshotVersion = 5;

export function toSnapshot(state: RunState): Json {
  return { version: snapshotVersion, state: state as unknown as Json }; // States are JSON.
}

/** How many jobs, effects, waits and the like a state has: a snapshot costs as much. */
export function sizeOf({ steps, scopes, children }: RunState): number {
  let size = children.length;
  for (const { joining } of scopes) {
    for (const events of Object.values(joining)) size += events.length;
  }
  for (const step of Object.values(steps)) {
    for (const entries of Object.values(step.buffers)) size += entries.length;
    for (const place of jobPlaces) {
      for (const { events, effects, waits } of step[place]) {
        size += events.length + effects.length + waits.length;
      }
    }
  }
  return size;
}

/** The state in a snapshot, or undefined: replay from the start. */
export function fromSnapshot(definition: Definition, snapshot: Json | null): RunState | undefined {
  if (!isJsonObject(snapshot)) return undefined;
  if (snapshot["version"] !== snapshotVersion) return undefined;
  const state = snapshot["state"] as unknown as RunState; // As `toSnapshot` wrote it.
  // Steps that the workflow has got since have nothing to do yet.
  return { ...state, steps: { ...initialState(definition).steps, ...state.steps } };
}
