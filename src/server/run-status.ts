/**
 * Which HTTP status tells what has become of a run. The peer tells a run that failed by 500,
 * although nothing is wrong with the server, and clients throw instead of showing the error:
 * whoever asks with `failure_status=200` is answered with the record as with any other.
 */
import { readWord, refuseParameter } from "../http/query.ts";
import type { RunStatus } from "../protocol/status.ts";

/** Reads `failure_status` before anything is started. Throws `request_invalid`. */
export function readRunStatus(query: URLSearchParams): (status: RunStatus) => number {
  const word = readWord(query, "failure_status") ?? "500";
  if (word !== "200" && word !== "500") {
    throw refuseParameter("failure_status", "`200` or `500`", word);
  }
  const failed = Number(word);
  return (status) => ({ running: 202, completed: 200, failed, cancelled: failed })[status];
}
