/** The JSON body of a request, within limits. */
import * as v from "valibot";

import { WorkflowError } from "../base/errors.ts";
import { jsonDepth } from "../base/json.ts";
import { bodyBytesMax, jsonDepthMax } from "../base/limits.ts";
import { readJsonBody } from "../http/body.ts";
import type { Call } from "./endpoint.ts";

/** Throws `json_invalid`, its message after `prefix`, by which clients know what failed. */
export function readBody({ request, connection }: Call, prefix: string): Promise<unknown> {
  const { isFramed } = connection;
  const limits = { bytesMax: bodyBytesMax, depthMax: jsonDepthMax, isFramed };
  return readJsonBody(request, prefix, limits);
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
