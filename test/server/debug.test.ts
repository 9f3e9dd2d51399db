/** What the page at `/` asks for beyond what clients do: live lists, journals, definitions. */
import { describe, expect, test } from "bun:test";

import { MemoryStore } from "../../src/index.ts";
import { handlerNotFound, record, refusal } from "../support/bodies.ts";
import { type Host, openServer, seen } from "../support/server.ts";
import { until } from "../support/until.ts";

/** A list that is watched: its news so far, oldest first. */
async function watch(host: Host) {
  const response = await host.fetch("GET /debug/handlers/stream");
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const news: {
    handler?: { handler_id: string; status: string };
    is_asking?: boolean;
    deleted?: string;
    ready?: true;
  }[] = [];
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const reading = (async () => {
    let rest = "";
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      rest += Buffer.from(chunk.value).toString();
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks.filter((each) => each.startsWith("data: "))) {
        news.push(JSON.parse(block.slice(6)) as (typeof news)[number]);
      }
    }
  })();
  return { news, reading, leave: () => reader.cancel() };
}

const facts = ({ handler, deleted, ready }: Awaited<ReturnType<typeof watch>>["news"][number]) =>
  ready ? "ready" : (deleted ?? `${handler?.handler_id} ${handler?.status}`);

describe("GET /debug/handlers/stream", () => {
  test("tells what is there, then that it is all, then what changes", async () => {
    await using host = openServer();
    await host.post("/workflows/echo/run", { handler_id: "old" });
    const list = await watch(host);
    await until(() => list.news.some(({ ready }) => ready), "the list is there");
    await host.start("waiting", { handler_id: "new" });
    await until(() => list.news.some((each) => facts(each) === "new running"), "it has begun");
    await host.post("/events/new", { event: { type: "Next" } });
    await until(() => list.news.some((each) => facts(each) === "new completed"), "it has ended");
    await host.ask("POST /handlers/old/cancel?purge=true");
    await until(() => list.news.some(({ deleted }) => deleted === "old"), "the other is gone");
    const order = list.news.map(facts);
    expect(order.slice(0, 2)).toEqual(["old completed", "ready"]);
    expect(list.news[0]?.handler as object).toMatchObject(
      record({
        handler_id: "old",
        status: "completed",
        result: null, // It may be long, and a list does not show it.
        completed_at: expect.any(String),
      }),
    );
    await host.server.close();
    await list.reading;
  });

  test("says which runs want something from outside, whether they are in memory or not", async () => {
    const store = new MemoryStore();
    {
      await using before = openServer({ store });
      await before.post("/workflows/echo/run", { handler_id: "done" });
      await before.start("waiting", { handler_id: "old" });
      await until(async () => (await store.getHandler("old"))?.isResting, "it rests");
    }
    await using host = openServer({ store });
    const list = await watch(host);
    await host.start("waiting", { handler_id: "new" });
    const asking = () => list.news.flatMap((each) => (each.is_asking ? facts(each) : []));
    await until(() => asking().length === 2, "both ask");
    expect(asking()).toEqual(["old running", "new running"]);
    const { body } = await host.ask("GET /debug/handlers?limit=2");
    expect(body).toMatchObject({
      handlers: [
        { handler: { handler_id: "new" }, is_asking: true },
        { handler: { handler_id: "old" }, is_asking: true },
      ],
    });
    const { body: rest } = await host.ask("GET /debug/handlers?after=old");
    expect(rest).toMatchObject({
      handlers: [{ handler: { handler_id: "done", result: null }, is_asking: false }],
    });
    await host.post("/events/old", { event: { type: "Next" } });
    await until(() => facts(list.news.at(-1) ?? {}) === "old completed", "it has ended");
    expect(list.news.at(-1)?.is_asking).toBe(false);
    await list.leave();
  });

  test("breaks off where its store fails, so that its reader comes back, and the log knows", async () => {
    class FailingStore extends MemoryStore {
      isFailing = false;
      override listHandlers(...args: Parameters<MemoryStore["listHandlers"]>) {
        if (this.isFailing) return Promise.reject(new Error("disk I/O"));
        return super.listHandlers(...args);
      }
    }
    const store = new FailingStore();
    await using host = openServer({ store });
    const list = await watch(host);
    await until(() => list.news.length > 0, "it has begun");
    await list.leave();
    store.isFailing = true;
    const response = await host.fetch("GET /debug/handlers/stream");
    await expect(response.text()).rejects.toThrow();
    await until(
      () => host.log.some(({ message }) => message === "A stream of handlers broke."),
      "the log was told",
    );
  });
});

describe("GET /debug/handlers/{handler_id}/journal", () => {
  test("200: the ticks as they are stored, all or the rest", async () => {
    await using host = openServer();
    const run = { handler_id: "h", start_event: { a: 1 } };
    await host.post("/workflows/echo/run", run);
    const { status, body } = await host.ask("GET /debug/handlers/h/journal");
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        handler: { handler_id: "h", status: "completed" },
        forked_from: null,
        first_sequence: 0,
      },
    });
    const { ticks } = body as { ticks: object[] };
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks[0]).toMatchObject({
      kind: "run_started",
      event: { type: "StartEvent", data: { a: 1 } },
    });
    for (const [after, rest] of [
      ["1", ticks.slice(1)],
      ["-5", ticks],
      ["words", ticks],
      ["9007199254740991", []],
    ] as const) {
      const { body: part } = await host.ask(`GET /debug/handlers/h/journal?after=${after}`);
      expect((part as { ticks: object[] }).ticks).toEqual([...rest]);
    }
  });

  test("404", async () => {
    await using host = openServer();
    expect(seen(await host.ask("GET /debug/handlers/nobody/journal"))).toEqual(handlerNotFound);
  });
});

describe("GET /debug/workflows/{name}/definition", () => {
  test("200: all but the functions", async () => {
    await using host = openServer();
    const answer = await host.ask("GET /debug/workflows/ticker/definition");
    expect(answer).toMatchObject({
      status: 200,
      body: {
        name: "ticker",
        startType: "TickerStart",
        stopType: "StopEvent",
        steps: [{ name: "tick", accepts: ["TickerStart"], waits: ["Next"], retries: false }],
        routes: { TickerStart: ["tick"] },
      },
    });
    expect(answer.text).not.toContain("=>");
  });

  test("404", async () => {
    await using host = openServer();
    expect(seen(await host.ask("GET /debug/workflows/none/definition"))).toEqual(
      refusal(404, "workflow_not_found", "Workflow not found"),
    );
  });
});

describe("GET /events/{handler_id}?include_timestamps=true", () => {
  test("adds to each event when it was, and nothing else", async () => {
    await using host = openServer();
    await host.post("/workflows/ticker/run", { handler_id: "h" });
    for (const query of ["", "&sse=false", "&include_qualified_name=false"]) {
      const path = `GET /events/h?after_sequence=-1&include_internal=true${query}`;
      const [plain, timed] = [
        (await host.ask(path)).text,
        (await host.ask(`${path}&include_timestamps=true`)).text,
      ];
      const stamp = /,"timestamp":"(\d{4}-\d\d-\d\dT[\d:.]+\+00:00)"}$/gm;
      expect(timed.replace(stamp, "}")).toBe(plain);
      expect(timed.match(stamp)).toHaveLength(plain.match(/"types":[^\n]*$/gm)?.length ?? 0);
    }
  });
});
