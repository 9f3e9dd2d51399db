/**
 * Which step the code belongs to that runs at this instant, through all that it awaits, its timers
 * and callbacks included: so that an end of the process is known to be the doing of that step, and
 * of nobody else.
 *
 * The one thing here that is neither handed in nor handed on: whoever ends a process does it past
 * all of us. It costs a call some 40 ns.
 */
import { AsyncLocalStorage } from "node:async_hooks";

import type { Culprit } from "../store/store.ts";

/** Looks after the thread. */
export interface ThreadWatch {
  /** Is told which step has the thread: from its call until it first waits for something. */
  entered(step: Culprit): void;
  left(step: Culprit): void;
  /** Whose doing it is if the thread is kept and no step is known to do it. */
  suspect(run: Culprit | null): void;
}

const steps = new AsyncLocalStorage<Culprit>();
let watch: ThreadWatch | undefined;
let suspected: string | null = null;

/** There is one thread, and one watch over it: the first that comes. The result ends it. */
export function watchThread(next: ThreadWatch): () => void {
  watch ??= next;
  return () => {
    if (watch === next) watch = undefined;
  };
}

/**
 * If the thread is kept from now on and no step is known to do it, it is the doing of this run. The
 * result takes that back.
 */
export function suspectRun(runId: string): () => void {
  suspected = runId;
  watch?.suspect({ runId });
  return () => {
    if (suspected !== runId) return;
    suspected = null;
    watch?.suspect(null);
  };
}

export function asStep<Args extends unknown[], T>(
  step: Culprit,
  work: (...args: Args) => T,
  ...args: Args
): T {
  if (!watch) return steps.run(step, work, ...args);
  watch.entered(step);
  try {
    return steps.run(step, work, ...args);
  } finally {
    watch?.left(step);
  }
}

export function stepUnderWay(): Culprit | undefined {
  return steps.getStore();
}
