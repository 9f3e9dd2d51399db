/** The JSON body of a request, within limits. */
import * as v from "valibot";

import { WorkflowError } from "../base/errors.ts";
import { jsonDepth } from "../base/json.ts";
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

/**
 * JSON text within a body: there it is one level, however deep it is in itself. Undefined for text
 * that is no JSON. Throws what `refuse` makes of a problem.
 */
export function parseInnerJson(text: string, refuse: (problem: string) => WorkflowError): unknown {
  const depth = jsonDepth(text);
  if (depth > jsonDepthMax) {
    throw refuse(`expected at most ${jsonDepthMax} levels of nesting, got ${depth}.`);
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An error that says, after `prefix`, what is wrong with which part of a body. */
export function refuseBody(prefix: string, issues: readonly AnyIssue[]): WorkflowError {
  const problems = issues.map((issue) => {
    const path = v.getDotPath(issue);
    // An issue quotes what came, however long.
    const message = issue.message.slice(0, 200);
    return path === null ? message : `\`${path}\`: ${message}`;
  });
  return new WorkflowError("request_invalid", `${prefix}: ${problems.join("; ")}.`);
}

type AnyIssue = v.BaseIssue<unknown>;
