/** Many callers at once, and callers that race: each gets an answer that is true. */
import { describe, expect, test } from "bun:test";

import { MemoryStore } from "../../src/index.ts";
import { handlerNotFound, record, refusal } from "../support/bodies.ts";
import { type Answer, openServer, seen } from "../support/server.ts";
import { readAllFrames } from "../support/sse.ts";
import { until } from "../support/until.ts";

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const next = { event: { type: "Next" } };

describe("fifty starts with one handler id", () => {
  test.each(["run-nowait", "run"])("by %s: one is taken, the others are told so", async (verb) => {
    await using host = openServer();
    const path = `/workflows/${verb === "run" ? "waiting" : "busy"}/${verb}`;
    const all = times(50, () => host.post(path, { handler_id: "one" }));
    if (verb === "run") {
      // The one that is taken waits for its run, so that it is answered last.
      await Promise.any(all);
      expect((await host.post("/events/one", next)).status).toBe(200);
    }
    const answers = await Promise.all(all);
    const taken = answers.filter(({ status }) => status === 200);
    expect(taken).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(seen(answer)).toEqual(
        refusal(409, "handler_active", "Handler 'one' is already running"),
      );
    }
    expect(await host.handlerIds()).toEqual(["one"]);
    const { body } = await host.ask("GET /handlers/one");
    expect(body).toMatchObject({ run_id: (taken[0]?.body as { run_id: string }).run_id });
  });

  test("across two verbs and two workflows as well", async () => {
    await using host = openServer();
    const answers = await Promise.all(
      times(50, (index) =>
        host.post(`/workflows/${index % 2 ? "waiting" : "busy"}/run-nowait`, { handler_id: "one" }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
  });

  test("after the last run of the handler has ended: one goes on with its state", async () => {
    await using host = openServer();
    await host.post("/workflows/adder/run-nowait", { handler_id: "one" });
    await host.post("/events/one", { event: { type: "Add", value: { n: 5 } } });
    await host.post("/events/one", { event: { type: "Add", value: { n: 0 } } });
    await host.ended("one");
    const answers = await Promise.all(
      times(50, () => host.post("/workflows/adder/run-nowait", { handler_id: "one" })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await host.post("/events/one", { event: { type: "Add", value: { n: 0 } } });
    await host.ended("one");
    const { body } = await host.ask("GET /results/one");
    expect(body).toMatchObject({ status: "completed", result: 5 });
  });
});

describe("two hundred starts", () => {
  test("with ids of their own all run, and all are listed", async () => {
    await using host = openServer();
    const answers = await Promise.all(
      times(200, (index) =>
        host.post("/workflows/echo/run", { handler_id: `run-${index}`, start_event: { index } }),
      ),
    );
    for (const [index, { status, body }] of answers.entries()) {
      expect([status, body]).toEqual([
        200,
        expect.objectContaining({
          result: expect.objectContaining({ value: { result: { index } } }),
        }),
      ]);
    }
    expect(new Set(await host.handlerIds())).toEqual(
      new Set(times(200, (index) => `run-${index}`)),
    );
  });
});

describe("events sent at once", () => {
  test("all count, each once", async () => {
    await using host = openServer();
    const handlerId = await host.start("adder");
    const send = (n: number) =>
      host.post(`/events/${handlerId}`, { event: { type: "Add", value: { n } } });
    const answers = await Promise.all(times(100, (index) => send(index + 1)));
    expect(answers.map(({ status }) => status)).toEqual(times(100, () => 200));
    expect((await send(0)).status).toBe(200);
    await host.ended(handlerId);
    expect((await host.ask(`GET /results/${handlerId}`)).body).toMatchObject({ result: 5050 });
  });

  test("for one place: what comes too late is refused or handled, never lost in between", async () => {
    await using host = openServer();
    const handlerId = await host.start("waiting");
    const answers = await Promise.all(times(20, () => host.post(`/events/${handlerId}`, next)));
    for (const { status } of answers) expect([200, 409]).toContain(status);
    expect(answers[0]?.status).toBe(200);
    await host.ended(handlerId);
    expect((await host.ask(`GET /handlers/${handlerId}`)).status).toBe(200);
  });
});

describe("a race to the end", () => {
  test("between cancel and completion: both are told how it ended", async () => {
    await using host = openServer();
    for (let round = 0; round < 40; round++) {
      const handlerId = await host.start("waiting");
      const cancelling = () => host.ask(`POST /handlers/${handlerId}/cancel`);
      const sending = () => host.post(`/events/${handlerId}`, next);
      const [one, two] = round % 2 ? [cancelling, sending] : [sending, cancelling];
      const [first, second] = await Promise.all([one(), two()]);
      const [cancelled, sent] = round % 2 ? [first, second] : [second, first];
      await host.ended(handlerId);
      const { body, status } = await host.ask(`GET /handlers/${handlerId}`);
      // Who was told that it has cancelled has cancelled.
      const outcome = cancelled.status === 200 ? "cancelled" : "completed";
      expect({ round, status, body }).toMatchObject({
        round,
        status: outcome === "completed" ? 200 : 500,
        body: { status: outcome },
      });
      if (cancelled.status !== 200) expect(seen(cancelled)).toEqual(handlerNotFound);
      expect([200, 409]).toContain(sent.status);
      const stream = await host.fetch(`GET /events/${handlerId}?after_sequence=-1`);
      const ends = (await readAllFrames(stream)).filter(({ data }) =>
        /StopEvent|Cancelled/.test(data),
      );
      expect(ends).toHaveLength(1);
    }
  });

  test("between twenty cancels: one has cancelled", async () => {
    await using host = openServer();
    const handlerId = await host.start("busy");
    const answers = await Promise.all(
      times(20, () => host.ask(`POST /handlers/${handlerId}/cancel`)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(200);
    for (const status of statuses) expect([200, 404]).toContain(status);
    expect((await host.ask(`GET /handlers/${handlerId}`)).body).toMatchObject({
      status: "cancelled",
    });
  });

  test("between cancel, purge and readers: nobody is left waiting", async () => {
    await using host = openServer();
    for (let round = 0; round < 20; round++) {
      const handlerId = await host.start(round % 2 ? "busy" : "waiting");
      const stream = await host.fetch(`GET /events/${handlerId}`);
      const frames = readAllFrames(stream);
      const answers = await Promise.all([
        host.ask(`POST /handlers/${handlerId}/cancel`),
        host.ask(`POST /handlers/${handlerId}/cancel?purge=true`),
        host.ask(`POST /handlers/${handlerId}/cancel`),
        host.ask(`GET /handlers/${handlerId}`),
      ]);
      for (const { status } of answers) expect([200, 202, 404, 500, 503]).toContain(status);
      await frames;
      expect(seen(await host.ask(`GET /handlers/${handlerId}`))).toEqual(handlerNotFound);
    }
  });
});

describe("purging a run that is going on", () => {
  test.each(["busy", "waiting"])(
    "cancels it: the streams and the `/run` of a run of %s tell how it ended",
    async (workflow) => {
      await using host = openServer();
      const run = host.post(`/workflows/${workflow}/run`, { handler_id: "purged" });
      await until(async () => (await host.handlerIds()).length === 1, "the run has started");
      const streams = await Promise.all(
        ["", "?after_sequence=-1", "?sse=false", "?include_internal=true"].map((query) =>
          host.fetch(`GET /events/purged${query}`),
        ),
      );
      const bodies = streams.map((stream) => stream.text());
      expect(seen(await host.ask("POST /handlers/purged/cancel?purge=true"))).toEqual({
        status: 200,
        body: { status: "deleted" },
      });
      for (const body of await Promise.all(bodies)) {
        expect(body.trimEnd().split("\n").at(-1)).toContain('"type":"WorkflowCancelledEvent"');
      }
      expect(await run).toMatchObject({
        status: 500,
        body: { handler_id: "purged", status: "cancelled", result: null, error: null },
      });
      // Its id is free, for a run that knows nothing of it.
      expect(seen(await host.post("/workflows/echo/run-nowait", { handler_id: "purged" }))).toEqual(
        {
          status: 200,
          body: record({ handler_id: "purged" }),
        },
      );
    },
  );

  // What waits for the end of a run does not look whether the run is still there.
  test("answers its `/run` although it had not begun to wait", async () => {
    const gate = Promise.withResolvers<void>();
    class SlowStore extends MemoryStore {
      override async create(...args: Parameters<MemoryStore["create"]>): Promise<void> {
        await super.create(...args);
        await gate.promise;
      }
    }
    await using host = openServer({ store: new SlowStore() });
    let answer: Answer | undefined;
    void host.post("/workflows/busy/run", { handler_id: "purged" }).then((it) => (answer = it));
    await until(async () => (await host.handlerIds()).length === 1, "the run is there");
    const purged = host.ask("POST /handlers/purged/cancel?purge=true");
    gate.resolve();
    expect((await purged).status).toBe(200);
    await until(() => answer !== undefined, "the `/run` is answered");
    expect([404, 500]).toContain(answer?.status ?? 0);
  });
});
