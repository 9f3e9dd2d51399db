/** The ways in which a step function can go on from a gate, or come to its end there. */
import { FatalError, RetryError } from "../../src/base/errors.ts";
import type { Gate } from "./process.ts";
import type { Opening } from "./plan.ts";
import type { Chance } from "./prng.ts";
import { Detour } from "./workload.ts";

export function openGate({ call, done }: Gate, opening: Opening, chance: Chance): void {
  switch (opening) {
    case "throw":
      return done.reject(chance.pick(thrown)());
    case "fatal":
      return done.reject(new FatalError("It is no use to try again."));
    case "retry":
      return done.reject(new RetryError("Try again.", { after: chance.pick([0, 0.1, 3]) }));
    case "odd":
      return done.reject(new Detour(odd(call.step.emits, chance)));
    default:
      return done.resolve();
  }
}

// ---

/** Of the one `TypeError` that is thrown on purpose. */
export const mistakenOnPurpose: string = "The step fails by mistake.";

const thrown: readonly (() => unknown)[] = [
  () => new Error("The step fails."),
  () => new TypeError(mistakenOnPurpose),
  () => "a text",
  () => undefined,
  () => null,
  () => Object.create(null),
];

/** What a step may not return, or what cannot be kept. */
function odd(emits: readonly string[], chance: Chance): unknown {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  // A stop event may carry anything, and so would be nothing odd.
  const type = emits.find((name) => name !== "StopEvent") ?? "Nothing";
  return chance.pick<() => unknown>([
    () => "garbage",
    () => 42,
    () => [null],
    () => ({ type: "Nowhere", data: {} }),
    () => ({ type: Symbol("odd"), data: {} }),
    () => ({ type, data: { i: "no number" } }),
    () => ({ type, data: { i: 0, behaviour: () => {} } }),
    () => ({ type, data: cycle }),
    () => ({ type, data: Number.NaN }),
    () => ({ type }),
    () => [
      { type: "StopEvent", data: {} },
      { type: "StopEvent", data: {} },
    ],
  ])();
}
