/**
 * What a second thread does while the first one serves: it notices when that does not pulse any
 * more, says which step keeps it, and ends the process when that goes on for too long.
 */
import type { Culprit } from "../store/store.ts";

export interface Watch {
  /** What the threads share: numbers at these places, and `Culprit`s as text. */
  readonly shared: SharedArrayBuffer;
  readonly places: {
    /** Counted by the first thread. */
    readonly pulse: number;
    /** 1 while a step function has the thread. */
    readonly isInStep: number;
    /** 1 from the first warning on, until the first thread has seen that. */
    readonly isBlocked: number;
    readonly isOver: number;
    /** Of the step that was called last, in bytes of text; 0: it is not known. */
    readonly stepBytes: number;
    /** Of the run that is suspect if no step is known. */
    readonly suspectBytes: number;
    /** Where their texts begin, in bytes. */
    readonly step: number;
    readonly suspect: number;
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

  const read = (start: number, length: number): Culprit | null => {
    const bytes = new Uint8Array(shared, start, numbers[length]).slice();
    return bytes.length === 0 ? null : JSON.parse(new TextDecoder().decode(bytes));
  };
  const say = (level: string, sentence: string, run = ""): void => {
    const line = `${new Date().toISOString()} ${level} ${sentence}${run && ` run=${run}`}`;
    // On the error stream itself: whoever writes the log is held up, too.
    fs.writeSync(2, `${line.replace(/\p{Cc}/gu, "?")}\n`);
  };
  const warn = (): void => {
    const isInStep = numbers[places.isInStep] === 1;
    const step = read(places.step, places.stepBytes);
    const suspect = read(places.suspect, places.suspectBytes);
    const seconds = Math.round((missed * pulseMs) / 1000);
    const what = `has kept the thread to itself for ${seconds} s: nothing else goes on.`;
    const whoever = `Something, such as a step after an \`await\`, ${what}`;
    Atomics.store(numbers, places.isBlocked, 1);
    if (isInStep) say("warn ", `Step \`${step?.step ?? "?"}\` ${what}`, step?.runId);
    else if (suspect) say("warn ", `${whoever} One run is suspect.`, suspect.runId);
    else if (step) say("warn ", `${whoever} The last call was of \`${step.step}\`.`, step.runId);
    else say("warn ", whoever);
    const culprit = isInStep ? step : suspect;
    if (!culprit || culpritPath === null) return;
    fs.writeFileSync(culpritPath, JSON.stringify(culprit), { mode: 0o600 });
  };
  const end = (): void => {
    say("error", `The process ends with ${exitCode}: it has answered nobody for too long.`);
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
