/** R2: the process dies right before and right after each kind of write; nothing shows it later. */
import { expect, test } from "bun:test";

import { SqliteStore, type Store } from "../../src/index.ts";
import { WorkflowError } from "../../src/base/errors.ts";
import { StartEvent, StopEvent, Workflow } from "../../src/index.ts";
import { openServer } from "../support/server.ts";
import { failpoints, runFailpoints } from "./failpoints.ts";
import { withHistory } from "./support/history.ts";
import { handlerOf } from "./support/host.ts";
import { createScratch } from "./support/scratch.ts";

test("a death at any write loses nothing, and does nothing twice", async () => {
  const report = await withHistory("failpoints", async (history) => {
    const found = await runFailpoints(history, failpoints([0, 2]));
    expect(found.problems.slice(0, 10)).toEqual([]);
    return found;
  });
  console.info(`${report.deaths} deaths at ${report.points} points, ${report.runs} runs`);
  expect(report.deaths).toBeGreaterThan(report.points * 0.7);
}, 60_000);

test("a child that cannot be stored for a moment does not fail its parent", async () => {
  using scratch = createScratch();
  const child = new Workflow().step("work", { accepts: [StartEvent], emits: [StopEvent] }, () =>
    StopEvent({ result: "child" }),
  );
  const parent = new Workflow().step(
    "call",
    { accepts: [StartEvent], emits: [StopEvent], children: [child] },
    async (_event, context) => StopEvent({ result: await context.runWorkflow(child, {}) }),
  );
  for (const write of ["create", "commit"] as const) {
    const store = failingOnce(new SqliteStore({ path: scratch.file(`${write}.db`) }), write);
    await using host = openServer({ store }, [["parent", parent]]);
    const id = await host.start("parent");
    await host.ended(id);
    expect([write, await handlerOf(host, id)]).toMatchObject([write, { status: "completed" }]);
  }
});

// ---

/** Fails the first such write of a child, as a disk would that is full for a moment. */
function failingOnce(store: Store, write: "create" | "commit"): Store {
  let hasFailed = false;
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]): Promise<unknown> => {
        const [first] = args as [string | { runId: string } | undefined];
        const runId = typeof first === "object" ? first.runId : (first ?? "");
        if (name !== write || hasFailed || !runId.includes(".")) return value.apply(target, args);
        hasFailed = true;
        throw new WorkflowError("store_unavailable", "The disk is full.");
      };
    },
  });
}
