/**
 * What a second thread does while the first one serves: it notices when that does not pulse any
 * more, says which step keeps it, and ends the process when that goes on for too long.
 */
import type { Culprit } from "../store/store.ts";

export interface Watch {
  /** What the threads share: numbers at these places, and the text of a `Culprit`. */
  readonly shared: SharedArrayBuffer;
  readonly places: {
    /** Counted by the first thread. */
    readonly pulse: number;
    /** 1 while a step function has the thread. */
    readonly isInStep: number;
    /** 1 from the first warning on, until the first thread has seen that. */
    readonly isBlocked: number;
    readonly isOver: number;
    /** Of the text, in bytes; 0: it is not known. */
    readonly length: number;
    /** Where it begins, in bytes. */
    readonly text: number;
  };
  readonly pulseMs: number;
  /** Missing pulses before the first warning. */
  readonly warnPulses: number;
  /** Missing pulses before the process ends; null: it does not. */
  readonly endPulses: number | null;
  readonly exitCode: number;
  /** Where the next owner of the store looks for who has ended the process. */
  readonly culpritPath: string | null;
}

/**
 * Runs until it is told to stop. It is handed over as text, so that it needs no file of its own in
 * a package or a binary: it may use nothing but its argument and what is global.
 *
 * It counts pulses and looks at no clock: a process that was suspended has missed none.
 */
export function keepWatch(watch: Watch): void {
  const { shared, places, pulseMs, warnPulses, endPulses, exitCode, culpritPath } = watch;
  const fs = process.getBuiltinModule("node:fs");
  const numbers = new Int32Array(shared);
  let pulse = -1;
  let missed = 0;
  let nextWarning = warnPulses;

  const readStep = (): Culprit | null => {
    const bytes = new Uint8Array(shared, places.text, numbers[places.length]).slice();
    return bytes.length === 0 ? null : JSON.parse(new TextDecoder().decode(bytes));
  };
  const say = (level: string, sentence: string, step: Culprit | null): void => {
    const facts = step ? ` run=${step.runId} job=${step.job} attempt=${step.attempt}` : "";
    const line = `${new Date().toISOString()} ${level} ${sentence}${facts}`;
    // On the error stream itself: whoever writes the log is held up, too.
    fs.writeSync(2, `${line.replace(/\p{Cc}/gu, "?")}\n`);
  };
  const warn = (): void => {
    const isInStep = numbers[places.isInStep] === 1;
    const step = readStep();
    const who = !isInStep
      ? `Something, such as a step after an \`await\`,`
      : `Step \`${step?.step ?? "?"}\``;
    const last = isInStep || !step ? "" : ` The last step that was called was \`${step.step}\`.`;
    const seconds = Math.round((missed * pulseMs) / 1000);
    const what = `has kept the thread to itself for ${seconds} s: nothing else goes on.`;
    Atomics.store(numbers, places.isBlocked, 1);
    say("warn ", `${who} ${what}${last}`, step);
    if (!isInStep || !step || culpritPath === null) return;
    fs.writeFileSync(culpritPath, JSON.stringify(step), { mode: 0o600 });
  };
  const end = (): void => {
    say("error", `The process ends with ${exitCode}: it has answered nobody for too long.`, null);
    const { dlopen } = process.getBuiltinModule("bun:ffi") as unknown as typeof import("bun:ffi");
    // In a worker `process.exit` ends the worker; and a signal does not end the first process of a
    // container. The names are those of glibc, musl and macOS.
    for (const name of ["libc.so.6", "libc.so", "libSystem.B.dylib"]) {
      try {
        dlopen(name, { _exit: { args: ["i32"], returns: "void" } }).symbols._exit(exitCode);
      } catch {
        // It has another name here.
      }
    }
    process.abort();
  };

  while (Atomics.wait(numbers, places.isOver, 0, pulseMs) === "timed-out") {
    const now = Atomics.load(numbers, places.pulse);
    if (now !== pulse) {
      pulse = now;
      missed = 0;
      nextWarning = warnPulses;
      continue;
    }
    missed += 1;
    try {
      if (missed === nextWarning || missed === endPulses) {
        nextWarning *= 4;
        warn();
      }
    } catch {
      // The error stream or the disk cannot be written to: the watch goes on.
    }
    if (missed === endPulses) end();
  }
}
