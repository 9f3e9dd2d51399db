/**
 * What a commit appends, as text for its row: its ticks, which are an array, and its events, one
 * behind the other. An event is read as it was written, byte for byte, so it is never parsed here.
 *
 *     i1795374975129 {"value":…}␞t1795374975148 {"value":…}
 *
 * A commit of very much is several rows, so that a reader who wants little of it reads little.
 */
import { entryCharsMax } from "../../base/limits.ts";
import type { NewEvent, StoredEvent } from "../event.ts";

export interface Entry {
  /** Without the brackets of the array. */
  ticks: string;
  tickCount: number;
  events: string;
  eventCount: number;
  /** When the last of its events happened; null: it has none. */
  lastEventAt: number | null;
}

/** JSON texts of ticks, and events, as rows: none for nothing. */
export function toEntries(ticks: readonly string[], events: readonly NewEvent[]): readonly Entry[] {
  const entries: Entry[] = [];
  let [tick, event] = [ticks[0], events[0]];
  let [tickIndex, eventIndex] = [0, 0];
  while (tick !== undefined || event !== undefined) {
    const entry: Entry = { ticks: "", tickCount: 0, events: "", eventCount: 0, lastEventAt: null };
    while (tick !== undefined && hasRoom(entry.ticks, tick)) {
      entry.ticks += entry.tickCount++ === 0 ? tick : `,${tick}`;
      tick = ticks[++tickIndex];
    }
    while (event !== undefined && hasRoom(entry.events, event.json)) {
      entry.events += entry.eventCount++ === 0 ? toText(event) : separator + toText(event);
      entry.lastEventAt = event.at;
      event = events[++eventIndex];
    }
    entries.push(entry);
  }
  return entries;
}

/** The events of a row, of which the last one has this sequence. */
export function toEvents(events: string, lastSequence: number): readonly StoredEvent[] {
  if (events === "") return [];
  const texts = events.split(separator);
  return texts.map((text, index) => toEvent(text, lastSequence - texts.length + 1 + index));
}

// ---

/** Stands in no JSON: there, it is escaped. */
const separator = "\u001e";

/** An event that is neither internal nor terminal, one of these, or both. */
const marks = ["-", "i", "t", "s"] as const;

function toText({ json, at, isInternal, isTerminal }: NewEvent): string {
  return `${marks[(isInternal ? 1 : 0) + (isTerminal ? 2 : 0)]}${at} ${json}`;
}

function toEvent(text: string, sequence: number): StoredEvent {
  const mark = text[0];
  const space = text.indexOf(" ");
  return {
    sequence,
    json: text.slice(space + 1),
    at: Number(text.slice(1, space)),
    isInternal: mark === "i" || mark === "s",
    isTerminal: mark === "t" || mark === "s",
  };
}

/** An empty text takes anything. Between two there is a separator. */
function hasRoom(text: string, next: string): boolean {
  return text === "" || text.length + next.length < entryCharsMax;
}
