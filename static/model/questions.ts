/** What a run asks of the outside and has got no answer to. */
import { isOpen } from "../../src/engine/wait.ts";
import type { JsonObject } from "../../src/client/bodies.ts";
import type { RunEvent, Trace } from "./trace-parts.ts";

export interface Question {
  readonly id: string;
  /** What was asked; null where a step only waits. */
  readonly prompt: RunEvent | null;
  /** Event types that answer it. */
  readonly answers: readonly string[];
  /** The step that waits for it; null: whoever takes the answer. */
  readonly step: string | null;
  /** Fields that an answer must have, with their values. */
  readonly where: JsonObject;
  readonly at: number;
}

/** Open questions of the run as it is now. */
export function openQuestions(trace: Trace): readonly Question[] {
  if (trace.state.status !== "running") return [];
  return [...waitQuestions(trace), ...askedQuestions(trace)].toSorted((a, b) => a.at - b.at);
}

// ---

/** Steps that wait in the middle: the wait itself says what answers it. */
function waitQuestions(trace: Trace): readonly Question[] {
  const questions: Question[] = [];
  for (const [step, { waiting, running, queue }] of Object.entries(trace.state.steps)) {
    for (const job of [...waiting, ...running, ...queue]) {
      for (const wait of job.waits.filter(isOpen)) {
        const tick = trace.ticks.find(
          (candidate) =>
            candidate.kind === "wait_opened" &&
            candidate.job === job.id &&
            candidate.wait === wait.id,
        );
        questions.push({
          id: `wait-${job.id}-${wait.id}`,
          prompt: tick?.kind === "wait_opened" ? tick.prompt : null,
          answers: [wait.type],
          step,
          where: wait.where ?? {},
          at: tick?.at ?? trace.state.at,
        });
      }
    }
  }
  return questions;
}

/** Questions that a step has returned: answers are taken for them in their order. */
function askedQuestions(trace: Trace): readonly Question[] {
  const { eventTypes, steps } = trace.definition;
  const familyOf = (type: string): string | undefined => eventTypes.get(type)?.family;
  const taken = [...steps.values()].flatMap(({ accepts }) => accepts);
  const answers = [...new Set(taken)].filter((type) => familyOf(type) === "human_response");
  if (answers.length === 0) return [];
  const open: Question[] = [];
  for (const [index, tick] of trace.ticks.entries()) {
    if (tick.kind === "event_received" && answers.includes(tick.event.type)) open.shift();
    if (tick.kind !== "step_succeeded") continue;
    for (const [position, event] of tick.events.entries()) {
      if (familyOf(event.type) !== "input_required") continue;
      const id = `asked-${index}-${position}`;
      open.push({ id, prompt: event, answers, step: null, where: {}, at: tick.at });
    }
  }
  return open;
}
