/** Times, numbers and values in few characters. */
import type { Json, JsonObject } from "../../src/client/bodies.ts";

export function formatMs(ms: number): string {
  if (ms < 1) return "0 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(2)} s`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}

export function formatAgo(ms: number): string {
  const seconds = Math.max(0, ms / 1_000);
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** `14:03:09.120`, as the reader's clock has it. */
export function formatClock(at: number): string {
  const date = new Date(at);
  const pad = (value: number, length = 2): string => String(value).padStart(length, "0");
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => pad(part));
  return `${clock.join(":")}.${pad(date.getMilliseconds(), 3)}`;
}

export function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

const previewLengthMax = 160;

/** A value on one line, cut where it gets long: `{ i: 3, payload: "xxx…" }`. */
export function preview(value: Json | undefined, lengthMax: number = previewLengthMax): string {
  if (typeof value === "string") return JSON.stringify(cut(value, lengthMax));
  if (typeof value !== "object" || value === null) return value === undefined ? "" : String(value);
  const parts: string[] = [];
  let length = 0;
  const isList = Array.isArray(value);
  // Not all entries: there may be a million.
  for (const key in value) {
    const item = (value as JsonObject)[key];
    const part = isList ? preview(item, 40) : `${key}: ${preview(item, 60)}`;
    length += part.length + 2;
    if (length > lengthMax) {
      parts.push("…");
      break;
    }
    parts.push(part);
  }
  if (parts.length === 0) return isList ? "[]" : "{}";
  return isList ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
}

export function cut(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
}

/** `pretty` for people: two spaces, as everywhere. */
export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "";
}
