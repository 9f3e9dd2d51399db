/** When a failed step is tried again. A policy is data, or a function for what data cannot say. */
import type { Failure } from "../base/errors.ts";

/** Times are seconds. */
export interface RetryOptions {
  /** Attempts in all, the first included. Default 3. */
  readonly attempts?: number;
  /** How the delay grows. Default `fixed`. */
  readonly backoff?: "fixed" | "linear" | "exponential";
  /** The first delay, and the base of its growth. Default 1. */
  readonly delay?: number;
  /** The longest delay. Default 60. */
  readonly maxDelay?: number;
  /** Up to this is added to each delay by chance, seeded by run, job and attempt. Default 0. */
  readonly jitter?: number;
  /** No attempt starts later than this after the first one started. Default: no bound. */
  readonly within?: number;
  /** Which failures are worth another attempt. Default: all. */
  readonly retryIf?: (failure: Failure) => boolean;
}

/** What a policy decides on. */
export interface FailedAttempt {
  readonly failure: Failure;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Since the first attempt started. */
  readonly elapsedSeconds: number;
  /** Between 0 and 1, the same whenever this decision is made again. */
  readonly chance: number;
}

/** Seconds until the next attempt, or null: give up. */
export type RetryFunction = (failed: FailedAttempt) => number | null;

export type RetryPolicy = RetryOptions | RetryFunction;

/** The function that `options` describe. Compose it with your own: it is an ordinary function. */
export function retryPolicy(options: RetryOptions): RetryFunction {
  const { attempts = 3, backoff = "fixed", delay = 1, maxDelay = 60, jitter = 0 } = options;
  const growth = {
    fixed: () => delay,
    linear: (wait: number) => delay * (wait + 1),
    exponential: (wait: number) => delay * 2 ** wait,
  }[backoff];
  return ({ failure, attempt, elapsedSeconds, chance }) => {
    if (attempt >= attempts || options.retryIf?.(failure) === false) return null;
    // Waits count from 0: the first one is `delay` itself.
    const wait = Math.min(growth(attempt - 1) + jitter * chance, maxDelay);
    return options.within !== undefined && elapsedSeconds + wait > options.within ? null : wait;
  };
}
