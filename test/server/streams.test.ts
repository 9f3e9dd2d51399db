/**
 * Streams as clients have them, over a socket: they can be left and taken up again at every point,
 * and all readers see the same bytes.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { MemoryStore } from "../../src/index.ts";
import { openServer } from "../support/server.ts";
import { dial } from "../support/socket.ts";
import { type Frame, readAllFrames, readFrames, readFramesUntil } from "../support/sse.ts";
import { until } from "../support/until.ts";

const host = openServer();
let url: URL;
beforeAll(async () => {
  ({ url } = await host.server.serve({ host: "127.0.0.1", port: 0 }));
});
afterAll(() => host.server.close());

const next = { event: { type: "Next" } };

function open(handlerId: string, query: string = "", headers: Record<string, string> = {}) {
  return fetch(new URL(`/events/${handlerId}?${query}`, url), { headers });
}

const isTick =
  (index: number) =>
  ({ data }: Frame): boolean =>
    data.includes(`"index":${index},`);
const textOf = (frames: readonly Frame[]): string => frames.map(({ text }) => text).join("");

/** A run of some 60 events, of which a part is there and the rest comes when it is sent `next`. */
async function startLong(handlerId: string, rounds: number = 2): Promise<void> {
  await host.start("ticker", {
    handler_id: handlerId,
    start_event: { rounds, ticks: 54 / rounds },
  });
}

describe("a run of sixty events", () => {
  let all: readonly Frame[] = [];
  beforeAll(async () => {
    await startLong("long", 1);
    await host.ended("long");
    all = await readAllFrames(await open("long", "after_sequence=-1&include_internal=true"));
  });

  test("is resumed at every index: exactly the rest, byte for byte", async () => {
    expect(all.length).toBeGreaterThanOrEqual(57);
    for (let seen = -1; seen < all.length; seen++) {
      const rest = textOf(all.slice(seen + 1));
      const answers = await Promise.all([
        open("long", `include_internal=true&after_sequence=${seen}`),
        open("long", "include_internal=true", { "last-event-id": String(seen) }),
      ]);
      for (const answer of answers) {
        expect([seen, answer.status]).toEqual([seen, rest === "" ? 204 : 200]);
        expect((await answer.text()).replace(/^: open\n\n/, "")).toBe(rest);
      }
    }
  });

  test("is left at every index, and resumed with what was seen last: nothing twice, no gap", async () => {
    for (let stop = 0; stop < all.length; stop += 3) {
      const first = await readFramesUntil(
        await open("long", "after_sequence=-1"),
        ({ id }) => Number(id) >= stop,
      );
      const last = first.at(-1)?.id ?? "-1";
      const answer = await open("long", "", { "last-event-id": last });
      const second = answer.status === 204 ? [] : await readAllFrames(answer);
      const visible = all.filter(({ data }) => !data.includes("InternalDispatchEvent"));
      expect(textOf([...first, ...second])).toBe(textOf(visible));
    }
  });

  test("has lines of JSON that are the data of its frames", async () => {
    const lines = await (
      await open("long", "sse=false&after_sequence=-1&include_internal=true")
    ).text();
    expect(lines.replace(/^\n/, "")).toBe(all.map(({ data }) => `${data}\n`).join(""));
  });
});

describe("a run that is going on", () => {
  test("is seen alike by all, whenever they came, to its end", async () => {
    await startLong("live", 3);
    const query = "after_sequence=-1&include_internal=true";
    const early = [await open("live", query), await open("live", query)];
    const readers = early.map((response) => readAllFrames(response));
    // One that comes in the middle, one that leaves and comes back, one for lines.
    await readFramesUntil(await open("live", "after_sequence=-1"), isTick(17));
    await host.post("/events/live", next);
    const left = await readFramesUntil(await open("live", query), isTick(30));
    readers.push(readAllFrames(await open("live", query)));
    const lines = await open("live", `${query}&sse=false`);
    await readFramesUntil(await open("live", "after_sequence=-1"), isTick(35));
    await host.post("/events/live", next);
    const back = await readAllFrames(
      await open("live", "include_internal=true", { "last-event-id": left.at(-1)?.id ?? "" }),
    );
    const texts = (await Promise.all(readers)).map(textOf);
    expect(texts[0]).toContain('"result":54');
    expect(texts).toEqual([texts[0] ?? "", texts[0] ?? "", texts[0] ?? ""]);
    expect(textOf([...left, ...back])).toBe(texts[0] ?? "");
    const data = [...(texts[0] ?? "").matchAll(/^data: ([^\n]*)$/gm)].map(
      ([, json]) => `${json}\n`,
    );
    expect((await lines.text()).replace(/^\n/, "")).toBe(data.join(""));
    // The same again, from the store.
    expect(textOf(await readAllFrames(await open("live", query)))).toBe(texts[0] ?? "");
  });

  test("answers at once although it says nothing", async () => {
    await host.start("waiting", { handler_id: "quiet" });
    for (const [query, opening] of [
      ["", ": open\n\n"],
      ["sse=false", "\n"],
    ] as const) {
      const response = await open("quiet", query);
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      expect(new TextDecoder().decode((await reader.read()).value)).toBe(opening);
      await reader.cancel();
    }
  });

  test("is not cancelled by readers or callers that leave", async () => {
    await startLong("left");
    const body = JSON.stringify({ handler_id: "left-run" });
    const abort = new AbortController();
    const calls = [
      open("left", "after_sequence=-1").then(async (response) => {
        for await (const frame of readFrames(response)) if (isTick(3)(frame)) break;
      }),
      fetch(new URL("/workflows/waiting/run", url), { method: "POST", body, signal: abort.signal }),
    ];
    await until(async () => (await host.handlerIds()).includes("left-run"), "the run has started");
    abort.abort();
    await Promise.allSettled(calls);
    // One that hangs up without a word.
    const client = await dial(url);
    client.say("GET /events/left?after_sequence=-1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until(() => client.heard.includes('"index":5,'), "the stream has come");
    client.hangUp();
    for (const id of ["left", "left-run"]) {
      expect((await host.ask(`GET /handlers/${id}`)).status).toBe(202);
      await host.post(`/events/${id}`, next);
      await host.ended(id);
      expect((await host.ask(`GET /handlers/${id}`)).status).toBe(200);
    }
  });

  test("beats where it is silent, and not between its frames", async () => {
    await using beating = openServer({ heartbeatInterval: 0.03 });
    const serving = await beating.server.serve({ host: "127.0.0.1", port: 0 });
    await beating.start("waiting", { handler_id: "quiet" });
    const client = await dial(serving.url);
    client.say("GET /events/quiet HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const beat = ": heartbeat\n\n";
    await until(() => client.heard.split(beat).length > 3, "three beats were heard");
    await beating.post("/events/quiet", next);
    expect(await client.closed).toContain('"type":"StopEvent"');
    const lines = await dial(serving.url);
    await beating.start("waiting", { handler_id: "lines" });
    lines.say(
      "GET /events/lines?sse=false HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    const other = await dial(serving.url);
    other.say("GET /events/lines HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    await until(() => other.heard.split(beat).length > 3, "time has passed");
    await beating.post("/events/lines", next);
    expect(await lines.closed).not.toContain("heartbeat");
  });
});

describe("readers that are gone", () => {
  test("leave nothing behind", async () => {
    const store = new MemoryStore();
    await using other = openServer({ store });
    const serving = await other.server.serve({ host: "127.0.0.1", port: 0 });
    await other.start("waiting", { handler_id: "quiet" });
    const clients = await Promise.all(Array.from({ length: 50 }, () => dial(serving.url)));
    for (const client of clients)
      client.say("GET /events/quiet HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (const client of clients) {
      await until(() => client.heard.includes(": open"), "the stream has opened");
    }
    expect(store.feed.channelCount).toBe(1);
    for (const client of clients) client.hangUp();
    await until(() => store.feed.channelCount === 0, "nobody reads any more");
    // A reader that never reads its body is no reader.
    await (await other.fetch("HEAD /events/quiet")).text();
    void (await other.fetch("GET /events/quiet"));
    expect(store.feed.channelCount).toBe(0);
  });
});

describe("a handler that goes on with a second run", () => {
  test("goes on numbering, so that its readers miss nothing and see nothing twice", async () => {
    await host.post("/workflows/ticker/run", { handler_id: "again", start_event: { ticks: 3 } });
    const first = await readAllFrames(await open("again", "after_sequence=-1"));
    await host.post("/workflows/ticker/run", { handler_id: "again", start_event: { ticks: 2 } });
    const last = first.at(-1)?.id ?? "";
    const second = await readAllFrames(await open("again", "", { "last-event-id": last }));
    expect(second.map(({ data }) => (JSON.parse(data) as { type: string }).type)).toEqual([
      "Tick",
      "Tick",
      "StopEvent",
    ]);
    expect(Number(second[0]?.id)).toBeGreaterThan(Number(last));
    const all = await readAllFrames(await open("again", "after_sequence=-1"));
    expect(textOf(all)).toBe(textOf(second));
  });
});
