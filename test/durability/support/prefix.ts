/** What a store must be after any accident: what was written, up to some point, and nothing torn. */
import { SqliteStore, WorkflowError } from "../../../src/index.ts";

export const prefixRuns: readonly string[] = ["a", "b", "c"];

export interface Prefix {
  readonly isOpened: boolean;
  /** Why not. */
  readonly refusal?: string;
  /** Rounds that are there. */
  readonly length: number;
  readonly problems: readonly string[];
}

/** One round: a tick and an event for each run, in one transaction. */
export async function writeRound(store: SqliteStore, number: number, text: string): Promise<void> {
  const event = { json: `"${number} ${text}"`, at: 1, isInternal: false, isTerminal: false };
  const commit = { ticks: [number], events: [event] };
  await Promise.all(prefixRuns.map((runId) => store.commit(runId, 1, commit)));
}

export async function createRuns(store: SqliteStore): Promise<void> {
  const created = prefixRuns.map((runId) =>
    store.create(
      { runId, handlerId: runId, workflowName: "w", startedAt: 1 },
      { ticks: [], events: [] },
    ),
  );
  await Promise.all(created);
}

/** Opens what is there, reads all of it, and writes on. */
export async function readPrefix(path: string): Promise<Prefix> {
  const store = new SqliteStore({ path, durability: "process" });
  try {
    await store.open();
    const problems: string[] = [];
    const lengths = new Set<number>();
    for (const runId of prefixRuns) {
      if (!(await store.getRun(runId))) continue;
      const ticks = await store.readTicks(runId);
      const events = await store.readEvents(runId, -1, 1_000_000);
      lengths.add(ticks.length);
      const isPrefix =
        ticks.every((tick, index) => tick === index) &&
        events.every(
          ({ sequence, json }, index) => sequence === index && json.startsWith(`"${index} `),
        );
      if (!isPrefix) problems.push(`run ${runId} is no prefix`);
      if (events.length !== ticks.length) problems.push(`run ${runId} is torn`);
    }
    // They were always written together.
    if (lengths.size > 1) problems.push(`runs of ${[...lengths].join(" and ")} ticks`);
    const run = { runId: "new", handlerId: "new", workflowName: "w", startedAt: 1 };
    await store.create(run, { ticks: [1], events: [] });
    await store.close();
    return { isOpened: true, length: [...lengths][0] ?? -1, problems };
  } catch (error) {
    await store.close().catch(() => {});
    const isClear = error instanceof WorkflowError && error.message.includes(path);
    const refusal = String(error);
    return {
      isOpened: false,
      refusal,
      length: -1,
      problems: isClear ? [] : [`thrown: ${refusal}`],
    };
  }
}
