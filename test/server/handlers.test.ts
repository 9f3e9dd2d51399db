/** What has become of runs, and ending them: every status, with its exact body. */
import { afterAll, describe, expect, test } from "bun:test";

import { workflows } from "../wire/workflows.ts";
import { openServer, seen } from "../support/server.ts";
import { handlerNotFound, record, stopEnvelope, timestamp } from "../support/bodies.ts";
import { until } from "../support/until.ts";
import { serverWorkflows } from "../support/workflows.ts";

const host = openServer({}, [...serverWorkflows, ...workflows]);
const { ask, post } = host;
afterAll(() => host.server.close());

describe("handlers", () => {
  test("GET /handlers 200: exactly the records, oldest first, by status and workflow", async () => {
    await using few = openServer();
    expect(seen(await few.ask("GET /handlers"))).toEqual({ status: 200, body: { handlers: [] } });
    for (const [workflow, handler] of [
      ["echo", "one"],
      ["waiting", "two"],
      ["broken", "three"],
      ["echo", "four"],
    ] as const) {
      await few.post(`/workflows/${workflow}/run-nowait`, { handler_id: handler });
    }
    await until(
      async () => (await few.ask("GET /handlers?status=running")).text.split("run_id").length === 2,
      "all but one have ended",
    );
    const idsOf = async (query: string): Promise<readonly string[]> => {
      const { body } = await few.ask(`GET /handlers${query}`);
      return (body as { handlers: { handler_id: string }[] }).handlers.map((h) => h.handler_id);
    };
    expect(await idsOf("")).toEqual(["one", "two", "three", "four"]);
    expect(await idsOf("?status=running")).toEqual(["two"]);
    expect(await idsOf("?status=failed&status=running")).toEqual(["two", "three"]);
    expect(await idsOf("?status=completed&workflow_name=echo")).toEqual(["one", "four"]);
    expect(await idsOf("?workflow_name=broken&workflow_name=waiting")).toEqual(["two", "three"]);
    expect(await idsOf("?status=cancelled")).toEqual([]);
    // A word that is no status matches nothing, alone or beside others.
    expect(await idsOf("?status=bogus")).toEqual([]);
    expect(await idsOf("?status=Running")).toEqual([]);
    expect(await idsOf("?status=bogus&status=failed")).toEqual(["three"]);
    expect(await idsOf("?workflow_name=nope")).toEqual([]);
    // A blank filters nothing.
    expect(await idsOf("?status=&workflow_name=%20")).toEqual(["one", "two", "three", "four"]);
    expect(await idsOf("?status=&status=failed")).toEqual(["three"]);
    expect(await idsOf("?colour=blue")).toEqual(["one", "two", "three", "four"]);
  });

  const outcomes = [
    ["busy", 202, { status: "running" }],
    ["echo", 200, { status: "completed", completed_at: timestamp }],
    ["fail", 500, { status: "failed", error: "kaboom", completed_at: timestamp }],
  ] as const;

  test.each(outcomes)("GET /handlers/{handler_id} of %s: %d", async (workflow, status, facts) => {
    const handlerId = await host.start(workflow);
    if (status !== 202) await host.ended(handlerId);
    expect(seen(await ask(`GET /handlers/${handlerId}`))).toEqual({
      status,
      body: record({
        workflow_name: workflow,
        ...facts,
        result: status === 200 ? stopEnvelope({}) : null,
      }),
    });
    // The same, with the bare result.
    expect(seen(await ask(`GET /results/${handlerId}`))).toEqual({
      status,
      body: record({ workflow_name: workflow, ...facts, result: status === 200 ? {} : null }),
    });
  });

  test("GET /handlers/{handler_id} and /results/{handler_id} 500 of a cancelled run", async () => {
    const handlerId = await host.start("busy");
    await ask(`POST /handlers/${handlerId}/cancel`);
    for (const path of ["handlers", "results"]) {
      expect(seen(await ask(`GET /${path}/${handlerId}`))).toEqual({
        status: 500,
        body: record({
          workflow_name: "busy",
          status: "cancelled",
          completed_at: timestamp,
        }),
      });
    }
  });

  test("GET /results/{handler_id} 200 has the fields of a stop event with fields", async () => {
    const { body } = await post("/workflows/math/run", { start_event: { a: 3, b: 4 } });
    const { handler_id: handlerId } = body as { handler_id: string };
    const { body: result } = await ask(`GET /results/${handlerId}`);
    expect((result as { result: unknown }).result).toEqual({ sum: 7, product: 12 });
  });

  test("POST /handlers/{handler_id}/cancel 200, then 404", async () => {
    const handlerId = await host.start("waiting");
    expect(seen(await ask(`POST /handlers/${handlerId}/cancel`))).toEqual({
      status: 200,
      body: { status: "cancelled" },
    });
    expect(seen(await ask(`POST /handlers/${handlerId}/cancel`))).toEqual(handlerNotFound);
  });

  test.each(["busy", "echo", "fail"])(
    "POST /handlers/{handler_id}/cancel?purge=true 200 for a run of %s, and nothing is left",
    async (workflow) => {
      const handlerId = await host.start(workflow);
      if (workflow !== "busy") await host.ended(handlerId);
      expect(seen(await ask(`POST /handlers/${handlerId}/cancel?purge=TRUE`))).toEqual({
        status: 200,
        body: { status: "deleted" },
      });
      const gone = handlerNotFound;
      for (const line of [
        `GET /handlers/${handlerId}`,
        `GET /results/${handlerId}`,
        `GET /events/${handlerId}?after_sequence=-1`,
        `POST /handlers/${handlerId}/cancel?purge=true`,
      ]) {
        expect(seen(await ask(line))).toEqual(gone);
      }
      expect(await host.handlerIds()).not.toContain(handlerId);
    },
  );

  test.each([
    "GET /handlers/nobody",
    "GET /results/nobody",
    "GET /events/nobody",
    "GET /events/nobody?after_sequence=words",
    "POST /handlers/nobody/cancel",
    "POST /handlers/nobody/cancel?purge=true",
  ])("%s 404", async (line) => {
    expect(seen(await ask(line))).toEqual(handlerNotFound);
  });
});
