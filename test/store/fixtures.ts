/** What the tests of stores are written with: one builder per noun, each with overrides. */
import { expect } from "bun:test";

import { WorkflowError } from "../../src/base/errors.ts";
import type { ErrorCode } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { NewEvent, StoredEvent } from "../../src/store/event.ts";
import type { Commit, NewRun, Outcome, Store } from "../../src/store/store.ts";

/** One sentence of the contract, and how it is checked. */
export interface ConformanceCase {
  readonly name: string;
  readonly check: (store: Store) => Promise<void>;
}

export const startedAt = 1_700_000_000_000;

export function newRun(runId: string, overrides: Partial<NewRun> = {}): NewRun {
  return { runId, handlerId: `handler-${runId}`, workflowName: "greet", startedAt, ...overrides };
}

export function newEvent(name: string, overrides: Partial<NewEvent> = {}): NewEvent {
  const json = JSON.stringify({ type: name, value: {} });
  return { json, at: startedAt + 1, isInternal: false, isTerminal: false, ...overrides };
}

export function newCommit(overrides: Partial<Commit> = {}): Commit {
  return { ticks: [], events: [], ...overrides };
}

/** A commit of one tick and of one event for each name. */
export function commitOf(...names: string[]): Commit {
  return newCommit({
    ticks: [{ kind: "ticked", names }],
    events: names.map((name) => newEvent(name)),
  });
}

export function newOutcome(overrides: Partial<Outcome> = {}): Outcome {
  return {
    status: "completed",
    result: '{"type":"StopEvent"}',
    error: null,
    completedAt: startedAt + 5,
    ...overrides,
  };
}

/** The commit that ends a run, with a terminal event. */
export function finalCommit(overrides: Partial<Outcome> = {}): Commit {
  return newCommit({
    ticks: [{ kind: "finished" }],
    events: [newEvent("StopEvent", { isTerminal: true })],
    outcome: newOutcome(overrides),
  });
}

/** The error that a promise rejects with; fails if it does not, or with another code. */
export async function refusalOf(
  promise: Promise<unknown>,
  code: ErrorCode,
): Promise<WorkflowError> {
  const settled = await Promise.allSettled([promise]);
  const error: unknown = settled[0].status === "rejected" ? settled[0].reason : undefined;
  expect(error).toBeInstanceOf(WorkflowError);
  // The assertion above has narrowed it, which the compiler cannot see.
  const refusal = error as WorkflowError;
  expect(refusal.code).toBe(code);
  return refusal;
}

/** The sequences and types of a run's events, as `0:Name`. */
export async function eventsOf(store: Store, runId: string): Promise<string[]> {
  return (await store.readEvents(runId, -1, 1_000_000)).map(toLabel);
}

export async function ticksOf(store: Store, runId: string): Promise<Json[]> {
  return [...(await store.readTicks(runId))];
}

/** All that a feed has after a cursor, until it ends. */
export async function follow(store: Store, runId: string, after: number): Promise<string[]> {
  const labels: string[] = [];
  for await (const batch of store.feed.follow(runId, after, new AbortController().signal)) {
    labels.push(...batch.map(toLabel));
  }
  return labels;
}

export function toLabel(event: StoredEvent): string {
  return `${event.sequence}:${JSON.parse(event.json).type}`;
}

/** A small generator of chance (mulberry32): the same seed gives the same numbers in [0, 1). */
export function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
