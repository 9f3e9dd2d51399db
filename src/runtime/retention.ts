/** Lets go of runs that have ended and need not be kept. Off unless it is asked for. */
import type { Clock } from "../base/clock.ts";
import { pruneIntervalMsMax, pruneIntervalMsMin } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Pruning, Store } from "../store/store.ts";

export interface Retention {
  /** How long a run is kept after its end; null: for ever. */
  readonly keepMs: number | null;
  /** How many that have ended are kept; null: all. */
  readonly keepMax: number | null;
}

/** Prunes at once and then now and again, until the result is called. */
export function startRetention(
  store: Store,
  clock: Clock,
  log: Log,
  retention: Retention,
  onDeleted: (handlerIds: readonly string[]) => void,
): () => void {
  const { keepMs, keepMax } = retention;
  if (keepMs === null && keepMax === null) return () => {};
  const intervalMs = intervalMsOf(retention);
  let cancel = (): void => {};
  let isStopped = false;
  const prune = async (): Promise<void> => {
    const pruning: Pruning = {
      ...(keepMs !== null && { endedBefore: clock.now() - keepMs }),
      ...(keepMax !== null && { keepMax }),
    };
    try {
      while (!isStopped) {
        const deleted = await store.prune(pruning);
        if (deleted.length === 0) break;
        onDeleted(deleted);
        log("info", `${deleted.length} ended runs were deleted: they need not be kept.`);
      }
      while (!isStopped && (await store.shrink()));
    } catch (error) {
      if (!isStopped) log("error", "Ended runs could not be deleted.", { error });
    }
    if (!isStopped) cancel = clock.at(clock.now() + intervalMs, () => void prune());
  };
  void prune();
  return () => {
    isStopped = true;
    cancel();
  };
}

/**
 * A run is kept for a tenth longer than it need be at most. A look costs the more, the more are
 * kept, and comes the more seldom.
 */
function intervalMsOf({ keepMs, keepMax }: Retention): number {
  const wanted = Math.min(keepMs === null ? Infinity : keepMs / 10, keepMax ?? Infinity);
  return Math.min(Math.max(wanted, pruneIntervalMsMin), pruneIntervalMsMax);
}
