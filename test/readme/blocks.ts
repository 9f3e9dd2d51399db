/** A README as a list of code blocks, each with what its comments promise. */

export interface Block {
  readonly language: string;
  readonly code: string;
  /** Where it begins, for messages. */
  readonly line: number;
  /** Why it cannot be run, if a comment above it says so. */
  readonly notRun: string | null;
}

export interface ShellCommand {
  readonly text: string;
  readonly status: number;
}

export function toBlocks(markdown: string): readonly Block[] {
  const fences = markdown.matchAll(/(?:<!-- not run: (.+?) -->\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...fences].map((match) => ({
    language: match[2] ?? "",
    code: match[3] ?? "",
    line: markdown.slice(0, match.index).split("\n").length,
    notRun: match[1] ?? null,
  }));
}

/** Commands of a shell block; a comment such as `# 404` above one says how it is answered. */
export function toCommands({ code }: Block): readonly ShellCommand[] {
  const parts = code
    .trim()
    .replaceAll(/ *\\\n */g, " ")
    .split("\n");
  const commands: ShellCommand[] = [];
  let status = 200;
  for (const line of parts) {
    const announced = /^# (\d{3})\b/.exec(line)?.[1];
    if (announced !== undefined) status = Number(announced);
    if (line.startsWith("#") || line === "") continue;
    commands.push({ text: line, status });
    status = 200;
  }
  return commands;
}

/** What a program says that it prints: behind each `console.log`, or in the lines below it. */
export function toPromisedOutput({ code }: Block): string {
  const promised: string[] = [];
  let isAfterLog = false;
  for (const line of code.split("\n")) {
    const behind = /console\.log\(.*\); \/\/ (.*)$/.exec(line)?.[1];
    const below: string | undefined = isAfterLog ? /^\/\/ (.*)$/.exec(line)?.[1] : undefined;
    const output = behind ?? below;
    if (output !== undefined) promised.push(output);
    isAfterLog = line.includes("console.log(") || below !== undefined;
  }
  return promised.join("\n");
}

/** A whole program: what the snippet leaves out is put above it. */
export function toProgram({ code }: Block, exports: readonly string[]): string {
  if (/^import /m.test(code)) return code;
  const used = exports.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
  return `import { ${used.join(", ")} } from "workflows-server";
${/\bv\./.test(code) ? 'import * as v from "valibot";\n' : ""}
${code}`;
}

/** Two values of one shape: times and ids differ, everything else is the same. */
export function hasShapeOf(actual: unknown, expected: unknown): boolean {
  if (typeof actual === "string" && typeof expected === "string") {
    const isAlike = (pattern: RegExp): boolean => pattern.test(actual) && pattern.test(expected);
    return actual === expected || isAlike(timestamp) || isAlike(newId);
  }
  if (typeof actual !== "object" || typeof expected !== "object") return actual === expected;
  if (actual === null || expected === null) return actual === expected;
  const [ours, theirs] = [Object.entries(actual), Object.entries(expected)];
  return (
    Array.isArray(actual) === Array.isArray(expected) &&
    ours.length === theirs.length &&
    ours.every(([key, value], index) => {
      const [otherKey, otherValue] = theirs[index] ?? [];
      return key === otherKey && hasShapeOf(value, otherValue);
    })
  );
}

/** Whatever way a value is laid out over lines. */
export function onOneLine(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/,? ([\]}])/g, " $1")
    .trim();
}

// ---

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/;
const newId = /^[A-Za-z0-9]{28}$/;
