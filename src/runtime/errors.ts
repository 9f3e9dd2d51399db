/** Errors about handlers, in the words that clients of the wire know, and of stores. */
import { WorkflowError } from "../base/errors.ts";

export function handlerActive(handlerId: string): WorkflowError {
  return new WorkflowError("handler_active", `Handler '${handlerId}' is already running`);
}

export function handlerFinished(handlerId: string): WorkflowError {
  return new WorkflowError("handler_finished", "Workflow already completed", {
    details: { handlerId },
  });
}

export function keyConflict(key: string): WorkflowError {
  return new WorkflowError(
    "key_conflict",
    `Idempotency key \`${key}\` was used for another request. Use a new key for a new request.`,
  );
}

/** Whether the store was cut off by its surroundings, which may be well again soon. */
export function isCutOff(error: unknown): boolean {
  return error instanceof WorkflowError && error.code === "store_unavailable";
}

export function runDeleted(runId: string): WorkflowError {
  return new WorkflowError("handler_not_found", `Run \`${runId}\` was deleted.`);
}
