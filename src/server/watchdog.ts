/**
 * A step function that keeps the only thread to itself stops everything: no request is answered, no
 * timer fires, no signal is heard, and no line is logged. A second thread looks after that one (see
 * `watchdog-thread.ts`). It is started with the first step, so that a server's start need not wait
 * for it; it takes some 8 MB, and a call of a step function takes 0.1 µs more.
 */
import { rmSync } from "node:fs";

import { pulse } from "../base/clock.ts";
import { blockedWarnMs, watchPulseMs } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { ThreadWatch } from "../runtime/step-under-way.ts";
import type { Culprit } from "../store/store.ts";
import { keepWatch, type Watch } from "./watchdog-thread.ts";

/** Of a process that was ended for that: a temporary failure, says `sysexits.h`. */
export const exitCodeBlocked = 75;

export interface WatchdogOptions {
  readonly log: Log;
  /** After which the process ends; null: never. */
  readonly endMs: number | null;
  /** Where the next owner of the store looks for who has ended the process. */
  culpritPath(): string | undefined;
}

const places = { pulse: 0, isInStep: 1, isBlocked: 2, isOver: 3, length: 4, text: 32 };
const sharedBytes = 4096;

export class Watchdog implements ThreadWatch, Disposable {
  readonly #options: WatchdogOptions;
  readonly #shared = new SharedArrayBuffer(sharedBytes);
  readonly #numbers = new Int32Array(this.#shared);
  readonly #text = new Uint8Array(this.#shared, places.text);
  readonly #encoder = new TextEncoder();
  #worker: Worker | undefined;
  #stopPulse: () => void = () => {};
  #pulsedAt = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  entered(step: Culprit): void {
    if (!this.#worker) this.#start();
    const text = JSON.stringify(step);
    const { read, written } = this.#encoder.encodeInto(text, this.#text);
    this.#numbers[places.length] = read === text.length ? written : 0;
    this.#numbers[places.isInStep] = 1;
  }

  left(step: Culprit): void {
    this.#numbers[places.isInStep] = 0;
    if (this.#numbers[places.isBlocked] === 1) this.#isFreeAgain(step);
  }

  [Symbol.dispose](): void {
    this.#stopPulse();
    Atomics.store(this.#numbers, places.isOver, 1);
    Atomics.notify(this.#numbers, places.isOver);
    this.#worker?.terminate();
  }

  // ---

  #start(): void {
    const { log, endMs, culpritPath } = this.#options;
    const code = `onmessage = ({ data }) => (${keepWatch})(data);`;
    const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    this.#worker = new Worker(url, { name: "watchdog", smol: true, ref: false });
    this.#worker.addEventListener("open", () => URL.revokeObjectURL(url));
    this.#worker.addEventListener("error", ({ message }) =>
      log("warn", "Nobody watches over the thread: the watchdog has failed.", { message }),
    );
    const watch: Watch = {
      shared: this.#shared,
      places,
      pulseMs: watchPulseMs,
      warnPulses: blockedWarnMs / watchPulseMs,
      endPulses: endMs === null ? null : Math.max(1, Math.round(endMs / watchPulseMs)),
      exitCode: exitCodeBlocked,
      culpritPath: culpritPath() ?? null,
    };
    this.#worker.postMessage(watch);
    this.#pulsedAt = performance.now();
    this.#stopPulse = pulse(watchPulseMs, () => this.#pulse());
  }

  #pulse(): void {
    if (this.#numbers[places.isBlocked] === 1) this.#isFreeAgain(null);
    Atomics.add(this.#numbers, places.pulse, 1);
    this.#pulsedAt = performance.now();
  }

  /** The thread was kept for longer than is good. `step` is null if that is not known. */
  #isFreeAgain(step: Culprit | null): void {
    const { log, culpritPath } = this.#options;
    const seconds = Math.round((performance.now() - this.#pulsedAt) / 100) / 10;
    Atomics.add(this.#numbers, places.pulse, 1);
    this.#pulsedAt = performance.now();
    this.#numbers[places.isBlocked] = 0;
    const path = culpritPath();
    if (path !== undefined) rmSync(path, { force: true });
    const advice = "Give such work to a `Worker`, or let it pause with `await Bun.sleep(0)`.";
    if (step) {
      const { runId, job } = step;
      const sentence = `Step \`${step.step}\` kept the thread to itself: nothing else went on.`;
      log("warn", `${sentence} ${advice}`, { run: runId, job, seconds });
    } else {
      const who = "Something, such as a step after an `await`,";
      log("warn", `${who} kept the thread to itself: nothing else went on. ${advice}`, { seconds });
    }
  }
}
