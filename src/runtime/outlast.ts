/** What a step waits for of a store: that it is cut off for a while is no failure of the step. */
import { pause } from "../base/clock.ts";
import { parkedRunRetryMs } from "../base/limits.ts";
import { isCutOff } from "./errors.ts";
import type { Invocation } from "./invocation.ts";

export async function outlast<T>(invocation: Invocation, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isCutOff(error)) throw error;
    }
    const { ports, signal } = invocation;
    await pause(ports.clock, parkedRunRetryMs, signal);
    signal.throwIfAborted();
  }
}
