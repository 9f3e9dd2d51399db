/** A clock that stands still until it is moved, and shows what still waits for it. */
import type { Clock } from "../../src/base/clock.ts";

export interface FakeClock extends Clock {
  /** Runs what is due, in order, one after another. */
  advance(ms: number): Promise<void>;
  /** Lets the waiting turns come. */
  turn(): Promise<void>;
  /** Calls that are still to come. */
  readonly pending: number;
}

export function createFakeClock(): FakeClock {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  const turns: (() => void)[] = [];

  const turn = async (): Promise<void> => {
    await settle();
    for (const callback of turns.splice(0)) callback();
    await settle();
  };
  return {
    now: () => now,
    nextTurn: (callback) => void turns.push(callback),
    at(at, callback) {
      const timer = { at, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    turn,
    async advance(ms) {
      const end = now + ms;
      await turn();
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        timers.delete(due);
        now = Math.max(now, due.at);
        due.callback();
        await turn();
      }
      now = end;
    },
    get pending() {
      return timers.size + turns.length;
    },
  };
}

/** All microtasks of this turn are over once a macrotask comes. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
