/** `/handlers` and `/results`: what has become of runs, and ending them. */
import { WorkflowError } from "../../base/errors.ts";
import { readBoolean } from "../../http/query.ts";
import { json } from "../../http/respond.ts";
import { type HandlerBody, toHandlerBody, unwrapResult } from "../../protocol/handler.ts";
import { isTerminal, type RunStatus, runStatuses } from "../../protocol/status.ts";
import { type Endpoint, mustHandler } from "../endpoint.ts";
import { readPage } from "../paging.ts";

export const listHandlers: Endpoint = async ({ runtime }, { query }) => {
  const workflowNames = query.getAll("workflow_name");
  const words = query.getAll("status");
  // A word that is no status matches nothing; it does not spoil those beside it.
  const statuses = runStatuses.filter((status) => words.includes(status));
  const filter = {
    ...(words.length > 0 && { statuses }),
    ...(workflowNames.length > 0 && { workflowNames }),
  };
  const runs = await runtime.store.listHandlers(filter, readPage(query));
  return json(200, { handlers: runs.map(toHandlerBody) });
};

export const getHandler: Endpoint = async (services, { params }) =>
  answer(toHandlerBody(await mustHandler(services, params["handler_id"])));

export const getResult: Endpoint = async (services, { params }) =>
  answer(unwrapResult(toHandlerBody(await mustHandler(services, params["handler_id"]))));

export const cancelHandler: Endpoint = async (services, { params, query }) => {
  const run = await mustHandler(services, params["handler_id"]);
  if (readBoolean(query, "purge", false)) {
    await services.runtime.delete(run.handlerId);
    return json(200, { status: "deleted" });
  }
  const isCancelled = !isTerminal(run.status) && (await services.runtime.cancel(run));
  if (!isCancelled) throw new WorkflowError("handler_not_found", "Handler not found");
  return json(200, { status: "cancelled" });
};

// ---

/**
 * The peer's codes: a run that failed is told by 500, although nothing is wrong with the server.
 */
const statusOf: Readonly<Record<RunStatus, number>> = {
  running: 202,
  completed: 200,
  failed: 500,
  cancelled: 500,
};

function answer(body: HandlerBody): Response {
  return json(statusOf[body.status], body);
}
