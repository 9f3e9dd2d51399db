/** A fork is a run of its own: it survives what every run survives, and repeats nothing it was given. */
import { expect, test } from "bun:test";
import * as v from "valibot";

import {
  defineEvent,
  HumanResponseEvent,
  StartEvent,
  StopEvent,
  Workflow,
} from "../../src/index.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import type { Answer, Host } from "../support/server.ts";
import {
  bodyOf,
  cameBy,
  framesOf,
  handlerOf,
  sendTo,
  typesOf,
  withServer,
} from "./support/host.ts";
import type { Workflows } from "./support/host.ts";
import { createScratch } from "./support/scratch.ts";

const Go = HumanResponseEvent.extend("Go", { word: v.optional(v.string(), "go") });
const Paid = defineEvent("Paid", { receipt: v.string() });

interface Counted {
  readonly calls: string[];
  readonly workflows: Workflows;
}

function createWorkflows(): Counted {
  const calls: string[] = [];
  const order = new Workflow({ state: { notes: v.optional(v.array(v.string()), []) } })
    .step("pay", { accepts: [StartEvent], emits: [Paid] }, async (_event, context) => {
      const receipt = await context.run("charge", () => {
        calls.push(`charge ${context.runId}`);
        return `receipt ${calls.length}`;
      });
      await context.store.edit((state) => void state.notes.push("paid"));
      return Paid({ receipt });
    })
    .step(
      "ship",
      { accepts: [Paid], emits: [StopEvent], waits: [Go] },
      async ({ data: { receipt } }, context) => {
        const label = await context.run("label", () => {
          calls.push(`label ${context.runId}`);
          return "label";
        });
        const { data } = await context.waitForEvent(Go);
        if (data.word === "fail") throw new Error("told to fail");
        const notes = await context.store.get("notes");
        return StopEvent({ result: [receipt, label, data.word, ...notes] });
      },
    );
  const Slept = defineEvent("Slept", {});
  const timed = new Workflow({ timeout: 600 })
    .step(
      "wait",
      { accepts: [StartEvent], emits: [Slept], waits: [Go] },
      async (_event, context) => {
        const answer = context.waitForEvent(Go, { timeout: 0.4 });
        return answer.then(
          () => undefined,
          () => Slept({}),
        );
      },
    )
    .step("end", { accepts: [Slept], emits: [StopEvent] }, () => StopEvent({ result: Date.now() }));
  return {
    calls,
    workflows: [
      ["order", order],
      ["timed", timed],
    ],
  };
}

function fork(host: Host, id: string, body: object): Promise<Answer> {
  return host.post(`/handlers/${id}/fork`, body);
}

test("an effect that the story has is not called again, by the fork of a run that waits", async () => {
  using scratch = createScratch();
  const { calls, workflows } = createWorkflows();
  const path = scratch.file("state.db");
  const id = await withServer(path, workflows, async (host) => {
    const from = await host.start("order", { handler_id: "first" });
    const after = await cameBy(host, from, "WorkflowIdleEvent");
    const forked = await fork(host, from, { after_sequence: after });
    expect(forked.status).toBe(200);
    return bodyOf(forked).handler_id;
  });
  await withServer(path, workflows, async (host) => {
    expect((await handlerOf(host, id)).status).toBe("running");
    await sendTo(host, id, "Go", { word: "forked" });
    await host.ended(id);
    const receipt = "receipt 1";
    expect((await handlerOf(host, id)).result).toMatchObject({
      value: { result: [receipt, "label", "forked", "paid"] },
    });
    expect((await handlerOf(host, "first")).status).toBe("running");
  });
  expect(calls.map((call) => call.split(" ")[0])).toEqual(["charge", "label"]);
});

test("a fork of a waiting run rests: nothing but its answer brings it back, and no death is its fault", async () => {
  using scratch = createScratch();
  const { workflows } = createWorkflows();
  const path = scratch.file("state.db");
  await withServer(path, workflows, async (host) => {
    const from = await host.start("order");
    const after = await cameBy(host, from, "WorkflowIdleEvent");
    await fork(host, from, { after_sequence: after });
  });
  const store = new SqliteStore({ path });
  await store.open();
  expect(await store.listActive()).toEqual([]);
  await store.close();
});

test("a fork from before an effect calls it anew; the other run keeps what it has", async () => {
  using scratch = createScratch();
  const { calls, workflows } = createWorkflows();
  await withServer(scratch.file("state.db"), workflows, async (host) => {
    const from = await host.start("order");
    await cameBy(host, from, "WorkflowIdleEvent");
    const forked = bodyOf(await fork(host, from, { step: "pay" }));
    await cameBy(host, forked.handler_id, "WorkflowIdleEvent");
    for (const id of [from, forked.handler_id]) {
      await sendTo(host, id, "Go");
      await host.ended(id);
    }
    expect((await handlerOf(host, from)).result).toMatchObject({
      value: { result: ["receipt 1", "label", "go", "paid"] },
    });
    expect((await handlerOf(host, forked.handler_id)).result).toMatchObject({
      value: { result: ["receipt 3", "label", "go", "paid"] },
    });
  });
  expect(calls).toHaveLength(4);
});

test("a run that failed is forked from before it failed, with another input", async () => {
  using scratch = createScratch();
  const { calls, workflows } = createWorkflows();
  const path = scratch.file("state.db");
  const id = await withServer(path, workflows, async (host) => {
    const from = await host.start("order");
    await cameBy(host, from, "WorkflowIdleEvent");
    await sendTo(host, from, "Go", { word: "fail" });
    await host.ended(from);
    return from;
  });
  await withServer(path, workflows, async (host) => {
    const event = { type: "Paid", value: { receipt: "by hand" } };
    const forked = bodyOf(await fork(host, id, { step: "ship", attempt: 1, event }));
    await cameBy(host, forked.handler_id, "WorkflowIdleEvent");
    await sendTo(host, forked.handler_id, "Go");
    await host.ended(forked.handler_id);
    expect((await handlerOf(host, forked.handler_id)).result).toMatchObject({
      value: { result: ["by hand", "label", "go", "paid"] },
    });
    expect((await handlerOf(host, id)).status).toBe("failed");
    const frames = await framesOf(host, forked.handler_id);
    expect(frames.map((frame) => Number(frame.id))).toEqual(frames.map((_, index) => index));
    expect(typesOf(frames)).toContain("WorkflowForkedEvent");
  });
  expect(calls.filter((call) => call.startsWith("charge"))).toHaveLength(1);
});

test("timers of a fork begin anew, from the time of the fork, also over a restart", async () => {
  using scratch = createScratch();
  const { workflows } = createWorkflows();
  const path = scratch.file("state.db");
  const { id, forkedAt } = await withServer(path, workflows, async (host) => {
    const from = await host.start("timed");
    const after = await cameBy(host, from, "WorkflowIdleEvent");
    await Bun.sleep(200);
    const forked = bodyOf(await fork(host, from, { after_sequence: after }));
    return { id: forked.handler_id, forkedAt: Date.parse(forked.started_at ?? "") };
  });
  await withServer(path, workflows, async (host) => {
    await host.ended(id);
    const { result } = await handlerOf(host, id);
    const endedAt = (result as { value: { result: number } }).value.result;
    // It had waited in the other run for the time between its wait and the event that told of it.
    expect(endedAt - forkedAt).toBeGreaterThan(300);
  });
});

test("origin and forks know each other, over a restart, and when one of them is gone", async () => {
  using scratch = createScratch();
  const { workflows } = createWorkflows();
  const path = scratch.file("state.db");
  const ids = await withServer(path, workflows, async (host) => {
    const from = await host.start("order");
    const after = await cameBy(host, from, "WorkflowIdleEvent");
    const one = bodyOf(await fork(host, from, { after_sequence: after, handler_id: "one" }));
    const two = bodyOf(await fork(host, one.handler_id, { step: "ship", handler_id: "two" }));
    return [from, one.handler_id, two.handler_id];
  });
  const [from = "", one = "", two = ""] = ids;
  await withServer(path, workflows, async (host) => {
    const lineage = async (id: string) => (await host.ask(`GET /handlers/${id}/lineage`)).body;
    expect(await lineage(from)).toMatchObject({ forked_from: null, forks: [{ handler_id: one }] });
    expect(await lineage(one)).toMatchObject({
      forked_from: { handler_id: from },
      forks: [{ handler_id: two }],
    });
    await host.ask(`POST /handlers/${one}/cancel?purge=true`);
    expect(await lineage(from)).toMatchObject({ forks: [] });
    expect(await lineage(two)).toMatchObject({ forked_from: { handler_id: null }, forks: [] });
    await sendTo(host, two, "Go");
    await host.ended(two);
    expect((await handlerOf(host, two)).status).toBe("completed");
  });
});

test("a fork that cannot be is refused in words, and starts nothing", async () => {
  using scratch = createScratch();
  const { workflows } = createWorkflows();
  await withServer(scratch.file("state.db"), workflows, async (host) => {
    const from = await host.start("order");
    await cameBy(host, from, "WorkflowIdleEvent");
    const wrong: readonly (readonly [body: object, status: number])[] = [
      [{}, 400],
      [{ after_sequence: 1, step: "pay" }, 400],
      [{ after_sequence: -1 }, 400],
      [{ after_sequence: 10_000 }, 400],
      [{ after_sequence: 1.5 }, 400],
      [{ step: "nobody" }, 400],
      [{ step: "pay", attempt: 2 }, 400],
      [{ step: "pay", attempt: 0 }, 400],
      [{ step: "pay", event: { type: "Nothing", value: {} } }, 400],
      [{ step: "pay", handler_id: from }, 409],
      // An id that no path could name.
      [{ step: "pay", handler_id: ".." }, 400],
    ];
    for (const [body, status] of wrong) {
      const answer = await fork(host, from, body);
      expect([JSON.stringify(body), answer.status]).toEqual([JSON.stringify(body), status]);
    }
    expect((await fork(host, "nobody", { step: "pay" })).status).toBe(404);
    await sendTo(host, from, "Go");
    await host.ended(from);
    const last = (await framesOf(host, from)).at(-1)?.id;
    expect((await fork(host, from, { after_sequence: Number(last) })).status).toBe(400);
    expect(await host.handlerIds()).toEqual([from]);
  });
});
