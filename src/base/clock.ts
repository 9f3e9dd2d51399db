/**
 * Time and chance come in through the front door: everything that needs them is handed a `Clock`
 * and a `Random`, so that a test can be the world.
 */
import { durationMsMax, timerMsMax } from "./limits.ts";

export interface Clock {
  /** Milliseconds since 1970, wall clock. */
  now(): number;
  /** Calls back once `now()` is at least `at`, never before. The result cancels. */
  at(at: number, callback: () => void): () => void;
  /**
   * Calls back in a later turn of the event loop, after input and timers had theirs. What waits for
   * it is done together, and no chain of such calls can starve a timer.
   */
  nextTurn(callback: () => void): void;
}

export interface Random {
  bytes(length: number): Uint8Array;
}

/** A time limit in whole milliseconds, rounded up, so that nothing is early; `Infinity` is bounded. */
export function toMilliseconds(seconds: number): number {
  // 1.1 * 1000 is a little above 1100, and means 1100.
  return Math.min(Math.ceil(seconds * 1000 - 1e-6), durationMsMax);
}

export const systemClock: Clock = {
  now: Date.now,
  nextTurn: (callback) => void setImmediate(callback),
  at(at, callback) {
    let timer: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      timer = setTimeout(fire, Math.min(Math.max(at - Date.now(), 0), timerMsMax));
    };
    // A platform timer may fire a little early, and cannot reach beyond 25 days: look again.
    const fire = (): void => (Date.now() >= at ? callback() : arm());
    arm();
    return () => clearTimeout(timer);
  },
};

/** Resolves after so many milliseconds, when `signal` is aborted, or with `sooner`. */
export async function pause(
  clock: Pick<Clock, "now" | "at">,
  milliseconds: number,
  signal: AbortSignal,
  sooner?: Promise<unknown>,
): Promise<void> {
  if (signal.aborted) return;
  const over = Promise.withResolvers<void>();
  const stop = (): void => over.resolve();
  const cancel = clock.at(clock.now() + milliseconds, stop);
  signal.addEventListener("abort", stop, { once: true });
  await Promise.race(sooner ? [sooner, over.promise] : [over.promise]);
  signal.removeEventListener("abort", stop);
  cancel();
}

/**
 * Calls back again and again, as often as the thread is free for it, wherever the clock is set
 * meanwhile. It keeps no process alive. The result stops it.
 */
export function pulse(milliseconds: number, callback: () => void): () => void {
  const timer = setInterval(callback, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};
