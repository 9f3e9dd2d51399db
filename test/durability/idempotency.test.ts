/** A start with `Idempotency-Key` may be asked for again, for as long as its run is kept. */
import { expect, test } from "bun:test";

import { HumanResponseEvent, StartEvent, StopEvent, Workflow } from "../../src/index.ts";
import type { Answer, Host } from "../support/server.ts";
import { bodyOf, handlerOf, sendTo, withServer, type Workflows } from "./support/host.ts";
import { createScratch } from "./support/scratch.ts";

const Go = HumanResponseEvent.extend("Go", {});

function createWorkflows(): { readonly starts: string[]; readonly workflows: Workflows } {
  const starts: string[] = [];
  const waiting = new Workflow().step(
    "wait",
    { accepts: [StartEvent], emits: [StopEvent], waits: [Go] },
    async (_event, context) => {
      await context.run("once", () => void starts.push(context.runId));
      await context.waitForEvent(Go);
      return StopEvent({ result: "went" });
    },
  );
  return { starts, workflows: [["waiting", waiting]] };
}

function ask(host: Host, route: string, key: string, body: object = {}): Promise<Answer> {
  return host.post(`/workflows/waiting/${route}`, body, { headers: { "idempotency-key": key } });
}

test("twenty starts at once with one key are one run, and all get the same answer", async () => {
  using scratch = createScratch();
  const { starts, workflows } = createWorkflows();
  await withServer(scratch.file("state.db"), workflows, async (host) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask(host, "run-nowait", "same")),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await host.handlerIds()).toHaveLength(1);
    expect(starts).toHaveLength(1);
  });
});

test("a repeated start is answered as it was then: after a restart, and after the end", async () => {
  using scratch = createScratch();
  const { starts, workflows } = createWorkflows();
  const path = scratch.file("state.db");
  const first = await withServer(path, workflows, (host) => ask(host, "run-nowait", "kept"));
  await withServer(path, workflows, async (host) => {
    expect((await ask(host, "run-nowait", "kept")).text).toBe(first.text);
    await sendTo(host, bodyOf(first).handler_id, "Go");
    await host.ended(bodyOf(first).handler_id);
    expect((await ask(host, "run-nowait", "kept")).text).toBe(first.text);
  });
  expect(starts).toHaveLength(1);
});

test("the same key with another body, or for a waiting start with another body, is refused", async () => {
  using scratch = createScratch();
  const { workflows } = createWorkflows();
  const path = scratch.file("state.db");
  await withServer(path, workflows, (host) =>
    ask(host, "run-nowait", "used", { start_event: { a: 1, b: 2 } }),
  );
  await withServer(path, workflows, async (host) => {
    for (const route of ["run", "run-nowait"]) {
      const answer = await ask(host, route, "used", { start_event: { a: 1, b: 3 } });
      expect(answer).toMatchObject({ status: 422, body: { code: "key_conflict" } });
    }
    // The order of the keys of an object says nothing.
    const same = await ask(host, "run-nowait", "used", { start_event: { b: 2, a: 1 } });
    expect(same.status).toBe(200);
    expect(await host.handlerIds()).toHaveLength(1);
  });
});

test("`/run` with a key waits for the run that there is", async () => {
  using scratch = createScratch();
  const { starts, workflows } = createWorkflows();
  const path = scratch.file("state.db");
  const first = await withServer(path, workflows, (host) => ask(host, "run-nowait", "waits"));
  await withServer(path, workflows, async (host) => {
    const { handler_id: id } = bodyOf(first);
    const waiting = [ask(host, "run", "waits"), ask(host, "run", "waits")];
    await sendTo(host, id, "Go");
    for (const answer of await Promise.all(waiting)) {
      expect(answer.status).toBe(200);
      expect(bodyOf(answer)).toEqual(await handlerOf(host, id));
    }
    // It has ended: the answer is there at once.
    expect(bodyOf(await ask(host, "run", "waits")).status).toBe("completed");
  });
  expect(starts).toHaveLength(1);
});

test("a key is free again when its run is purged", async () => {
  using scratch = createScratch();
  const { starts, workflows } = createWorkflows();
  await withServer(scratch.file("state.db"), workflows, async (host) => {
    const first = bodyOf(await ask(host, "run-nowait", "freed"));
    await host.ask(`POST /handlers/${first.handler_id}/cancel?purge=true`);
    const second = bodyOf(await ask(host, "run-nowait", "freed", { start_event: { other: 1 } }));
    expect(second.run_id).not.toBe(first.run_id);
    expect(starts.length).toBeLessThanOrEqual(2);
  });
});

test("a start that was refused has not used its key", async () => {
  using scratch = createScratch();
  const { workflows } = createWorkflows();
  await withServer(scratch.file("state.db"), workflows, async (host) => {
    await host.start("waiting", { handler_id: "mine" });
    const refused = await ask(host, "run-nowait", "late", { handler_id: "mine" });
    expect(refused).toMatchObject({ status: 409, body: { code: "handler_active" } });
    await sendTo(host, "mine", "Go");
    await host.ended("mine");
    const taken = await ask(host, "run-nowait", "late", { handler_id: "mine" });
    expect(taken.status).toBe(200);
    // Whoever repeats it names a handler that is running by now, and is not told so.
    expect((await ask(host, "run-nowait", "late", { handler_id: "mine" })).text).toBe(taken.text);
  });
});
