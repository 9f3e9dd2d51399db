/**
 * Commands: what the runtime must do after a commit. Doing one leads to a tick; until that tick is
 * committed, `resume` issues the command again.
 */
import type { Timer } from "./tick.ts";

export type Command =
  /** Start the step function of a job, or let it go on with the answers it has got. */
  | { readonly kind: "run_step"; readonly step: string; readonly job: number }
  /** Report `timer_fired` at `at`, not before. */
  | { readonly kind: "set_timer"; readonly timer: Timer; readonly at: number }
  /** The run has ended: abort what is under way, forget its timers. */
  | { readonly kind: "finish_run" };
