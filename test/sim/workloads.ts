/**
 * All workloads. Between them they come to every kind of tick and every place of a job; the
 * simulation counts, and says so if one does not.
 */
import type { Workload } from "./workload.ts";
import { aside } from "./workloads/aside.ts";
import { effects, flaky } from "./workloads/failing.ts";
import { family } from "./workloads/family.ts";
import { buffers, lists, outcomes, pairs, table } from "./workloads/fan-out.ts";
import { hurry, loop, marathon, queue, race } from "./workloads/flow.ts";
import { scripted } from "./workloads/script.ts";
import { talk } from "./workloads/talk.ts";

export const workloads: readonly Workload[] = [
  loop,
  race,
  hurry,
  queue,
  lists,
  buffers,
  pairs,
  outcomes,
  table,
  talk,
  flaky,
  effects,
  family,
  scripted,
  marathon,
  aside,
];
