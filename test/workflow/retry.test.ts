/** When a failed step is tried again: waits count from 0, so the first one is the delay itself. */
import { describe, expect, test } from "bun:test";

import type { Failure } from "../../src/base/errors.ts";
import { type FailedAttempt, type RetryOptions, retryPolicy } from "../../src/workflow/retry.ts";

function failed(overrides: Partial<FailedAttempt> = {}): FailedAttempt {
  const failure: Failure = { name: "Error", message: "no" };
  return { failure, attempt: 1, elapsedSeconds: 0, chance: 0, ...overrides };
}

/** The seconds that a policy waits after each attempt, until it gives up. */
function waitsOf(options: RetryOptions, overrides: Partial<FailedAttempt> = {}): number[] {
  const policy = retryPolicy(options);
  const waits: number[] = [];
  for (let attempt = 1; attempt < 100; attempt++) {
    const wait = policy(failed({ attempt, ...overrides }));
    if (wait === null) return waits;
    waits.push(wait);
  }
  throw new Error("It never gives up.");
}

describe("the waits of a policy", () => {
  test.each<readonly [what: string, options: RetryOptions, waits: number[]]>([
    ["that says nothing", {}, [1, 1]],
    ["with one attempt", { attempts: 1 }, []],
    ["with no delay", { attempts: 4, delay: 0 }, [0, 0, 0]],
    ["that is fixed", { attempts: 4, delay: 5, backoff: "fixed" }, [5, 5, 5]],
    ["that is linear", { attempts: 5, delay: 2, backoff: "linear" }, [2, 4, 6, 8]],
    ["that is exponential", { attempts: 6, backoff: "exponential" }, [1, 2, 4, 8, 16]],
    [
      "that is exponential, from half a second",
      { attempts: 5, delay: 0.5, backoff: "exponential" },
      [0.5, 1, 2, 4],
    ],
    [
      "that reaches the longest delay",
      { attempts: 6, backoff: "exponential", maxDelay: 5 },
      [1, 2, 4, 5, 5],
    ],
    [
      "that reaches a minute, if it says nothing of the longest delay",
      { attempts: 9, backoff: "exponential" },
      [1, 2, 4, 8, 16, 32, 60, 60],
    ],
    ["whose delay is above the longest", { attempts: 2, delay: 100 }, [60]],
  ])("%s", (_what, options, waits) => {
    expect(waitsOf(options)).toEqual(waits);
  });

  test.each([
    [0, [2, 4]],
    [0.5, [2.25, 4.25]],
    [0.999, [2.4995, 4.4995]],
  ])("with jitter are longer by up to that much: chance %d", (chance, waits) => {
    const options: RetryOptions = { delay: 2, backoff: "exponential", jitter: 0.5 };
    expect(waitsOf(options, { chance })).toEqual(waits);
  });

  test("with jitter are never above the longest delay", () => {
    expect(waitsOf({ delay: 59, jitter: 10 }, { chance: 0.9 })).toEqual([60, 60]);
  });

  test("with many attempts do not overflow", () => {
    const policy = retryPolicy({ attempts: 5_000, backoff: "exponential" });
    expect(policy(failed({ attempt: 4_000 }))).toBe(60);
  });
});

describe("a policy with a bound on time", () => {
  const policy = retryPolicy({ attempts: 100, delay: 2, within: 10 });

  test.each([
    [0, 2],
    [8, 2],
    [8.01, null],
    [100, null],
  ])("after %d s decides %p: no attempt may start later than that", (elapsedSeconds, wait) => {
    expect(policy(failed({ elapsedSeconds }))).toBe(wait);
  });

  test("still gives up when its attempts are used up", () => {
    expect(waitsOf({ attempts: 2, within: 1_000 })).toEqual([1]);
  });
});

describe("a policy that looks at the failure", () => {
  const retryIf = ({ name }: Failure): boolean => name === "Busy";

  test.each([
    ["Busy", 1],
    ["Broken", null],
  ])("decides on %s: %p", (name, wait) => {
    const policy = retryPolicy({ retryIf });
    expect(policy(failed({ failure: { name, message: "" } }))).toBe(wait);
  });

  test("is not asked when there is no attempt left", () => {
    let asked = 0;
    const policy = retryPolicy({ attempts: 2, retryIf: () => ++asked > 0 });
    expect([policy(failed({ attempt: 2 })), asked]).toEqual([null, 0]);
  });
});

test("a policy decides the same whenever it is asked again", () => {
  const policy = retryPolicy({ attempts: 9, backoff: "exponential", jitter: 3 });
  const attempt = failed({ attempt: 3, chance: 0.25, elapsedSeconds: 4 });
  expect([policy(attempt), policy(attempt)]).toEqual([4.75, 4.75]);
});
