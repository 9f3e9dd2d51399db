/** The clock of the system: its calls are never early, and reach as far as anybody wants. */
import { afterEach, beforeEach, describe, expect, jest, setSystemTime, test } from "bun:test";

import { systemClock, toMilliseconds } from "../../src/base/clock.ts";
import { durationMsMax, timerMsMax } from "../../src/base/limits.ts";

test.each([
  [1, 1000],
  [0.3, 300],
  [1.1, 1100],
  [0.1 + 0.2, 300],
  [1 / 3, 334],
  [0.0001, 1],
  [0, 0],
  [Infinity, durationMsMax],
  [1e300, durationMsMax],
])("a limit of %d s is %d ms: whole, and never early", (seconds, ms) => {
  expect(toMilliseconds(seconds) === ms).toBe(true);
});

const day = 24 * 60 * 60 * 1000;

describe("with a clock that is moved by hand", () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => {
    jest.useRealTimers();
    setSystemTime();
  });

  /** Whether a call that is due in `ms` has come, after each of some steps of time. */
  function callsAfter(ms: number, steps: readonly number[]): readonly boolean[] {
    let isCalled = false;
    systemClock.at(systemClock.now() + ms, () => void (isCalled = true));
    return steps.map((step) => {
      jest.advanceTimersByTime(step);
      return isCalled;
    });
  }

  test("a call comes when it is due, and not before", () => {
    expect(callsAfter(5_000, [4_998, 1, 2])).toEqual([false, false, true]);
  });

  test("a call for an instant that is past comes at once", () => {
    expect(callsAfter(-5_000, [1])).toEqual([true]);
  });

  test("a call in a hundred days comes in a hundred days", () => {
    const steps = [timerMsMax, 60 * day - timerMsMax, 39 * day, day - 10, 11];
    expect(callsAfter(100 * day, steps)).toEqual([false, false, false, false, true]);
  });

  test("a call that is cancelled never comes, however far it was", () => {
    let isCalled = false;
    const cancel = systemClock.at(systemClock.now() + 60 * day, () => void (isCalled = true));
    jest.advanceTimersByTime(40 * day);
    cancel();
    jest.advanceTimersByTime(40 * day);
    expect(isCalled).toBe(false);
  });

  test("a call waits on when the clock was set back meanwhile", () => {
    let isCalled = false;
    const start = systemClock.now();
    systemClock.at(start + 1_000, () => void (isCalled = true));
    setSystemTime(start - 500);
    const seen = [1_000, 400, 200].map((step) => {
      jest.advanceTimersByTime(step);
      return isCalled;
    });
    expect(seen).toEqual([false, false, true]);
  });
});

test("no real call is early", async () => {
  const lateness = await Promise.all(
    Array.from({ length: 60 }, (_, i) => {
      const due = systemClock.now() + i / 2;
      return new Promise<number>((resolve) => {
        systemClock.at(due, () => resolve(systemClock.now() - due));
      });
    }),
  );
  expect(lateness.filter((ms) => ms < 0)).toEqual([]);
});

test("a chain of turns lets timers have theirs", async () => {
  let turns = 0;
  let isDue = false;
  systemClock.at(systemClock.now() + 5, () => void (isDue = true));
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      turns++;
      if (isDue || turns > 10_000_000) resolve();
      else systemClock.nextTurn(turn);
    };
    turn();
  });
  expect(isDue).toBe(true);
});
