/** Whatever stops the command, in the words of whoever has to mend it: one line, no stack. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, relative } from "node:path";

import { paintFor } from "./color.ts";

/** A message for whoever ran the command. */
export class Complaint extends Error {
  override readonly name = "Complaint";
  /** `file:line:column` of what it is about. */
  readonly at: string | null;

  constructor(message: string, at: string | null = null) {
    super(message);
    this.at = at;
  }
}

/** Prints why nothing runs. */
export function complain(thrown: unknown): void {
  const { at, message } = thrown instanceof Complaint ? thrown : toComplaint(thrown);
  const paint = paintFor(process.stderr);
  process.stderr.write(`${paint("red", at === null ? "Error:" : `Error at ${at}:`)} ${message}\n`);
}

/** What a file threw while it was loaded: the runtime's own errors have forms of their own. */
export function toLoadComplaint(file: string, thrown: unknown): Complaint {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) {
    const { message, at } = toLoadComplaint(file, thrown.errors[0]);
    return new Complaint(`${message} (and ${thrown.errors.length - 1} more)`, at);
  }
  if (isNamed<BuildMessage>(thrown, "BuildMessage")) {
    const { message, position } = thrown;
    const at = position && `${shorten(position.file)}:${position.line}:${position.column}`;
    return new Complaint(`The syntax is wrong: ${message}`, at ?? shorten(file));
  }
  if (isNamed<ResolveMessage>(thrown, "ResolveMessage")) return toUnresolved(thrown);
  if (!(thrown instanceof Error)) {
    return new Complaint(`The file threw ${Bun.inspect(thrown)}.`, shorten(file));
  }
  const { message, at } = toComplaint(thrown);
  return new Complaint(message, at ?? shorten(file));
}

/** A path as one would type it here. */
export function shorten(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || isAbsolute(short) || short === "" ? path : short;
}

// ---

/** The runtime's messages about a file are no errors, and tell themselves apart by name only. */
function isNamed<T>(thrown: unknown, name: string): thrown is T {
  return typeof thrown === "object" && thrown !== null && "name" in thrown && thrown.name === name;
}

/** The kind of an error says something only where it is not ours, and not about the syntax. */
function toComplaint(thrown: unknown): Complaint {
  if (!(thrown instanceof Error)) return new Complaint(Bun.inspect(thrown));
  const { cause, message, name, stack = "" } = thrown;
  const at = findAuthorLine(stack);
  if (name === "WorkflowError") return new Complaint(message, at);
  const kind = name === "Error" || name === "SyntaxError" ? "" : `${name}: `;
  const why = cause instanceof Error ? ` Caused by: ${toComplaint(cause).message}` : "";
  return new Complaint(kind + message + why, at);
}

/** The innermost place that is neither in a package nor in this one. */
function findAuthorLine(stack: string): string | null {
  const own = dirname(import.meta.dir);
  for (const line of stack.split("\n")) {
    const [, path, place] =
      /^\s*at (?:.* \()?(\/.+?|[A-Za-z]:\\.+?):(\d+:\d+)\)?$/.exec(line) ?? [];
    if (path === undefined || path.includes("node_modules")) continue;
    if (path.startsWith(`${own}/src/`) || path.startsWith(`${own}/cli/`)) continue;
    return `${shorten(path)}:${place}`;
  }
  return null;
}

function toUnresolved({ specifier, referrer }: ResolveMessage): Complaint {
  const isPath = /^[./]|^file:/.test(specifier);
  const [scope = "", name = ""] = specifier.split("/");
  const cure = isPath
    ? "Check the path"
    : `Install it with \`bun add ${scope.startsWith("@") ? `${scope}/${name}` : scope}\``;
  return new Complaint(`Cannot find \`${specifier}\`. ${cure}.`, findImport(referrer, specifier));
}

/** The runtime says which file imports, but not where in it. */
function findImport(referrer: string, specifier: string): string {
  const file = shorten(referrer);
  const lines = existsSync(referrer) ? readFileSync(referrer, "utf8").split("\n") : [];
  for (const [index, line] of lines.entries()) {
    const column = line.search(new RegExp(`["'\`]${RegExp.escape(specifier)}["'\`]`));
    if (column >= 0) return `${file}:${index + 1}:${column + 1}`;
  }
  return file;
}
