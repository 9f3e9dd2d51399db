/**
 * Snapshots: a state as JSON, to begin a replay with. Whatever a snapshot says, the ticks say too:
 * one that this program does not understand is left aside, and all ticks are replayed.
 */
import { isJsonObject, type Json, type JsonObject, ownField } from "../base/json.ts";
import type { Definition } from "../workflow/definition.ts";
import { initialState, type Job, jobPlaces, mapJobs, type RunState } from "./state.ts";
import { isOpen } from "./wait.ts";

/** Goes up with every change to the shape of the state. */
const snapshotVersion = 3;

export function toSnapshot(state: RunState): Json {
  return { version: snapshotVersion, state: state as unknown as Json }; // States are JSON.
}

/** How many jobs, effects, waits and the like a state has: a snapshot costs as much. */
export function sizeOf({ steps, children }: RunState): number {
  let size = children.length;
  for (const step of Object.values(steps)) {
    for (const events of Object.values(step.joining)) size += events.length;
    for (const entries of Object.values(step.buffers)) size += entries.length;
    for (const place of jobPlaces) {
      for (const { events, effects, waits, sent = [] } of step[place]) {
        size += events.length + effects.length + waits.length + sent.length;
      }
    }
  }
  return size;
}

/** The state in a snapshot, or undefined: replay from the start. */
export function fromSnapshot(definition: Definition, snapshot: Json | null): RunState | undefined {
  if (!isJsonObject(snapshot)) return undefined;
  const { version, state: stored } = snapshot;
  if (version !== snapshotVersion && version !== 2) return undefined;
  // As `toSnapshot` wrote it.
  const asStored = stored as unknown as RunState;
  const state = version === 2 ? fromVersion2(asStored) : asStored;
  // Steps that the workflow has got since have nothing to do yet.
  return { ...state, steps: { ...initialState(definition).steps, ...state.steps } };
}

// ---

/** What `ctx.run` had returned was an object by key, and nobody counted what is waited for. */
function fromVersion2(state: RunState): RunState {
  const waitedFor: Record<string, number> = {};
  const toJob = (job: Job): Job => {
    for (const { type } of job.waits.filter(isOpen)) {
      waitedFor[type] = (ownField(waitedFor, type) ?? 0) + 1;
    }
    const effects = Object.entries(job.effects as unknown as JsonObject);
    return { ...job, effects: effects.map(([key, value]) => ({ key, value })) };
  };
  return { ...state, steps: mapJobs(state, toJob), waitedFor };
}
