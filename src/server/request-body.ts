/** The JSON body of a request, within limits. */
import { WorkflowError } from "../base/errors.ts";
import { bodyBytesMax, jsonDepthMax } from "../base/limits.ts";
import { readJsonBody } from "../http/body.ts";

/** Throws `json_invalid`, its message after `prefix`, by which clients know what failed. */
export async function readBody(request: Request, prefix: string): Promise<unknown> {
  try {
    return await readJsonBody(request, { bytesMax: bodyBytesMax, depthMax: jsonDepthMax });
  } catch (error) {
    if (!(error instanceof WorkflowError) || error.code !== "json_invalid") throw error;
    throw new WorkflowError(error.code, `${prefix}: ${error.message}`, { cause: error });
  }
}
