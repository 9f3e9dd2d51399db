/** What the recovery of runs after a start needs of the runtime. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Legacy, RunRecord, Store } from "../store/store.ts";

export interface RecoveryPorts {
  readonly store: Store;
  readonly legacy: Legacy;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
  isKnown(workflowName: string): boolean;
  /**
   * Lets a run go on, or end, if it is one of those that have failed for what they have done.
   * Resolves when it is under way; `progress` when it has got somewhere.
   */
  go(run: RunRecord): Promise<{ readonly progress: Promise<void> } | undefined>;
  /**
   * If the thread is kept by somebody who is not known, it is by this run. The result takes that
   * back.
   */
  suspect(run: RunRecord): () => void;
}

/** Resolves after so many milliseconds, when the process stops, or with `sooner`. */
export async function pause(
  { clock, signal }: RecoveryPorts,
  milliseconds: number,
  sooner: Promise<void> = new Promise(() => {}),
): Promise<void> {
  if (signal.aborted) return;
  const over = Promise.withResolvers<void>();
  const cancel = clock.at(clock.now() + milliseconds, over.resolve);
  signal.addEventListener("abort", () => over.resolve(), { once: true });
  await Promise.race([sooner, over.promise]);
  cancel();
}
