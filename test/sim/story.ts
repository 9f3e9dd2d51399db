/**
 * A trace, told run by run: every tick that was stored, with the states before and after it, and for
 * everything else that was noted the state that its run was in by then. The laws read this.
 */
import type { Published } from "../../src/engine/change.ts";
import type { Command } from "../../src/engine/command.ts";
import { reduce } from "../../src/engine/reduce.ts";
import { initialState, type RunState } from "../../src/engine/state.ts";
import type { Tick } from "../../src/engine/tick.ts";
import type { Definition } from "../../src/workflow/definition.ts";
import type { Entry, Trace } from "./trace.ts";
import type { Workload } from "./workload.ts";

export type EntryOf<Kind extends Entry["kind"]> = Extract<Entry, { readonly kind: Kind }>;

/** One tick of one run. */
export interface Scene {
  readonly run: Tale;
  readonly tick: Tick;
  readonly before: RunState;
  readonly after: RunState;
  readonly events: readonly Published[];
  readonly commands: readonly Command[];
  /** Place of its commit in the trace. */
  readonly index: number;
  readonly commit: EntryOf<"committed">;
}

/** One run. */
export interface Tale {
  /** Of all runs of the trace: one that was deleted may be started again under its old name. */
  readonly id: number;
  readonly run: string;
  readonly handler: string;
  readonly definition: Definition;
  readonly workload: Workload;
  readonly scenes: Scene[];
  /** After each commit; the first one is at 0. */
  readonly states: RunState[];
  readonly commits: EntryOf<"committed">[];
  state: RunState;
  isDeleted: boolean;
  /** Whether there was one of this name before. */
  readonly isAgain: boolean;
}

/** Something else that was noted about a run, and the state that the run was in. */
export interface Sight<Kind extends Entry["kind"] = Entry["kind"]> {
  readonly entry: EntryOf<Kind>;
  readonly index: number;
  readonly run: Tale;
  readonly state: RunState;
  /** Before the last commit, which may not have been answered yet. */
  readonly previous: RunState;
}

export interface Story {
  readonly trace: Trace;
  readonly runs: ReadonlyMap<string, Tale>;
  readonly scenes: readonly Scene[];
  readonly sights: readonly Sight[];
}

export function tell(trace: Trace): Story {
  const runs = new Map<string, Tale>();
  const scenes: Scene[] = [];
  const sights: Sight[] = [];
  for (const [index, entry] of trace.entries.entries()) {
    if (entry.kind === "committed") {
      const known = runs.get(entry.run);
      const run = known && !entry.created ? known : begin(trace, entry, index, known);
      runs.set(entry.run, run);
      scenes.push(...play(run, entry, index));
    } else if (entry.kind === "deleted") {
      for (const name of entry.runs) {
        const run = runs.get(name);
        if (run) run.isDeleted = true;
      }
    } else if ("run" in entry) {
      const run = runs.get(entry.run);
      const previous = run?.states.at(-2) ?? run?.state;
      if (run && previous) sights.push({ entry, index, run, state: run.state, previous });
    }
  }
  return { trace, runs, scenes, sights };
}

export function sightsOf<Kind extends Entry["kind"]>(
  { sights }: Story,
  kind: Kind,
): readonly Sight<Kind>[] {
  // By the kind of its entry.
  return sights.filter(({ entry }) => entry.kind === kind) as unknown as readonly Sight<Kind>[];
}

// ---

function begin(
  { definitions, workloads }: Trace,
  entry: EntryOf<"committed">,
  id: number,
  before: Tale | undefined,
): Tale {
  const definition = definitions.get(entry.created?.workflow ?? "");
  const workload = workloads.find(({ parts }) =>
    parts.some((part) => part.definition === definition),
  );
  if (!definition || !workload) throw new Error(`Run ${entry.run} was never created.`);
  return {
    id,
    run: entry.run,
    handler: entry.created?.handler ?? "",
    definition,
    workload,
    scenes: [],
    states: [],
    commits: [],
    state: initialState(definition),
    isDeleted: false,
    isAgain: before !== undefined,
  };
}

function play(run: Tale, commit: EntryOf<"committed">, index: number): readonly Scene[] {
  const ticks = commit.commit.ticks as unknown as readonly Tick[];
  const scenes = ticks.map((tick) => {
    // Whoever changes a state in place is caught in the act.
    const before = freeze(run.state);
    const { state, events, commands } = reduce(run.definition, before, freeze(tick));
    run.state = state;
    return { run, tick, before, after: state, events, commands, index, commit };
  });
  run.scenes.push(...scenes);
  run.states.push(run.state);
  run.commits.push(commit);
  return scenes;
}

/** What is frozen already is frozen all the way down. */
function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const field of Object.values(value)) freeze(field);
  return Object.freeze(value);
}
