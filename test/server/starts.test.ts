/** Starting runs: every status, with its exact body. */
import { afterAll, describe, expect, test } from "bun:test";

import { workflows } from "../wire/workflows.ts";
import { openServer, seen } from "../support/server.ts";
import { jsonHeaders, record, refusal, stopEnvelope, timestamp } from "../support/bodies.ts";
import { titled } from "../support/titles.ts";
import { until } from "../support/until.ts";
import { serverWorkflows } from "../support/workflows.ts";

const host = openServer({}, [...serverWorkflows, ...workflows]);
const { ask, post } = host;
afterAll(() => host.server.close());

describe("starting", () => {
  test("POST /workflows/{name}/run 200 when the run has completed", async () => {
    const answer = await post("/workflows/echo/run", { start_event: { a: 1 } });
    expect(seen(answer)).toEqual({
      status: 200,
      body: record({
        status: "completed",
        completed_at: timestamp,
        result: stopEnvelope({ a: 1 }),
      }),
    });
    expect(Object.keys(answer.body as object)).toEqual(Object.keys(record({})));
    expect(Object.fromEntries(answer.headers)).toMatchObject(jsonHeaders);
  });

  test("POST /workflows/{name}/run 500 with the record when the run has failed", async () => {
    expect(seen(await post("/workflows/fail/run", {}))).toEqual({
      status: 500,
      body: record({
        workflow_name: "fail",
        status: "failed",
        error: "kaboom",
        completed_at: timestamp,
      }),
    });
  });

  test("POST /workflows/{name}/run 500 with the record when the run was cancelled", async () => {
    const waiting = post("/workflows/waiting/run", { handler_id: "cancelled-run" });
    await until(
      async () => (await ask("GET /handlers/cancelled-run")).status === 202,
      "the run has started",
    );
    expect((await ask("POST /handlers/cancelled-run/cancel")).status).toBe(200);
    expect(seen(await waiting)).toEqual({
      status: 500,
      body: record({
        handler_id: "cancelled-run",
        workflow_name: "waiting",
        status: "cancelled",
        completed_at: timestamp,
      }),
    });
  });

  test.each(titled([null, "", 0, false, [], {}]))(
    "POST /workflows/{name}/run 200 with an id of ours where `handler_id` is %s",
    async (_title, blank) => {
      const answer = await post("/workflows/echo/run", {
        handler_id: blank,
        start_event: { a: 1 },
      });
      expect(answer).toMatchObject({ status: 200, body: { handler_id: expect.any(String) } });
    },
  );

  test("POST /workflows/{name}/run-nowait 200 while the run goes on, and where it will fail", async () => {
    for (const workflow of ["busy", "fail"]) {
      expect(seen(await post(`/workflows/${workflow}/run-nowait`, {}))).toEqual({
        status: 200,
        body: record({ workflow_name: workflow }),
      });
    }
  });

  test.each(["run", "run-nowait"])("POST /workflows/{name}/%s 400, 409 and 413", async (verb) => {
    const path = `/workflows/math/${verb}`;
    expect(seen(await post(path, []))).toEqual({
      status: 400,
      body: {
        detail: "Error processing request body: Expected a JSON object, got a list.",
        code: "request_invalid",
      },
    });
    expect(seen(await post(path, 5))).toEqual(
      refusal(
        400,
        "request_invalid",
        "Error processing request body: Invalid type: Expected Object but received 5.",
      ),
    );
    expect(seen(await post(path, { start_event: {} }))).toEqual({
      status: 400,
      body: {
        detail: expect.stringMatching(
          /^Validation error for 'start_event': Failed to deserialize event: .*`a`/,
        ),
        code: "event_invalid",
        details: { issues: [{ path: ["a"], message: expect.any(String) }] },
      },
    });
    const held = await host.start("waiting", { handler_id: `held-${verb}` });
    expect(seen(await post(`/workflows/echo/${verb}`, { handler_id: held }))).toEqual(
      refusal(409, "handler_active", `Handler '${held}' is already running`),
    );
    expect(seen(await ask(`POST ${path}`, { body: " ".repeat(2 ** 20 + 1) }))).toEqual(
      refusal(413, "body_too_large", expect.stringContaining("at most 1048576 bytes")),
    );
  });
});
