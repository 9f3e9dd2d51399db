/**
 * Which page of a list is asked for. Without these parameters a list is whole, and as it always
 * was.
 */
import { handlerIdLengthMax, pageLengthMax } from "../base/limits.ts";
import { parseInteger, readWord, refuseParameter } from "../http/query.ts";
import type { Page } from "../store/store.ts";

/** Throws `request_invalid`. */
export function readPage(query: URLSearchParams): Page {
  const order = readWord(query, "order");
  if (order !== null && order !== "newest" && order !== "oldest") {
    throw refuseParameter("order", "`newest` or `oldest`", order);
  }
  const limit = readWord(query, "limit");
  const count = limit === null ? undefined : parseInteger(limit);
  if (limit !== null && (count === undefined || count < 1 || count > pageLengthMax)) {
    throw refuseParameter("limit", `a whole number from 1 to ${pageLengthMax}`, limit);
  }
  const [before, after] = [readWord(query, "before"), readWord(query, "after")];
  if (before !== null && after !== null) {
    throw refuseParameter("before", "left out where `after` is given", before);
  }
  for (const [name, cursor] of Object.entries({ before, after })) {
    // No handler has such an id, so there is no need to look for it.
    const isLong = cursor !== null && cursor.length > handlerIdLengthMax;
    if (isLong) throw refuseParameter(name, "the id of a handler", cursor);
  }
  return {
    ...(order !== null && { order }),
    ...(count !== undefined && { limit: count }),
    ...(before !== null && { before }),
    ...(after !== null && { after }),
  };
}
