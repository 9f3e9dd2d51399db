/** `/handlers` and `/results`: what has become of runs, and ending them. */
import { WorkflowError } from "../../base/errors.ts";
import { readBoolean, readWords } from "../../http/query.ts";
import { json } from "../../http/respond.ts";
import { toHandlerBody, unwrapResult } from "../../protocol/handler.ts";
import { isTerminal, runStatuses } from "../../protocol/status.ts";
import { type Endpoint, mustHandler } from "../endpoint.ts";
import { readPage } from "../paging.ts";
import { readRunStatus } from "../run-status.ts";

export const listHandlers: Endpoint = async ({ runtime }, { query }) => {
  const workflowNames = readWords(query, "workflow_name");
  const words = readWords(query, "status");
  // A word that is no status matches nothing; it does not spoil those beside it.
  const statuses = runStatuses.filter((status) => words.includes(status));
  const filter = {
    ...(words.length > 0 && { statuses }),
    ...(workflowNames.length > 0 && { workflowNames }),
  };
  const runs = await runtime.store.listHandlers(filter, readPage(query));
  return json(200, { handlers: runs.map(toHandlerBody) });
};

export const getHandler: Endpoint = async (services, { params, query }) => {
  const toStatus = readRunStatus(query);
  const run = await mustHandler(services, params["handler_id"]);
  return json(toStatus(run.status), toHandlerBody(run));
};

export const getResult: Endpoint = async (services, { params, query }) => {
  const toStatus = readRunStatus(query);
  const run = await mustHandler(services, params["handler_id"]);
  return json(toStatus(run.status), unwrapResult(toHandlerBody(run)));
};

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
