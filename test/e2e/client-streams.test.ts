/** Streams through the official client for npm, also over a line that breaks. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Client, createClient, createConfig } from "@llamaindex/workflows-client";

import { layLine } from "../support/cut-line.ts";
import { openServer } from "../support/server.ts";
import { serverWorkflows } from "../support/workflows.ts";
import { workflows } from "../wire/workflows.ts";
import { collect, type Envelope } from "./collect.ts";

const host = openServer({ heartbeatInterval: 0.05 }, [...workflows, ...serverWorkflows]);
let url: URL;
let client: Client;
beforeAll(async () => {
  ({ url } = await host.server.serve({ host: "127.0.0.1", port: 0 }));
  client = createClient(createConfig({ baseUrl: url.origin }));
});
afterAll(() => host.server.close());

describe("getEventsByHandlerId", () => {
  test("from the start, to the end", async () => {
    await host.start("loop", { handler_id: "client-loop", start_event: { n: 2 } });
    const { events, ids } = await collect(client, "client-loop", { query: { after_sequence: -1 } });
    expect(events.map(({ type, value }) => [type, value])).toEqual([
      ["Countdown", { n: 2 }],
      ["Countdown", { n: 1 }],
      ["Countdown", { n: 0 }],
      ["StopEvent", { result: "liftoff" }],
    ]);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    const query = { after_sequence: -1, include_internal: true, include_qualified_name: false };
    const internal = await collect(client, "client-loop", { query });
    expect(internal.events.length).toBeGreaterThan(events.length);
    expect(internal.events[0]).toMatchObject({ type: "StepStateChanged", qualified_name: null });
  });

  test("live, over heartbeats", async () => {
    await host.start("waiting", { handler_id: "client-live" });
    let beats = 0;
    const live = collect(client, "client-live", {
      onSseEvent({ data }) {
        if (data !== undefined || ++beats !== 2) return;
        void host.post("/events/client-live", { event: { type: "Next" } });
      },
    });
    expect((await live).events.map(({ type }) => type)).toEqual(["StopEvent"]);
    expect(beats).toBeGreaterThanOrEqual(2);
  });

  test("comes back after the line broke, and misses nothing", async () => {
    await using line = await layLine(url);
    const broken = createClient(createConfig({ baseUrl: line.url.origin }));
    await host.start("ticker", { handler_id: "client-cut", start_event: { rounds: 4, ticks: 5 } });
    const next = (): void => void host.post("/events/client-cut", { event: { type: "Next" } });
    const { events, ids } = await collect(broken, "client-cut", {
      query: { after_sequence: -1 },
      onSseEvent({ data }) {
        const { type, value } = (data ?? {}) as unknown as Envelope;
        // The last of a round: the line breaks, and only then the next round begins.
        if (type !== "Tick" || Number(value["index"]) % 5 !== 4) return;
        line.cut();
        next();
      },
    });
    expect(events.map(({ type, value }) => (type === "Tick" ? value["index"] : type))).toEqual([
      ...Array.from({ length: 20 }, (_, index) => index),
      "StopEvent",
    ]);
    expect(ids.filter((id, index) => id <= (ids[index - 1] ?? -1))).toEqual([]);
  });

  test("of nobody, and with nothing left, it gives up when told to", async () => {
    await host.start("greet", { handler_id: "client-over" });
    await host.ended("client-over");
    for (const [id, reason] of [
      ["nobody", /404/],
      ["client-over", /No body/],
    ] as const) {
      const errors: unknown[] = [];
      const { events } = await collect(client, id, {
        sseMaxRetryAttempts: 1,
        onSseError: (thrown) => void errors.push(thrown),
      });
      expect(events).toEqual([]);
      expect(String(errors[0])).toMatch(reason);
    }
  });
});
