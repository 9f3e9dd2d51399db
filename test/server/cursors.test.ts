/**
 * Where a stream begins: by default, by `after_sequence`, and by `Last-Event-ID`, in every spelling
 * that a client may come up with.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { openServer } from "../support/server.ts";
import { type Frame, readAllFrames, readFramesUntil } from "../support/sse.ts";
import { titled } from "../support/titles.ts";

const host = openServer();
let all: readonly Frame[] = [];
beforeAll(async () => {
  await host.start("ticker", { handler_id: "done", start_event: { ticks: 5 } });
  await host.ended("done");
  all = await framesOf("after_sequence=-1&include_internal=true");
  // A run that is going on: it has ticked twice, and waits.
  await host.start("ticker", { handler_id: "open", start_event: { rounds: 2, ticks: 2 } });
  const ticking = await host.fetch("GET /events/open?after_sequence=-1");
  await readFramesUntil(ticking, ({ data }) => data.includes('"index":1,'));
});
afterAll(() => host.server.close());

async function framesOf(query: string, lastEventId?: string): Promise<readonly Frame[]> {
  const response = await host.fetch(`GET /events/done?${query}`, {
    headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
  });
  if (response.status === 204) return [];
  expect(response.status).toBe(200);
  return readAllFrames(response);
}

const after = (sequence: number): readonly Frame[] => all.filter(({ id }) => Number(id) > sequence);
const texts = (frames: readonly Frame[]): string[] => frames.map(({ text }) => text);

describe("Last-Event-ID", () => {
  test("numbers start at 0 and have no gap, with internal events", () => {
    expect(all.map(({ id }) => id)).toEqual(all.map((_, index) => String(index)));
    expect(all.length).toBeGreaterThan(6);
  });

  test.each(["-1", "0", "1", "3", "-0", "-99", "007", " 2 ", "+1"])(
    "%s begins after it",
    async (id) => {
      expect(texts(await framesOf("include_internal=true", id))).toEqual(texts(after(Number(id))));
    },
  );

  test("at the end, or beyond it: nothing is left", async () => {
    const ids = [String(all.length - 1), "1000000", "9007199254740991", "9".repeat(10_000)];
    for (const id of ids) {
      expect(await framesOf("include_internal=true&after_sequence=-1", id)).toEqual([]);
    }
  });

  test.each(
    titled([
      "",
      "x",
      "NaN",
      "Infinity",
      "1.5",
      "1e18",
      "0x2",
      "--1",
      "1 2",
      "1, 2",
      "null",
      "'; DROP TABLE events; --",
      "x".repeat(1_000_000),
    ]),
  )("%s is no number: it is passed over", async (_title, id) => {
    const begins = performance.now();
    expect(texts(await framesOf("include_internal=true&after_sequence=2", id))).toEqual(
      texts(after(2)),
    );
    // `now`, where nothing else is said: of a run that has ended, nothing.
    expect(await framesOf("", id)).toEqual([]);
    expect(performance.now() - begins).toBeLessThan(1000);
  });

  test("wins over `after_sequence`", async () => {
    for (const query of ["after_sequence=-1", "after_sequence=now", "after_sequence=99"]) {
      expect(texts(await framesOf(`${query}&include_internal=true`, "3"))).toEqual(texts(after(3)));
    }
  });

  test("does not count without server-sent events", async () => {
    const lines = async (headers: Record<string, string>): Promise<string> =>
      (await host.fetch("GET /events/done?sse=false&after_sequence=1", { headers })).text();
    expect(await lines({ "last-event-id": "4" })).toBe(await lines({}));
  });
});

describe("after_sequence", () => {
  test.each(["-1", "0", "2", "-5", "-0", "+2", "%202"])("%s begins after it", async (sequence) => {
    const query = `after_sequence=${sequence}&include_internal=true`;
    expect(texts(await framesOf(query))).toEqual(
      texts(after(Number(decodeURIComponent(sequence)))),
    );
  });

  test.each(["now", "NOW", "99999999999999999999"])(
    "%s of a run that has ended: nothing",
    async (it) => {
      expect(await framesOf(`after_sequence=${it}`)).toEqual([]);
    },
  );

  test("counts once: the last of two", async () => {
    expect(
      texts(await framesOf("after_sequence=-1&after_sequence=3&include_internal=true")),
    ).toEqual(texts(after(3)));
  });
});

describe("words", () => {
  test.each(["true", "TRUE", "True", "tRuE"])("%s is true", async (word) => {
    const frames = await framesOf(`after_sequence=-1&include_internal=${word}`);
    expect(frames).toHaveLength(all.length);
  });

  test.each(["false", "1", "yes", "", "on", "true+", "+true"])("%s is false", async (word) => {
    const frames = await framesOf(`after_sequence=-1&include_internal=${word}`);
    expect(frames).toHaveLength(6);
  });

  test("a qualified name can be left out, and nothing else changes", async () => {
    const [full, bare] = await Promise.all([
      framesOf("after_sequence=-1"),
      framesOf("after_sequence=-1&include_qualified_name=false"),
    ]);
    expect(bare.map(({ id }) => id)).toEqual(full.map(({ id }) => id));
    expect(bare.map(({ data }) => data)).toEqual(
      full.map(({ data }) => JSON.stringify({ ...JSON.parse(data), qualified_name: null })),
    );
  });

  test("what nobody knows is passed over", async () => {
    expect(await framesOf("after_sequence=-1&acquire_timeout=5&colour=blue")).toHaveLength(6);
  });
});

describe("a run that is going on", () => {
  test("begins with what comes, by default and with `now`, and far beyond the end as well", async () => {
    const open = (query: string) => host.fetch(`GET /events/open${query}`);
    const responses = await Promise.all([
      open(""),
      open("?after_sequence=now"),
      open("?after_sequence=-1"),
    ]);
    const [byDefault, now, everything] = responses.map((response) =>
      readFramesUntil(response, ({ data }) => data.includes('"StopEvent"')),
    );
    // A reader ahead of the run sees nothing of what it claims to have, and ends with the run.
    const ahead = readAllFrames(await open("?after_sequence=9007199254740991"));
    expect((await host.post("/events/open", { event: { type: "Next" } })).status).toBe(200);
    const ticks = (frames: readonly Frame[] | undefined): unknown[] =>
      (frames ?? []).flatMap(({ data }) => {
        const { type, value } = JSON.parse(data) as { type: string; value: { index?: number } };
        return type === "Tick" ? [value.index] : [];
      });
    expect(ticks(await everything)).toEqual([0, 1, 2, 3]);
    expect(ticks(await byDefault)).toEqual([2, 3]);
    expect(texts((await now) ?? [])).toEqual(texts((await byDefault) ?? []));
    expect(await ahead).toEqual([]);
  });
});
