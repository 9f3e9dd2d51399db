/**
 * The commands that were issued and are not answered yet, from the state alone. A process that
 * takes over a run performs these, so a crash between a commit and its commands loses nothing.
 */
import type { Command } from "./command.ts";
import type { RunState } from "./state.ts";
import { isOpen } from "./wait.ts";

export function resume(state: RunState): readonly Command[] {
  if (state.status !== "running") return [{ kind: "finish_run" }];
  const commands: Command[] = [];
  if (state.deadlineAt !== null) {
    commands.push({ kind: "set_timer", timer: { kind: "deadline" }, at: state.deadlineAt });
  }
  for (const [step, { queue, running, delayed, waiting }] of Object.entries(state.steps)) {
    for (const { id: job } of running) commands.push({ kind: "run_step", step, job });
    for (const { id: job, retryAt } of delayed) {
      if (retryAt === null) continue;
      commands.push({ kind: "set_timer", timer: { kind: "retry", step, job }, at: retryAt });
    }
    for (const { id: job, waits } of [...queue, ...running, ...waiting]) {
      for (const wait of waits) {
        if (wait.deadlineAt === null || !isOpen(wait)) continue;
        const timer = { kind: "wait", step, job, wait: wait.id } as const;
        commands.push({ kind: "set_timer", timer, at: wait.deadlineAt });
      }
    }
  }
  return commands;
}

/** When a timer moves the run next; null: none does. */
export function nextTimerAt(state: RunState): number | null {
  let first = Infinity;
  for (const command of resume(state)) {
    if (command.kind === "set_timer") first = Math.min(first, command.at);
  }
  return first < Infinity ? first : null;
}
