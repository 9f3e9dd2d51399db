/** `/handlers/{handler_id}/fork` and `/lineage`: a run that goes on from the story of another. */
import * as v from "valibot";

import { WorkflowError } from "../../base/errors.ts";
import { nameLengthMax } from "../../base/limits.ts";
import { json } from "../../http/respond.ts";
import { toHandlerBody } from "../../protocol/handler.ts";
import type { ForkPoint } from "../../runtime/fork.ts";
import { type Endpoint, mustHandler, mustWorkflow } from "../endpoint.ts";
import { parseEvent } from "../event-input.ts";
import { handlerIdSchema } from "../path-name.ts";
import { readBody, refuseBody } from "../request-body.ts";

const count = v.pipe(v.number(), v.integer());

/** The body of a fork. An edited event is checked by the workflow. */
export const forkBodySchema: v.GenericSchema<unknown, ForkBody> = v.object({
  after_sequence: v.pipe(
    v.optional(count),
    v.description("The last event of the story that the fork keeps."),
  ),
  step: v.pipe(
    v.optional(v.pipe(v.string(), v.maxLength(nameLengthMax))),
    v.description("Instead: the step at whose beginning the fork begins."),
  ),
  attempt: v.pipe(
    v.optional(v.pipe(count, v.minValue(1))),
    v.description("Which time that the step began, from 1. Default: the last."),
  ),
  event: v.pipe(
    v.optional(v.unknown()),
    v.description("Replaces the input of the job that is at work on such an event, or is sent in."),
  ),
  handler_id: v.pipe(
    v.optional(v.nullable(handlerIdSchema)),
    v.description("An id of your own for the fork."),
  ),
});

interface ForkBody {
  readonly after_sequence?: number | undefined;
  readonly step?: string | undefined;
  readonly attempt?: number | undefined;
  readonly event?: unknown;
  readonly handler_id?: string | null | undefined;
}

export const forkHandler: Endpoint = async (services, call) => {
  const body = toForkBody(await readBody(call, prefix));
  const point = toPoint(body);
  const run = await mustHandler(services, call.params["handler_id"]);
  const definition = mustWorkflow(services, run.workflowName);
  const fork = await services.runtime.fork(run, {
    point,
    ...(body.event !== undefined && { event: parseEvent(definition, body.event) }),
    ...(body.handler_id && { handlerId: body.handler_id }),
  });
  return json(200, toHandlerBody(fork));
};

export const getLineage: Endpoint = async (services, { params }) => {
  const run = await mustHandler(services, params["handler_id"]);
  const { store } = services.runtime;
  const forks = await store.listForks(run.runId);
  const origin = run.forkedFrom && (await store.getRun(run.forkedFrom.runId));
  return json(200, {
    handler_id: run.handlerId,
    run_id: run.runId,
    forked_from: run.forkedFrom && {
      handler_id: origin?.handlerId ?? null,
      run_id: run.forkedFrom.runId,
      sequence: run.forkedFrom.sequence,
    },
    forks: forks.map((fork) => ({
      handler_id: fork.handlerId,
      run_id: fork.runId,
      sequence: fork.forkedFrom?.sequence ?? null,
    })),
  });
};

// ---

const prefix = "Error processing request body";

function toForkBody(body: unknown): ForkBody {
  const result = v.safeParse(forkBodySchema, body);
  if (result.success) return result.output;
  throw refuseBody(prefix, result.issues);
}

function toPoint({ after_sequence: sequence, step, attempt }: ForkBody): ForkPoint {
  if (sequence !== undefined && step === undefined) return { sequence };
  if (step !== undefined && sequence === undefined) return { step, attempt };
  throw new WorkflowError(
    "request_invalid",
    `${prefix}: expected either \`after_sequence\` or \`step\`, which say where the fork begins.`,
  );
}
