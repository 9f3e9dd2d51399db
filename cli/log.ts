/** The server's log as lines for people: when, how bad, what, and the facts that it is about. */
import type { Log, LogFields, LogLevel } from "../src/index.ts";
import { type Paint, paintFor } from "./color.ts";

export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Debug lines only when asked for. */
export function createLog(stream: LogStream, { isVerbose }: { readonly isVerbose: boolean }): Log {
  const paint = paintFor(stream);
  return (level, message, fields = {}) => {
    if (level === "debug" && !isVerbose) return;
    const head = [
      paint("dim", new Date().toISOString()),
      paint(styles[level], level.padEnd(5)),
      escapeControls(message),
    ];
    const facts = Object.entries(fields).map(([name, value]) => toFact(paint, name, value));
    stream.write(`${[...head, ...facts].join(" ")}\n${toStacks(fields)}`);
  };
}

// ---

const styles = {
  debug: "dim",
  info: "cyan",
  warn: "yellow",
  error: "red",
} as const satisfies Record<LogLevel, Parameters<Paint>[0]>;

function toFact(paint: Paint, name: string, value: unknown): string {
  return `${paint("dim", `${escapeControls(name)}=`)}${escapeControls(toText(value))}`;
}

function toText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(`${value.name}: ${value.message}`);
  const text = typeof value === "string" ? value : toJson(value);
  const isWord = typeof value !== "string" || /^[^\s"=\p{Cc}]+$/u.test(text);
  return isWord ? text : JSON.stringify(text);
}

/** Anything may be logged, also what has no JSON. */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Bun.inspect(value).replace(/\s+/g, " ");
  }
}

/** Where errors come from, below their line; an error without frames has said all. */
function toStacks(fields: LogFields): string {
  const lines: string[] = [];
  for (let error of Object.values(fields)) {
    for (let isCause = false; error instanceof Error; error = error.cause, isCause = true) {
      if (isCause) lines.push(`  caused by ${escapeControls(`${error.name}: ${error.message}`)}`);
      const frames = (error.stack ?? "").split("\n").filter((line) => /^\s*at /.test(line));
      lines.push(...frames.map((frame) => `    ${escapeControls(frame.trim())}`));
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** What a caller sent must not look like lines of ours, nor move the cursor. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) =>
    control === "\n" ? "\\n" : `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
