/**
 * The streams that are open. There is a limit to them: a connection more than the process may open
 * files, and nobody else could reach it.
 */
import { readFileSync } from "node:fs";

import { WorkflowError } from "../base/errors.ts";
import { filesReserved, streamsMax } from "../base/limits.ts";

export class Streams {
  readonly #max: number;
  #count = 0;

  constructor(max: number = Math.min(streamsMax, Math.max(filesMax() - filesReserved, 1))) {
    this.#max = max;
  }

  /** Throws `streams_full`. */
  checkRoom(): void {
    if (this.#count < this.#max) return;
    throw new WorkflowError(
      "streams_full",
      `All ${this.#max} streams that this server has room for are open: try again later.`,
    );
  }

  /** Counts one until the result is disposed of. */
  open(): Disposable {
    this.#count++;
    return { [Symbol.dispose]: () => void this.#count-- };
  }
}

// ---

/** Where only the system knows it, and does not tell, there is no limit. */
function filesMax(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    return Infinity;
  }
}
