/** Event types and small workflows that the tests of the runtime share. */
import * as v from "valibot";

import { WorkflowError } from "../../src/base/errors.ts";
import type { RunHandle } from "../../src/runtime/run-handle.ts";
import { Workflow } from "../../src/runtime/workflow.ts";
import {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StopEvent,
} from "../../src/workflow/builtin.ts";
import type { StepContext } from "../../src/workflow/context.ts";
import type { StepOptions } from "../../src/workflow/draft.ts";
import { defineEvent, type Event, type EventType } from "../../src/workflow/event.ts";
import type { Entries } from "../../src/workflow/schema.ts";

type Numbered<
  Name extends string,
  Family extends "event" | "human_response" | "input_required",
> = EventType<Name, { n: number }, { n?: number }, Family>;

const fields = { n: v.optional(v.number(), 0) } as const;

export const Note: Numbered<"Note", "event"> = defineEvent("Note", fields);
export const Work: Numbered<"Work", "event"> = defineEvent("Work", fields);
export const Done: Numbered<"Done", "event"> = defineEvent("Done", fields);
export const Ask: Numbered<"Ask", "input_required"> = InputRequiredEvent.extend("Ask", fields);
export const Answer: Numbered<"Answer", "human_response"> = HumanResponseEvent.extend(
  "Answer",
  fields,
);

export type Body = (
  event: Event<string, Readonly<Record<string, unknown>>>,
  context: StepContext,
) => unknown;

export type OneStep = Workflow<Entries, typeof StartEvent, typeof StopEvent>;

/** A workflow of one step, called `s`, that may return and wait for anything here. */
export function oneStep(
  body: Body,
  step: Partial<StepOptions> = {},
  options: object = {},
): OneStep {
  const workflow: OneStep = new Workflow(options);
  const types = { accepts: [StartEvent], emits: [StopEvent, Ask], waits: [Answer], prompts: [Ask] };
  workflow.step("s", { ...types, ...step }, body as () => undefined);
  return workflow;
}

/** Starts a workflow of one step in this process. */
export function runStep(
  body: Body,
  step: Partial<StepOptions> = {},
  options: object = {},
): RunHandle<unknown> {
  return oneStep(body, step, options).run();
}

/** Types of the events of a stream, in order, as far as they come. */
export async function typesOf(stream: AsyncIterable<Event>): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of stream) types.push(type);
  return types;
}

/** The code and the message of what a promise is rejected with. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof WorkflowError) return `${error.code}: ${error.message}`;
    return String(error);
  }
  return "It was not rejected.";
}

/** A promise that a test settles, for a step to wait for. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
