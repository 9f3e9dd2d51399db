/** What a step waits for of a store: that it is cut off for a while is no failure of the step. */
import { parkedRunRetryMs } from "../base/limits.ts";
import { isCutOff } from "./errors.ts";
import type { Invocation } from "./invocation.ts";

export async function outlast<T>(invocation: Invocation, work: () => Promise<T>): Promise<T> {
  const { clock } = invocation.ports;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isCutOff(error)) throw error;
    }
    await new Promise<void>((resolve) => void clock.at(clock.now() + parkedRunRetryMs, resolve));
    if (invocation.isOver) throw invocation.signal.reason;
  }
}
