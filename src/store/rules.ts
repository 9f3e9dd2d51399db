/**
 * The rules that every store holds, in one place: who is refused and why, how events are numbered,
 * and which values of a record are derived from others. A store adds where the rows live.
 */
import { assert } from "../base/assert.ts";
import { WorkflowError } from "../base/errors.ts";
import { pruneHandlersMax } from "../base/limits.ts";
import type { NewEvent, StoredEvent } from "./event.ts";
import type { Commit, NewRun, Page, Pruning, RunRecord } from "./store.ts";

/** The runs that a new run can collide with, as far as there are any. */
export interface Rivals {
  /** The current run of its handler. */
  readonly previous: RunRecord | undefined;
  /** The run of its id. */
  readonly namesake: RunRecord | undefined;
  /** The run that was started under its idempotency key. */
  readonly started: RunRecord | undefined;
}

/** Why a run may not be created, if it may not. */
export function refuseCreate(
  run: NewRun,
  { previous, namesake, started }: Rivals,
): WorkflowError | undefined {
  // First: a repeated start names the same handler, which is active because of the first one.
  if (run.idempotency && started) {
    const { key } = run.idempotency;
    const { runId, handlerId } = started;
    return new WorkflowError(
      "start_repeated",
      `Expected idempotency key \`${key}\` to be new, but run \`${runId}\` was started under it: ` +
        "look that one up with `findStart`.",
      { details: { key, runId, handlerId } },
    );
  }
  if (previous?.status === "running") {
    const { runId } = previous;
    return new WorkflowError(
      "handler_active",
      `Expected handler \`${run.handlerId}\` to have no running run, but \`${runId}\` is ` +
        "running: wait for its end, cancel it, or use another handler id.",
      { details: { handlerId: run.handlerId, runId } },
    );
  }
  if (namesake) {
    return new WorkflowError(
      "store_conflict",
      `Expected run id \`${run.runId}\` to be new, but there is a run of that id: use a fresh one.`,
      { details: { runId: run.runId } },
    );
  }
  return undefined;
}

/**
 * Why a commit under `epoch` is refused, if it is. `newest` is absent when there is no such run.
 */
export function refuseCommit(
  runId: string,
  epoch: number,
  newest: number | undefined,
): WorkflowError | undefined {
  return epoch === newest ? undefined : leaseLost(runId, { epoch, newest: newest ?? null });
}

/** Why a claim is refused, or the count of a crash: the run is not there. */
export function refuseAbsent(runId: string): WorkflowError {
  return leaseLost(runId, { newest: null });
}

/** Why a page is refused: its cursor is no handler. */
export function refuseCursor(name: "after" | "before", handlerId: string): WorkflowError {
  return new WorkflowError(
    "request_invalid",
    `Expected \`${name}\` to be the id of a handler, but there is no handler \`${handlerId}\` ` +
      "(any more): list from the start.",
    { details: { [name]: handlerId } },
  );
}

function leaseLost(
  runId: string,
  details: { epoch?: number; newest: number | null },
): WorkflowError {
  const { epoch, newest } = details;
  const came =
    newest === null
      ? "but there is no such run (it was deleted, or never created)"
      : `but it is driven under epoch ${newest} now, and this was epoch ${epoch}`;
  return new WorkflowError(
    "lease_lost",
    `Expected to hold run \`${runId}\`, ${came}: stop driving it.`,
    { details: { runId, ...details } },
  );
}

/** A handler's events are numbered on over all its runs, so a reader's cursor stays good. */
export function firstSequenceAfter(previous: RunRecord | undefined): number {
  return previous ? previous.lastSequence + 1 : 0;
}

/**
 * Bugs of the caller are found when it hands its data in: met in the middle of a transaction, they
 * would fail all those who share it.
 */
export function assertRun(run: NewRun): void {
  assertInstant(run.startedAt, "startedAt");
  if (run.forkedFrom) assertWhole(run.forkedFrom.sequence, "forkedFrom.sequence");
}

export function assertCommit({ events, outcome, snapshot, rest }: Commit): void {
  let index = 0;
  for (const { at, isTerminal } of events) {
    const isLast = index === events.length - 1;
    if (!Number.isSafeInteger(at)) assertInstant(at, `events[${index}].at`);
    if (isTerminal && !isLast) {
      const terminal = `\`events[${index}]\`, which is terminal,`;
      assert(false, `Expected ${terminal} to be the last of ${events.length}.`);
    }
    index++;
  }
  if (outcome) assertInstant(outcome.completedAt, "outcome.completedAt");
  if (rest && rest.wakeAt !== null) assertInstant(rest.wakeAt, "rest.wakeAt");
  assert(snapshot !== null, "Expected `snapshot` to be a state, got null: leave it out instead.");
}

export function assertPage({ limit }: Page): void {
  if (limit !== undefined) assertCount(limit, "limit");
}

export function assertPruning({ endedBefore, keepMax }: Pruning): void {
  if (endedBefore !== undefined) assertInstant(endedBefore, "endedBefore");
  if (keepMax !== undefined) assertCount(keepMax, "keepMax");
}

/**
 * How many handlers may go, the first to end first: the order is that of the ends, so both bounds
 * take from its start, and the one that takes more decides.
 */
export function countPrunable(
  { endedBefore, keepMax }: Pruning,
  endedCount: number,
  countEndedBefore: (time: number) => number,
): number {
  const tooOld = endedBefore === undefined ? 0 : countEndedBefore(endedBefore);
  const tooMany = keepMax === undefined ? 0 : endedCount - keepMax;
  return Math.min(Math.max(tooOld, tooMany), pruneHandlersMax);
}

/** The events as all readers will see them. Made once, so that readers share the objects. */
export function numberEvents(
  events: readonly NewEvent[],
  firstSequence: number,
): readonly StoredEvent[] {
  const numbered: StoredEvent[] = [];
  let sequence = firstSequence;
  for (const { json, at, isInternal, isTerminal } of events) {
    numbered.push({ sequence: sequence++, json, at, isInternal, isTerminal });
  }
  return numbered;
}

/**
 * A run changed last when it started, had its newest event or ended. Derived from what is stored
 * anyway, so that a commit need not rewrite the row of its run.
 */
export function updatedAt(
  startedAt: number,
  lastEventAt: number | null,
  completedAt: number | null,
): number {
  return Math.max(startedAt, lastEventAt ?? 0, completedAt ?? 0);
}

// ---

function assertInstant(value: number, name: string): void {
  if (Number.isSafeInteger(value)) return;
  assert(false, `Expected \`${name}\` to be whole milliseconds since 1970, got ${value}.`);
}

function assertWhole(value: number, name: string): void {
  assert(Number.isSafeInteger(value), `Expected \`${name}\` to be a whole number, got ${value}.`);
}

function assertCount(value: number, name: string): void {
  assert(
    Number.isSafeInteger(value) && value >= 0,
    `Expected \`${name}\` to be 0 or a whole number above, got ${value}.`,
  );
}
