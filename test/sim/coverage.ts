/**
 * What simulations have come to: kinds of ticks, places of jobs, ends of runs, and things that went
 * wrong. A simulation finds only what it reaches, so what is never reached is a failure too.
 */
import { jobPlaces } from "../../src/engine/state.ts";
import type { Tick } from "../../src/engine/tick.ts";
import { forkedKinds } from "./forks.ts";
import type { Trace } from "./trace.ts";
import { visitNames } from "./visits.ts";

/** How often, by name. */
export type Coverage = Readonly<Record<string, number>>;

const tickKinds: Readonly<Record<Tick["kind"], true>> = {
  run_started: true,
  run_admitted: true,
  run_forked: true,
  run_quarantined: true,
  event_received: true,
  event_sent: true,
  event_written: true,
  event_collected: true,
  wait_opened: true,
  effect_returned: true,
  state_changed: true,
  child_started: true,
  child_shown: true,
  step_succeeded: true,
  step_failed: true,
  timer_fired: true,
  cancel_requested: true,
};

/** What a campaign of some thousand seeds has to come to. */
export const expectedCoverage: readonly string[] = [
  ...Object.keys(tickKinds).map((kind) => `tick ${kind}`),
  ...["deadline", "retry", "wait"].map((kind) => `timer ${kind}`),
  ...jobPlaces.map((place) => `place ${place}`),
  ...["completed", "failed", "cancelled"].map((status) => `end ${status}`),
  ...[
    "died",
    "closed",
    "refused",
    "deleted",
    "counted",
    "cut",
    "noted",
    "reader_ended",
    "claimed",
    "settled",
    "kept",
    "read",
    "followed",
    "told",
    "gone",
    "pruned",
  ].map((kind) => `seen ${kind}`),
  ...["entered", "left", "effect_called", "effect_kept", "answered"].map((kind) => `seen ${kind}`),
  "seen snapshot",
  "seen rest",
  ...forkedKinds.map((kind) => `fork of one ${kind}`),
  ...["event", "step", "story"].map((what) => `fork with ${what}`),
  ...visitNames.map((how) => `visit ${how}`),
];

export function coverageOf({ entries, stored }: Trace): Coverage {
  const counts = new Map<string, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const entry of entries) {
    count(`seen ${entry.kind}`);
    if (entry.kind === "settled") {
      for (const step of Object.values(entry.state.steps)) {
        for (const place of jobPlaces) if (step[place].length > 0) count(`place ${place}`);
      }
    }
    if (entry.kind === "gone" && entry.pruning) count("seen pruned");
    if (entry.kind === "branched") {
      count(`fork of one ${entry.of}`);
      count(`fork with ${entry.event ? "event" : "story"}`);
      if ("step" in entry.point) count("fork with step");
    }
    if (entry.kind === "visited" && entry.isAway) count(`visit ${entry.how}`);
    if (entry.kind !== "committed") continue;
    if (entry.commit.snapshot !== undefined) count("seen snapshot");
    if (entry.commit.rest) count("seen rest");
    for (const tick of entry.commit.ticks as unknown as readonly Tick[]) {
      count(`tick ${tick.kind}`);
      if (tick.kind === "timer_fired") count(`timer ${tick.timer.kind}`);
    }
  }
  for (const { record } of stored.values()) count(`end ${record.status}`);
  return Object.fromEntries(counts);
}

export function addCoverage(one: Coverage, other: Coverage): Coverage {
  const sum: Record<string, number> = { ...one };
  for (const [name, count] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
