/** Our own client, as a program uses it: over real sockets, also over a line that breaks. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { type Client, ClientError, createClient, type RunEvent } from "../../src/client.ts";
import { HumanResponseEvent } from "../../src/index.ts";
import { layLine } from "../support/cut-line.ts";
import { openServer } from "../support/server.ts";
import { serverWorkflows } from "../support/workflows.ts";
import { workflows } from "../wire/workflows.ts";

const Next = HumanResponseEvent.extend("Next", {});

const host = openServer({}, [...workflows, ...serverWorkflows]);
let url: URL;
let client: Client;
beforeAll(async () => {
  ({ url } = await host.server.serve({ host: "127.0.0.1", port: 0 }));
  client = createClient(url.origin);
});
afterAll(() => host.server.close());

test("a run is waited for, and told whatever it has come to", async () => {
  const echoed = await client.run("echo", { a: 1 }, { handlerId: "own-echo" });
  expect(echoed).toMatchObject({ handler_id: "own-echo", status: "completed" });
  expect(await client.run("fail")).toMatchObject({ status: "failed", error: "kaboom" });
});

test("what may be silent for long has no time limit, and everything else has", async () => {
  const limits: unknown[] = [];
  const patient = createClient({
    baseUrl: url.origin,
    fetch(address, init) {
      const last = new URL(address).pathname.split("/").at(-1);
      limits.push([last, Reflect.get(init, "timeout")]);
      return fetch(address, init);
    },
  });
  await patient.run("echo", {}, { handlerId: "own-patient" });
  await Array.fromAsync(patient.events("own-patient"));
  await patient.start("echo");
  expect(limits).toEqual([
    ["run", false],
    ["own-patient", false],
    ["own-patient", false],
    ["run-nowait", undefined],
  ]);
});

test("a start may be asked for again, and is one", async () => {
  const ids = await Promise.all(
    [1, 2, 3].map(() => client.start("echo", { a: 1 }, { idempotencyKey: "own-key" })),
  );
  expect(new Set(ids.map(({ handler_id }) => handler_id)).size).toBe(1);
  const other = client.start("echo", { a: 2 }, { idempotencyKey: "own-key" });
  expect(await other.catch((error: unknown) => error)).toMatchObject({ status: 422 });
});

test("events come one by one with what they carry, from where they are asked for", async () => {
  const { handler_id: id } = await client.start("loop", { n: 2 });
  const seen = await Array.fromAsync(client.events(id));
  expect(seen.map(({ type, data }) => [type, data])).toEqual([
    ["Countdown", { n: 2 }],
    ["Countdown", { n: 1 }],
    ["Countdown", { n: 0 }],
    ["StopEvent", { result: "liftoff" }],
  ]);
  const after = seen[1]?.sequence ?? -1;
  expect(await Array.fromAsync(client.events(id, { after }))).toEqual(seen.slice(2));
  const all = await Array.fromAsync(client.events(id, { includeInternal: true }));
  expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_event, index) => index));
});

test("an event goes in as its type makes it, to one step or to all", async () => {
  const { handler_id: id } = await client.start("waiting");
  const refused = client.send(id, Next(), "nobody").catch((error: unknown) => error);
  expect(await refused).toBeInstanceOf(ClientError);
  await client.send(id, Next());
  expect((await Array.fromAsync(client.events(id))).map(({ data }) => data)).toEqual([
    { result: "went on" },
  ]);
});

test("a stream outlasts its line, and ends with its signal", async () => {
  await using line = await layLine(url);
  const far = createClient(line.url.origin);
  const { handler_id: id } = await far.start("ticker", { rounds: 2, ticks: 3 });
  const leaving = new AbortController();
  const seen: RunEvent[] = [];
  for await (const event of far.events(id, { signal: leaving.signal })) {
    if (seen.push(event) !== 3) continue;
    line.cut();
    await client.send(id, Next());
  }
  expect(seen.map(({ data }) => data["index"] ?? data["result"])).toEqual([0, 1, 2, 3, 4, 5, 6]);
  const { handler_id: quiet } = await client.start("busy");
  const stream = far.events(quiet, { signal: leaving.signal });
  const first = stream.next();
  leaving.abort();
  expect(await first).toEqual({ done: true, value: undefined });
  await client.cancel(quiet);
});
