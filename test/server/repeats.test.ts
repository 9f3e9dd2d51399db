/** `Idempotency-Key`: a start that is asked for twice happens once. */
import { describe, expect, test } from "bun:test";

import { readIdempotency } from "../../src/server/idempotency.ts";
import { refusal } from "../support/bodies.ts";
import { type Answer, openServer, seen } from "../support/server.ts";
import { titled } from "../support/titles.ts";

const key = { "idempotency-key": "order-1" };
const runIdOf = ({ body }: Answer): string => (body as { run_id: string }).run_id;

describe("a start with the key of another", () => {
  test("is the same start: while it runs, when it has ended, by either verb", async () => {
    await using host = openServer();
    const ask = (verb: string) =>
      host.post(`/workflows/waiting/${verb}`, { start_event: { a: 1, b: 2 } }, { headers: key });
    const first = await ask("run-nowait");
    expect(runIdOf(await ask("run-nowait"))).toBe(runIdOf(first));
    const waiting = ask("run");
    const { handler_id: handlerId } = first.body as { handler_id: string };
    await host.post(`/events/${handlerId}`, { event: { type: "Next" } });
    const ended = await waiting;
    expect([ended.status, runIdOf(ended)]).toEqual([200, runIdOf(first)]);
    expect((await ask("run")).text).toBe(ended.text);
    expect(await host.handlerIds()).toEqual([handlerId]);
  });

  test("is one of fifty at once", async () => {
    await using host = openServer();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => host.post("/workflows/echo/run", {}, { headers: key })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(runIdOf)).size).toBe(1);
    expect(await host.handlerIds()).toHaveLength(1);
  });

  test("may write its body in another order", async () => {
    await using host = openServer();
    const ask = (body: string) => host.ask("POST /workflows/echo/run", { body, headers: key });
    const first = await ask('{"start_event":{"a":{"x":1,"y":[1,2]},"b":2},"handler_id":"h"}');
    const again = await ask('{"handler_id":"h", "start_event":{"b":2,"a":{"y":[1,2],"x":1}}}');
    expect(again.text).toBe(first.text);
  });

  test.each(
    titled<readonly [string, object]>([
      ["/workflows/echo/run", { start_event: { a: 2 } }],
      ["/workflows/echo/run", { start_event: { a: "1" } }],
      ["/workflows/echo/run", { start_event: {} }],
      ["/workflows/echo/run", { start_event: { a: 1 }, handler_id: "h" }],
      ["/workflows/echo/run", { kwargs: { a: 1 } }],
      ["/workflows/waiting/run-nowait", { start_event: { a: 1 } }],
    ]),
  )("and another request, %s, is refused", async (_title, [path, body]) => {
    await using host = openServer();
    await host.post("/workflows/echo/run", { start_event: { a: 1 } }, { headers: key });
    expect(await host.post(path, body, { headers: key })).toMatchObject({
      status: 422,
      body: { code: "key_conflict" },
    });
    expect(await host.handlerIds()).toHaveLength(1);
  });

  test("is known by what a file has of it, whatever version wrote that", () => {
    const request = new Request("http://localhost", { headers: key });
    const body = { handler_id: "h", start_event: { b: [1, { d: 2, c: 3 }], a: null } };
    expect(readIdempotency(request, "echo", body)).toEqual({
      key: "order-1",
      fingerprint: "lukTs4x_zsmnLPXUXd1qLnYfiFmnnd0ja7Ngvj7ZoHo",
    });
  });

  test.each(
    titled<readonly [unknown, unknown]>([
      [{ a: 1 }, [["a", 1]]],
      [[1], { "0": 1 }],
      [[], {}],
    ]),
  )("tells lists from objects: %s", async (_title, [one, other]) => {
    await using host = openServer();
    const ask = (field: unknown) =>
      host.post("/workflows/echo/run", { start_event: { field } }, { headers: key });
    expect((await ask(one)).status).toBe(200);
    expect((await ask(other)).status).toBe(422);
  });
});

describe("a key", () => {
  test.each(titled(["", "two words", "ü", "x".repeat(256)]))(
    "%s is refused",
    async (_title, value) => {
      await using host = openServer();
      const headers = { "idempotency-key": value };
      expect(seen(await host.post("/workflows/echo/run", {}, { headers }))).toEqual(
        refusal(
          400,
          "request_invalid",
          "Expected `Idempotency-Key` to be 1 to 255 visible ASCII characters without spaces.",
        ),
      );
      expect(await host.handlerIds()).toEqual([]);
    },
  );

  test("of a request that was refused is free", async () => {
    await using host = openServer();
    const body = { handler_id: 5 };
    expect((await host.post("/workflows/echo/run", body, { headers: key })).status).toBe(400);
    expect((await host.post("/workflows/echo/run", {}, { headers: key })).status).toBe(200);
  });
});
