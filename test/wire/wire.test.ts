/**
 * The recorded conversations of the reference server, held with ours over a socket, in each of their
 * set-ups. A scenario that is known to differ stands here with its reason; one that no longer does
 * fails the test, so that the list stays true.
 */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

const wire = join(import.meta.dir, "../../../shared/wire");
const isThere = existsSync(join(wire, "replay.ts"));
if (!isThere) {
  console.error(`\nNOT TESTED: the recorded conversations are not at ${wire}.\n`);
}

/** Scenario to the reason for which it may fail, by set-up. */
const known: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  default: {
    "nowait-greet": "It pins ids of 10 characters; ours have 131 random bits, so they are longer.",
  },
  alt: {},
  faults: {},
  "not-started": {},
};

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly problem: string | null;
}

describe.skipIf(!isThere)("recorded conversations", () => {
  test.concurrent.each(Object.keys(known))(
    "in the set-up `%s` go as recorded",
    async (profile) => {
      const outcomes = await replay(profile);
      const reasons = known[profile] ?? {};
      const failed = outcomes.filter(({ ok }) => !ok);
      expect(failed.filter(({ name }) => !(name in reasons))).toEqual([]);
      // Strike it off the list: it passes now, or there is no such scenario any more.
      const struck = Object.keys(reasons).filter((name) => failed.every((it) => it.name !== name));
      expect(struck).toEqual([]);
      expect(outcomes.length).toBeGreaterThan(0);
    },
    120_000, // Ten seconds on a quiet machine.
  );
});

async function replay(profile: string): Promise<readonly Outcome[]> {
  await using server = Bun.spawn(
    [process.execPath, join(import.meta.dir, "serve.ts"), "--profile", profile, "--port", "0"],
    { stdout: "pipe", stderr: "inherit" },
  );
  const base = await firstLine(server.stdout);
  await using replayer = Bun.spawn(
    [
      ...[process.execPath, join(wire, "replay.ts"), "--base", base, "--profile", profile],
      ...["--json", join(wire, "scenarios")],
    ],
    { stdout: "pipe", stderr: "inherit" },
  );
  const report: unknown = await new Response(replayer.stdout).json();
  const { results } = report as { results: Outcome[] };
  return results.map(({ name, ok, problem }) => ({ name, ok, problem }));
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream) {
    text += Buffer.from(chunk).toString();
    const [line, ...rest] = text.split("\n");
    if (line !== undefined && rest.length > 0) return line;
  }
  throw new Error(`The server ended before it said where it listens: ${text}`);
}
