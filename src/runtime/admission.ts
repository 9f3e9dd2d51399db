/**
 * How many runs may be under way at a time, of each workflow and in all. Further ones wait for
 * their turn, first come, first served; one whose workflow is full lets those behind it pass.
 */

interface Waiting {
  readonly runId: string;
  readonly workflow: string;
  readonly limit: number;
  /** Told when its turn has come. */
  readonly admit: () => void;
}

export class Admission {
  readonly #limit: number;
  /** Workflow names of the runs that are under way. */
  readonly #inside = new Map<string, string>();
  #waiting: Waiting[] = [];

  /** `limit` runs in all; null: no limit. */
  constructor(limit: number | null) {
    this.#limit = limit ?? Infinity;
  }

  get isLimited(): boolean {
    return this.#limit !== Infinity;
  }

  /** Whether the run may start; if not, it waits, and `admit` tells when its turn has come. */
  enter(runId: string, workflow: string, limit: number | null, admit: () => void): boolean {
    // It may have had its turn while it was not in memory, or wait already.
    const isAdmitted = this.#inside.has(runId) || this.#hasRoom(workflow, limit ?? Infinity);
    const isWaiting = this.#waiting.some((waiting) => waiting.runId === runId);
    if (isAdmitted) this.#inside.set(runId, workflow);
    else if (!isWaiting) this.#waiting.push({ runId, workflow, limit: limit ?? Infinity, admit });
    return isAdmitted;
  }

  /** Counts a run that is under way already, room or not. */
  occupy(runId: string, workflow: string): void {
    this.#inside.set(runId, workflow);
  }

  /**
   * The run is over, or waits no more. Those whose turn it is now are told, and count as inside.
   */
  leave(runId: string): void {
    const wasInside = this.#inside.delete(runId);
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting.runId !== runId);
    if (!wasInside) return;
    const admitted = this.#waiting.filter(({ runId: next, workflow, limit }) => {
      const isAdmitted = this.#hasRoom(workflow, limit);
      if (isAdmitted) this.#inside.set(next, workflow);
      return isAdmitted;
    });
    this.#waiting = this.#waiting.filter((waiting) => !admitted.includes(waiting));
    for (const { admit } of admitted) admit();
  }

  // ---

  #hasRoom(workflow: string, limit: number): boolean {
    if (this.#inside.size >= this.#limit) return false;
    if (limit === Infinity) return true;
    const count = [...this.#inside.values()].filter((name) => name === workflow).length;
    return count < limit;
  }
}
