/** What has to hold of the outside world and of what the server says, whatever was killed when. */
import { existsSync, readFileSync } from "node:fs";

import type { Client } from "./client.ts";
import type { Known } from "./crowd.ts";

/** Lines of `fixtures/journal.ts`: what, in which life, and the facts. */
export type Deed = readonly [what: string, life: number, ...facts: (string | number)[]];

export function readWorld(file: string): readonly Deed[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Deed);
}

/**
 * What the steps did that they should not have done, a line each. Where a store failed, a run may
 * begin again within one life.
 */
export function wrongDeeds(
  deeds: readonly Deed[],
  { mayBeginAgain = false }: { readonly mayBeginAgain?: boolean } = {},
): readonly string[] {
  const wrong: string[] = [];
  const begun = new Set<string>();
  const called = new Set<string>();
  const ranks = new Map<string, number>();
  const stored = new Map<string, string | number>();
  for (const [what, life, id = "", a = "", b = "", c = ""] of deeds) {
    if (what === "begin") {
      const attempt = `${b}#${c} in life ${life}`;
      if (begun.has(attempt) && !mayBeginAgain) wrong.push(`${attempt} began twice`);
      begun.add(attempt);
      const rank = ranks.get(String(id)) ?? 0;
      if (Number(a) < rank) wrong.push(`${attempt} began after it had ended (${a} after ${rank})`);
      ranks.set(String(id), Math.max(rank, Number(a)));
    } else if (what === "effect") {
      if (stored.has(String(id))) wrong.push(`${id} was called again in life ${life}`);
      const call = `${id} in life ${life}`;
      if (called.has(call) && !mayBeginAgain) wrong.push(`${call} was called twice`);
      called.add(call);
    } else if (what === "stored") {
      const before = stored.get(String(id)) ?? a;
      if (before !== a) wrong.push(`${id} was ${before}, and then ${a}`);
      stored.set(String(id), before);
    } else if (what === "early") {
      wrong.push(`a timer of ${id} was ${a} ms early in life ${life}`);
    }
  }
  return wrong;
}

/** What the server says now, against what it said before. */
export async function wrongWords(client: Client, run: Known): Promise<readonly string[]> {
  const id = run.handlerId ?? "";
  const handler = await client.handler(id);
  const frames = await client.allEvents(id);
  const wrong: string[] = [];
  for (const [index, frame] of frames.entries()) {
    if (Number(frame.id) !== index) wrong.push(`${run.key}: event ${frame.id} is at ${index}`);
  }
  for (const [index, text] of run.seen) {
    if (frames[index]?.text !== text) {
      wrong.push(`${run.key}: event ${index} was ${text}, and is ${frames[index]?.text}`);
    }
  }
  const types = frames.map(({ data }) => (JSON.parse(data) as { type: string }).type);
  const ends = types.flatMap((type, index) => (endings.has(type) ? [index] : []));
  if (ends.length !== 1 || ends[0] !== types.length - 1) {
    wrong.push(`${run.key}: terminal events at ${ends.join()} of ${types.length}`);
  }
  const status = endings.get(types.at(-1) ?? "");
  if (status !== handler.status) {
    wrong.push(`${run.key}: ${handler.status} after ${types.at(-1)} (${handler.error})`);
  }
  const isExpected = run.isCancelled
    ? status === "cancelled"
    : status === "completed" || (status === "cancelled" && run.cancelAfter !== null);
  if (!isExpected) wrong.push(`${run.key}: ${run.workflow} ${status} ${handler.error}`);
  return wrong;
}

const endings: ReadonlyMap<string, string> = new Map([
  ["StopEvent", "completed"],
  ["WorkflowFailedEvent", "failed"],
  ["WorkflowTimedOutEvent", "failed"],
  ["WorkflowCancelledEvent", "cancelled"],
]);
