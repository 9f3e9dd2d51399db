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

const steps = new AsyncLocalStorage<Culprit>();

export function asStep<Args extends unknown[], T>(
  step: Culprit,
  work: (...args: Args) => T,
  ...args: Args
): T {
  return steps.run(step, work, ...args);
}

export function stepUnderWay(): Culprit | undefined {
  return steps.getStore();
}
