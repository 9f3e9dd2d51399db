/** A server that is told to stop in the middle of something: it stops, and says so to all who wait. */
import { expect, spyOn, test } from "bun:test";
import { join } from "node:path";

import { MemoryStore, SqliteStore, type Store } from "../../src/index.ts";
import { shutdownMs } from "../../src/base/limits.ts";
import { listen } from "../../src/server/listen.ts";
import { temporaryFolder } from "../support/folder.ts";
import { openServer } from "../support/server.ts";
import { dial } from "../support/socket.ts";
import { until } from "../support/until.ts";

const folder = temporaryFolder();
const loopback = { host: "127.0.0.1", port: 0 };

test("a request that comes to its store when that is closed is answered with 503", async () => {
  const path = join(folder, "state.db");
  const before = new SqliteStore({ path });
  const first = openServer({ store: before });
  await first.start("waiting", { handler_id: "waits" });
  await until(async () => (await before.listActive()).length === 0, "the run rests");
  await first.server.close();

  const claimed = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  class HeldStore extends SqliteStore {
    override async claim(runId: string): Promise<number> {
      const epoch = await super.claim(runId);
      claimed.resolve();
      await gate.promise;
      return epoch;
    }
  }
  const second = openServer({ store: new HeldStore({ path }) });
  const answer = second.post("/events/waits", { event: { type: "Next" } });
  await claimed.promise;
  await second.server.close();
  gate.resolve();
  const body = { code: "shutting_down", detail: "The store is closed already." };
  expect(await answer).toMatchObject({ status: 503, body });
});

test("nothing that was to end a slow stop is left behind by a quick one", async () => {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const left = new Set<unknown>();
  let made = 0;
  const spies = [
    spyOn(globalThis, "setTimeout").mockImplementation(((callback: () => void, ms?: number) => {
      const timer = set(callback, ms);
      // That of the listener and that of the server, not those of whoever else is there.
      if (ms !== undefined && ms > shutdownMs - 1_000 && ms <= shutdownMs) {
        left.add(timer);
        made++;
      }
      return timer;
    }) as typeof setTimeout),
    spyOn(globalThis, "clearTimeout").mockImplementation(((timer?: number) => {
      left.delete(timer);
      clear(timer);
    }) as typeof clearTimeout),
  ];
  try {
    const { server } = openServer();
    await server.serve(loopback);
    await server.close();
    expect(made).toBeGreaterThan(0);
    expect(left.size).toBe(0);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});

test.concurrent(
  "whoever is still waited for when its time is over is hung up on",
  async () => {
    const asked = Promise.withResolvers<void>();
    const listener = listen(loopback, async (_request, connection) => {
      connection.keepOpen(); // Else it would be hung up on for its silence.
      asked.resolve();
      return await new Promise<Response>(() => {});
    });
    const client = await dial(listener.url);
    client.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await asked.promise;
    await listener.close();
    expect(await client.closed).toBe("");
  },
  20_000,
);

test.concurrent(
  "a store that does not open is not waited for, and is closed if it opens after all",
  async () => {
    const asked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const calls: string[] = [];
    class StuckStore extends MemoryStore {
      override async open(): ReturnType<Store["open"]> {
        asked.resolve();
        await gate.promise;
        calls.push("opened");
        return super.open();
      }
      override async close(): Promise<void> {
        calls.push("closed");
      }
      override async listActive(): ReturnType<Store["listActive"]> {
        calls.push("listed");
        return super.listActive();
      }
    }
    const host = openServer({ store: new StuckStore() });
    const serving = host.server.serve(loopback).catch((error: unknown) => error);
    const answer = host.ask("GET /handlers");
    await asked.promise;
    const closing = host.server.close();
    expect(await answer).toMatchObject({ status: 503, body: { code: "shutting_down" } });
    expect(await serving).toMatchObject({ code: "shutting_down" });
    await closing;
    expect(calls).toEqual(["closed"]);
    gate.resolve();
    await until(() => calls.length === 3, "it has been closed");
    expect(calls).toEqual(["closed", "opened", "closed"]);
  },
  20_000,
);
