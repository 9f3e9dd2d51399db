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

const places = {
  ...{ pulse: 0, isInStep: 1, isBlocked: 2, isOver: 3, stepBytes: 4, suspectBytes: 5 },
  ...{ step: 32, suspect: 2048 },
};
const sharedBytes = 4096;

export class Watchdog implements ThreadWatch, Disposable {
  readonly #options: WatchdogOptions;
  readonly #shared = new SharedArrayBuffer(sharedBytes);
  readonly #numbers = new Int32Array(this.#shared);
  readonly #step = new Uint8Array(this.#shared, places.step, places.suspect - places.step);
  readonly #suspect = new Uint8Array(this.#shared, places.suspect);
  readonly #encoder = new TextEncoder();
  #worker: Worker | undefined;
  #url = "";
  #stopPulse: () => void = () => {};
  #pulsedAt = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  entered(step: Culprit): void {
    if (!this.#worker) this.#start();
    this.#numbers[places.stepBytes] = this.#write(step, this.#step);
    this.#numbers[places.isInStep] = 1;
  }

  left(step: Culprit): void {
    this.#numbers[places.isInStep] = 0;
    if (this.#numbers[places.isBlocked] === 1) this.#isFreeAgain(step);
  }

  suspect(run: Culprit | null): void {
    this.#numbers[places.suspectBytes] = run ? this.#write(run, this.#suspect) : 0;
  }

  [Symbol.dispose](): void {
    this.#stopPulse();
    Atomics.store(this.#numbers, places.isOver, 1);
    Atomics.notify(this.#numbers, places.isOver);
    this.#worker?.terminate();
    URL.revokeObjectURL(this.#url);
  }

  // ---

  #start(): void {
    const { log, endMs, culpritPath } = this.#options;
    const code = `onmessage = ({ data }) => (${keepWatch})(data);`;
    // Bun 1.4.5 may load it only after the worker is said to be open: the URL stays until the end.
    this.#url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    this.#worker = new Worker(this.#url, { name: "watchdog", smol: true, ref: false });
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

  /** How many bytes it takes; 0 if it has no room. */
  #write(culprit: Culprit, bytes: Uint8Array): number {
    const text = JSON.stringify(culprit);
    const { read, written } = this.#encoder.encodeInto(text, bytes);
    return read === text.length ? written : 0;
  }

  #pulse(): void {
    if (this.#numbers[places.isBlocked] === 1) this.#isFreeAgain(null);
    Atomics.add(this.#numbers, places.pulse, 1);
    this.#pulsedAt = performance.now();
  }

  /** The thread was kept for longer than is good; by whom, is not known if `step` is null. */
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
