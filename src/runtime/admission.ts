/**
 * How many runs may be under way at a time, of each workflow and in all. Further ones wait for
 * their turn, first come, first served; one whose workflow is full lets those behind it pass.
 */

interface Waiting {
  readonly workflow: string;
  readonly limit: number | null;
  /** Told when its turn has come. */
  readonly admit: (runId: string) => void;
}

export class Admission {
  readonly #limit: number;
  /** Workflow names of the runs that are under way. */
  readonly #inside = new Map<string, string>();
  /** By run, in the order in which they came. */
  readonly #waiting = new Map<string, Waiting>();

  /** `limit` runs in all; null: no limit. */
  constructor(limit: number | null) {
    this.#limit = limit ?? Infinity;
  }

  get isLimited(): boolean {
    return this.#limit !== Infinity;
  }

  /** Whether the run may start; if not, it waits, and `admit` tells when its turn has come. */
  enter(
    runId: string,
    workflow: string,
    limit: number | null,
    admit: (runId: string) => void,
  ): boolean {
    // It may have had its turn while it was not in memory, or wait already.
    const isAdmitted = this.#inside.has(runId) || this.#hasRoom(workflow, limit);
    if (isAdmitted) this.occupy(runId, workflow);
    else if (!this.#waiting.has(runId)) this.#waiting.set(runId, { workflow, limit, admit });
    return isAdmitted;
  }

  /** Counts a run that is under way already, room or not. */
  occupy(runId: string, workflow: string): void {
    this.#waiting.delete(runId);
    this.#inside.set(runId, workflow);
  }

  /** The run is over, or waits no more. Whose turn it is now is told, and counts as inside. */
  leave(runId: string): void {
    this.#waiting.delete(runId);
    if (!this.#inside.delete(runId)) return;
    for (const [next, { workflow, limit, admit }] of this.#waiting) {
      if (!this.#hasRoom(workflow, limit)) continue;
      this.occupy(next, workflow);
      return admit(next); // One has left: there is room for one.
    }
  }

  // ---

  #hasRoom(workflow: string, limit: number | null): boolean {
    if (this.#inside.size >= this.#limit) return false;
    if (limit === null) return true;
    let count = 0;
    for (const name of this.#inside.values()) if (name === workflow) count++;
    return count < limit;
  }
}
