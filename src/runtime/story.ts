/** The story of a run: what a store has of it, and the state that this leads to. */
import type { Json } from "../base/json.ts";
import { replay } from "../engine/replay.ts";
import { fromSnapshot } from "../engine/snapshot.ts";
import { initialState, type RunState } from "../engine/state.ts";
import type { Tick } from "../engine/tick.ts";
import type { StoredEvent } from "../store/event.ts";
import type { RunSummary, Store } from "../store/store.ts";
import type { Definition } from "../workflow/definition.ts";

export interface Story {
  readonly state: RunState;
  readonly ticks: readonly Json[];
  readonly events: readonly StoredEvent[];
}

/** The story of a run that begins at its beginning. */
export function emptyStory(definition: Definition): Story {
  return { state: initialState(definition), ticks: [], events: [] };
}

/** The state of a run, from what is stored. */
export async function readState(
  store: Store,
  definition: Definition,
  runId: string,
): Promise<RunState> {
  const { snapshot, ticks } = await store.readJournal(runId);
  const from = fromSnapshot(definition, snapshot);
  // A snapshot of another version is left aside, and with it the short way.
  const rest = from || snapshot === null ? ticks : await store.readTicks(runId);
  return replay(definition, toTicks(rest), from);
}

/** Ticks as a loop has written them. */
export function toTicks(stored: readonly Json[]): readonly Tick[] {
  return stored as unknown as readonly Tick[];
}

/** A run as it is when it has just started. */
export function toSummary(
  run: Pick<RunSummary, "runId" | "handlerId" | "workflowName" | "startedAt">,
): RunSummary {
  const { runId, handlerId, workflowName, startedAt } = run;
  return {
    runId,
    handlerId,
    workflowName,
    status: "running",
    result: null,
    error: null,
    startedAt,
    updatedAt: startedAt,
    completedAt: null,
  };
}
