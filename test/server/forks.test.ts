/** Forks and contexts: a run that begins with what is not its own, and what is refused of that. */
import { describe, expect, test } from "bun:test";

import { handlerNotFound, record, refusal } from "../support/bodies.ts";
import { type Host, openServer, seen } from "../support/server.ts";
import { readAllFrames } from "../support/sse.ts";
import { titled } from "../support/titles.ts";

/** A run of `ticker` that has ended, of the handler `origin`. */
async function openWithStory(): Promise<Host> {
  const host = openServer();
  await host.post("/workflows/ticker/run", { handler_id: "origin", start_event: { ticks: 3 } });
  return host;
}

const framesOf = async (host: Host, handlerId: string) =>
  readAllFrames(
    await host.fetch(`GET /events/${handlerId}?after_sequence=-1&include_internal=true`),
  );

describe("POST /handlers/{handler_id}/fork", () => {
  test("200: a run that goes on from there, and leaves the other as it was", async () => {
    await using host = await openWithStory();
    const before = (await host.ask("GET /handlers/origin")).text;
    const story = await framesOf(host, "origin");
    const answer = await host.post("/handlers/origin/fork", { step: "tick", handler_id: "fork" });
    expect(seen(answer)).toEqual({
      status: 200,
      body: record({ handler_id: "fork", workflow_name: "ticker" }),
    });
    await host.ended("fork");
    expect((await host.ask("GET /results/fork")).body).toMatchObject({ result: 3 });
    expect((await host.ask("GET /handlers/origin")).text).toBe(before);
    const told = await framesOf(host, "fork");
    expect(told[0]?.text).toBe(story[0]?.text ?? "");
    expect(told.map(({ id }) => id)).toEqual(told.map((_, index) => String(index)));
  });

  test("GET /handlers/{handler_id}/lineage 200: both ends know of each other", async () => {
    await using host = await openWithStory();
    await host.post("/handlers/origin/fork", { after_sequence: 0, handler_id: "fork" });
    const idOf = async (handlerId: string): Promise<unknown> =>
      ((await host.ask(`GET /handlers/${handlerId}`)).body as { run_id: string }).run_id;
    const [origin, fork] = [await idOf("origin"), await idOf("fork")];
    expect(seen(await host.ask("GET /handlers/origin/lineage"))).toEqual({
      status: 200,
      body: {
        handler_id: "origin",
        run_id: origin,
        forked_from: null,
        forks: [{ handler_id: "fork", run_id: fork, sequence: 0 }],
      },
    });
    expect(seen(await host.ask("GET /handlers/fork/lineage"))).toEqual({
      status: 200,
      body: {
        handler_id: "fork",
        run_id: fork,
        forked_from: { handler_id: "origin", run_id: origin, sequence: 0 },
        forks: [],
      },
    });
  });

  test.each(
    titled<readonly [unknown, string]>([
      [{}, "request_invalid"],
      [[], "request_invalid"],
      [5, "request_invalid"],
      [{ after_sequence: 0, step: "tick" }, "request_invalid"],
      [{ after_sequence: -1 }, "request_invalid"],
      [{ after_sequence: 999 }, "request_invalid"],
      [{ after_sequence: 1e300 }, "request_invalid"],
      [{ after_sequence: "0" }, "request_invalid"],
      [{ after_sequence: 0.5 }, "request_invalid"],
      [{ step: "none" }, "request_invalid"],
      [{ step: "__proto__" }, "request_invalid"],
      [{ step: "tick", attempt: 0 }, "request_invalid"],
      [{ step: "tick", attempt: 2 }, "request_invalid"],
      [{ step: "x".repeat(500_000) }, "request_invalid"],
      [{ step: "tick", handler_id: ".." }, "request_invalid"],
      [{ step: "tick", handler_id: "a\nb" }, "request_invalid"],
      [{ step: "tick", handler_id: "\ud800" }, "request_invalid"],
      [{ step: "tick", handler_id: 5 }, "request_invalid"],
      [{ step: "tick", event: { type: "Nope" } }, "event_type_unknown"],
      [{ step: "tick", event: 5 }, "event_invalid"],
      [{ step: "tick", event: "[".repeat(100_000) }, "event_invalid"],
    ]),
  )("400 for %s, and nothing starts", async (_title, [body, code]) => {
    await using host = await openWithStory();
    const answer = await host.post("/handlers/origin/fork", body);
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(answer.text.length).toBeLessThan(1000);
    expect(await host.handlerIds()).toEqual(["origin"]);
  });

  test("400, 404, 409 and 413, in the order of what can be known first", async () => {
    await using host = await openWithStory();
    await host.start("waiting", { handler_id: "held" });
    const path = "/handlers/nobody/fork";
    expect(await host.ask(`POST ${path}`, { body: "{" })).toMatchObject({
      status: 400,
      body: { code: "json_invalid" },
    });
    expect(seen(await host.post(path, { step: "tick" }))).toEqual(handlerNotFound);
    expect(seen(await host.ask("GET /handlers/nobody/lineage"))).toEqual(handlerNotFound);
    const held = { step: "tick", handler_id: "held" };
    expect(seen(await host.post("/handlers/origin/fork", held))).toEqual(
      refusal(409, "handler_active", "Handler 'held' is already running"),
    );
    const large = { body: " ".repeat(2 ** 20 + 1) };
    expect((await host.ask("POST /handlers/origin/fork", large)).status).toBe(413);
    expect(await host.handlerIds()).toEqual(["origin", "held"]);
  });
});

describe("a context", () => {
  const contextOf = (data: unknown): object => ({ state: { state_data: data } });

  test("is refused where it is not asked for, but for the empty one", async () => {
    await using host = openServer();
    for (const context of [{ state: {} }, "x", 1, [0], true]) {
      expect(await host.post("/workflows/adder/run-nowait", { context })).toMatchObject({
        status: 400,
        body: { code: "context_disabled" },
      });
    }
    expect(await host.handlerIds()).toEqual([]);
    for (const context of [{}, [], null, "", 0, false]) {
      expect((await host.post("/workflows/adder/run-nowait", { context })).status).toBe(200);
    }
  });

  test("is data: initial values, and whatever it says of types is passed over", async () => {
    await using host = openServer({ acceptContext: true });
    for (const data of [
      { sum: "5" },
      { sum: 5 },
      { _data: { sum: "5" } },
      '{"sum":5}',
      '{"__is_pydantic":true,"qualified_name":"os.system","value":{"sum":5}}',
    ]) {
      const id = await host.start("adder", { context: contextOf(data) });
      await host.post(`/events/${id}`, { event: { type: "Add", value: { n: 0 } } });
      await host.ended(id);
      expect((await host.ask(`GET /results/${id}`)).body).toMatchObject({ result: 5 });
    }
  });

  test.each(
    titled<readonly [unknown, string]>([
      ["x", "request_invalid"],
      [[0], "request_invalid"],
      [{ state: 5 }, "request_invalid"],
      [{ state: [] }, "request_invalid"],
      [contextOf(5), "request_invalid"],
      [contextOf([]), "request_invalid"],
      [contextOf("no JSON"), "request_invalid"],
      [contextOf("[]"), "request_invalid"],
      [contextOf({ sum: "no JSON" }), "request_invalid"],
      [contextOf({ sum: '"five"' }), "state_invalid"],
      [contextOf({ sum: "1e400" }), "value_not_json"],
      [contextOf({ other: "[".repeat(100_000) }), "request_invalid"],
      [contextOf(`${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`), "request_invalid"],
      [contextOf({ other: "x".repeat(500_000) }), "request_invalid"],
    ]),
  )("400 for %s, and nothing starts", async (_title, [context, code]) => {
    await using host = openServer({ acceptContext: true });
    const answer = await host.post("/workflows/adder/run-nowait", { context });
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(answer.text.length).toBeLessThan(1000);
    expect(await host.handlerIds()).toEqual([]);
  });

  test("pollutes nothing", async () => {
    await using host = openServer({ acceptContext: true });
    const body = `{"context":{"state":{"state_data":{"__proto__":{"polluted":1},"x":"{\\"__proto__\\":{\\"polluted\\":1}}"}}}}`;
    expect((await host.ask("POST /workflows/adder/run-nowait", { body })).status).toBe(200);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
