/** What a commit appends, as the text of rows: nothing is lost or changed on the way back. */
import { describe, expect, test } from "bun:test";

import { entryCharsMax } from "../../src/base/limits.ts";
import { type Entry, toEntries, toEvents } from "../../src/store/sqlite/entry.ts";
import { newEvent, startedAt } from "./fixtures.ts";

const sum = (entries: readonly Entry[], of: "tickCount" | "eventCount"): number =>
  entries.reduce((total, entry) => total + entry[of], 0);

describe("rows", () => {
  test("of nothing there is none", () => {
    expect(toEntries([], [])).toEqual([]);
  });

  test("what a run commits as a rule is one", () => {
    const events = [
      newEvent("A", { json: '{"a":1}', at: 5, isInternal: true }),
      newEvent("B", { json: '{"b":"é"}', at: 6, isTerminal: true }),
    ];
    expect(toEntries(["1", "{}"], events)).toEqual([
      {
        ticks: "1,{}",
        tickCount: 2,
        events: 'i5 {"a":1}\u001et6 {"b":"é"}',
        eventCount: 2,
        lastEventAt: 6,
      },
    ]);
    expect(toEntries(["null"], [])).toEqual([
      { ticks: "null", tickCount: 1, events: "", eventCount: 0, lastEventAt: null },
    ]);
  });

  test("are as many as it takes for none to have more than a limit, or one item that does", () => {
    const lengths = [10, entryCharsMax - 10, 1, entryCharsMax + 1, 7, 8];
    const ticks = lengths.map((length) => "1".padStart(length, " "));
    const entries = toEntries(ticks, [newEvent("A")]);
    const kept = entries.flatMap((entry) => JSON.parse(`[${entry.ticks}]`) as unknown[]);
    expect(kept).toEqual(ticks.map((tick) => JSON.parse(tick)));
    expect(entries.map(({ tickCount }) => tickCount)).toEqual([1, 2, 1, 2]);
    expect(entries.map(({ eventCount }) => eventCount)).toEqual([1, 0, 0, 0]);

    const events = ticks.map((json) => newEvent("x", { json }));
    const others = toEntries([], events);
    expect([sum(others, "tickCount"), sum(others, "eventCount")]).toEqual([0, 6]);
    let lastSequence = -1;
    const read = others.flatMap((entry) => {
      lastSequence += entry.eventCount;
      return toEvents(entry.events, lastSequence);
    });
    expect(read).toEqual(events.map((event, sequence) => ({ sequence, ...event })));
  });
});

test("events are read as they were written, whatever they are", () => {
  const texts = ['{"a":" 1 2 "}', '"\\u001e"', "[ 1,\n 2 ]", '"é😀"', "", "7"];
  const events = texts.flatMap((json, index) =>
    [0, 1, 2, 3].map((marks) =>
      newEvent("x", {
        json,
        at: index % 2 === 0 ? startedAt + marks : -index,
        isInternal: marks % 2 === 1,
        isTerminal: marks >= 2,
      }),
    ),
  );
  const [entry] = toEntries([], events);
  expect(toEvents(entry?.events ?? "", 40 + events.length - 1)).toEqual(
    events.map((event, index) => ({ sequence: 40 + index, ...event })),
  );
});
