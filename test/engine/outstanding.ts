/**
 * A model of what is to be done: orders are added as they are given, and taken away as ticks tell
 * that they were carried out. `resume` has to know the same from the state alone.
 */
import type { Command } from "../../src/engine/command.ts";
import type { Reduction } from "../../src/engine/reduce.ts";
import { findJob, type RunState } from "../../src/engine/state.ts";
import type { Tick } from "../../src/engine/tick.ts";
import { isOpen } from "../../src/engine/wait.ts";

export class Outstanding {
  #commands: Command[] = [];

  /** In no order, as text that can be compared. */
  get commands(): readonly string[] {
    return textsOf(this.#commands);
  }

  /** Takes away what a tick answers, if it had any effect, and adds what it orders. */
  after(tick: Tick, before: RunState, { state, commands }: Reduction): void {
    if (state !== before) this.#answer(tick);
    for (const command of commands) {
      if (command.kind === "finish_run") this.#commands = [];
      this.#drop((other) => isSame(command, other));
      this.#commands.push(command);
    }
    // An answer to a wait may come in any event, and stops the clock of the wait.
    this.#drop((command) => isClosedWait(state, command));
  }

  // ---

  #answer(tick: Tick): void {
    switch (tick.kind) {
      case "step_succeeded":
      case "step_failed":
        // The function is over, and with it all that it was waiting for.
        this.#drop((command) => isOf(command, tick.step, tick.job));
        break;
      case "wait_opened":
        // The function is suspended: to go on is ordered anew.
        this.#drop((command) => command.kind === "run_step" && isOf(command, tick.step, tick.job));
        break;
      case "timer_fired":
        this.#drop(
          (command) =>
            command.kind === "set_timer" &&
            command.at <= tick.at &&
            JSON.stringify(command.timer) === JSON.stringify(tick.timer),
        );
        break;
      default:
        break;
    }
  }

  #drop(isDone: (command: Command) => boolean): void {
    this.#commands = this.#commands.filter((command) => !isDone(command));
  }
}

/** Commands in no order, as text that can be compared. */
export function textsOf(commands: readonly Command[]): readonly string[] {
  return commands.map((command) => JSON.stringify(command)).toSorted();
}

// ---

function isOf(command: Command, step: string, job: number): boolean {
  if (command.kind === "run_step") return command.step === step && command.job === job;
  if (command.kind !== "set_timer" || command.timer.kind === "deadline") return false;
  return command.timer.step === step && command.timer.job === job;
}

/** The same order given again, such as a function that may go on once more. */
function isSame(a: Command, b: Command): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isClosedWait(state: RunState, command: Command): boolean {
  if (command.kind !== "set_timer" || command.timer.kind !== "wait") return false;
  const { step, job, wait: id } = command.timer;
  const wait = findJob(state, step, job)?.job.waits.find((candidate) => candidate.id === id);
  return wait !== undefined && !isOpen(wait);
}
