/** Whoever waits for a run to end, whether the run is in memory or not. */
import type { RunSummary } from "../store/store.ts";

export class Endings {
  readonly #endings = new Map<string, PromiseWithResolvers<RunSummary>>();

  wait(runId: string): Promise<RunSummary> {
    const ending = this.#endings.get(runId) ?? Promise.withResolvers<RunSummary>();
    this.#endings.set(runId, ending);
    return ending.promise;
  }

  resolve(run: RunSummary): void {
    this.#take(run.runId)?.resolve(run);
  }

  reject(runId: string, reason: unknown): void {
    const ending = this.#take(runId);
    ending?.promise.catch(() => {}); // Several may wait, or none any more.
    ending?.reject(reason);
  }

  rejectAll(reason: unknown): void {
    for (const runId of this.#endings.keys()) this.reject(runId, reason);
  }

  // ---

  #take(runId: string): PromiseWithResolvers<RunSummary> | undefined {
    const ending = this.#endings.get(runId);
    this.#endings.delete(runId);
    return ending;
  }
}
