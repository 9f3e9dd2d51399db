/**
 * Random requests, structured enough to get deep: no failure of ours may come out, every error is an
 * error body, and afterwards the server is as healthy as before. The seed of a failure is printed;
 * run it again with `FUZZ_SEED`.
 */
import { afterAll, expect, test } from "bun:test";

import { createDice, type Dice } from "../support/random.ts";
import { openServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { workflows } from "../wire/workflows.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1_000_000);
const budgetMs = 2_500;
/** So many are asked even where time is short, that all sorts of answers are among them. */
const requestsMin = 1_500;

const host = openServer({ corsOrigins: ["https://a.example"] }, workflows);
afterAll(() => host.server.close());

// Not those that count to a number of the caller's: chance makes it 2^53.
const names = [
  ...["greet", "math", "hitl", "fail", "flaky", "slow", "wait", "counter", "rescue", "family"],
  ...["unicode", "opaque", "twice", "nested", "none", "__proto__", "", "..", "a/b"],
];
const ids = ["h0", "h1", "h2", "h3", "h4", "nobody", "__proto__", " ", "é/ü", "..", "\u0001"];
const types = [
  ...["StartEvent", "StopEvent", "MathStart", "HitlStart", "Answer", "Work", "Countdown", "Number"],
  ...[
    "Approval",
    "Child",
    "StepFailedEvent",
    "WorkflowFailedEvent",
    "Nope",
    "__proto__",
    "",
    "a.b.C",
  ],
];
const fields = [
  "a",
  "b",
  "n",
  "i",
  "name",
  "text",
  "topic",
  "answer",
  "by",
  "approved",
  "_data",
  "x",
];
const words = [
  "true",
  "false",
  "-1",
  "0",
  "3",
  "now",
  "1e9",
  "99999999999999999999",
  "ü",
  "",
  "null",
];

function scalar(dice: Dice): unknown {
  return dice.pick<unknown>([
    ...[null, true, false, 0, 1, -1, 1.5, 1e308, -0, 2 ** 53, "", "1", "x", "ada", "\ud800", "\0"],
    ...["true", "yes", "NaN", "1e400", "{}", '{"type":"Answer"}', "💥".repeat(50), "\r\n\u2028"],
  ]);
}

function value(dice: Dice, depth: number): unknown {
  if (depth === 0 || dice.isOnce(2)) return scalar(dice);
  const count = dice.roll(4);
  if (dice.isOnce(3)) return Array.from({ length: count }, () => value(dice, depth - 1));
  const entries = Array.from({ length: count }, (): [string, unknown] => [
    dice.pick([...fields, "type", "value", "constructor", "__proto__"]),
    value(dice, depth - 1),
  ]);
  return Object.fromEntries(entries);
}

function event(dice: Dice): unknown {
  const data = dice.isOnce(4)
    ? value(dice, 3)
    : Object.fromEntries(
        Array.from({ length: dice.roll(4) }, () => [dice.pick(fields), value(dice, 2)]),
      );
  const envelope = {
    ...(!dice.isOnce(4) && { type: dice.isOnce(8) ? value(dice, 1) : dice.pick(types) }),
    ...(dice.isOnce(4) && { qualified_name: `some.module.${dice.pick(types)}` }),
    ...(dice.isOnce(8) ? { data } : { value: data }),
    ...(dice.isOnce(8) && { __is_pydantic: true }),
  };
  const chosen = dice.pick<unknown>([data, envelope, envelope, value(dice, 3)]);
  return dice.isOnce(5) ? JSON.stringify(chosen) : chosen;
}

function body(dice: Dice, path: string): string {
  const json = path.startsWith("/events")
    ? {
        ...(!dice.isOnce(10) && { event: event(dice) }),
        ...(dice.isOnce(4) && { step: dice.pick<unknown>(["finish", "ask", "nope", 5, null, ""]) }),
      }
    : {
        ...(!dice.isOnce(4) && { start_event: event(dice) }),
        ...(dice.isOnce(4) && { kwargs: event(dice) }),
        ...(!dice.isOnce(3) && { handler_id: dice.isOnce(10) ? value(dice, 1) : dice.pick(ids) }),
        ...(dice.isOnce(8) && { context: value(dice, 2) }),
      };
  const text = JSON.stringify(dice.isOnce(12) ? value(dice, 3) : json);
  if (!dice.isOnce(12)) return text;
  // A byte that is gone, doubled or another.
  const at = dice.roll(text.length);
  return text.slice(0, at) + dice.pick(["", "{", '"', "\\", "\0", "1e400"]) + text.slice(at + 1);
}

function path(dice: Dice, isWaiting: boolean): string {
  const name = encodeURIComponent(dice.pick(names));
  const id = encodeURIComponent(dice.pick(ids));
  const query = dice.isOnce(2)
    ? ""
    : `?${["sse", "include_internal", "include_qualified_name", "after_sequence", "status", "purge"]
        .filter(() => dice.isOnce(2))
        // A run that is purged before its `/run` waits leaves that waiting: see `concurrency`.
        .filter((key) => key !== "purge" || !isWaiting)
        .map((key) => `${key}=${encodeURIComponent(dice.pick([...words, "running", "failed"]))}`)
        .join("&")}`;
  const paths = [
    ...[
      "/",
      "/health",
      "/workflows",
      "/handlers",
      "/openapi.json",
      "/start.js",
      "/nope",
      "//",
      "/%",
    ],
    ...[
      `/workflows/${name}/schema`,
      `/workflows/${name}/events`,
      `/workflows/${name}/representation`,
    ],
    ...[`/workflows/${name}/run-nowait`, `/workflows/${name}/run-nowait`, `/workflows/${name}/run`],
    ...[
      `/handlers/${id}`,
      `/handlers/${id}/cancel`,
      `/results/${id}`,
      `/events/${id}`,
      `/events/${id}`,
    ],
  ];
  return dice.pick(paths) + query;
}

function headers(dice: Dice): Record<string, string> {
  return {
    ...(dice.isOnce(4) && { "last-event-id": dice.pick(words.filter((word) => word !== "ü")) }),
    ...(dice.isOnce(8) && {
      origin: dice.pick([
        "http://localhost",
        "https://a.example",
        "https://evil.test",
        "null",
        "x",
      ]),
    }),
    ...(dice.isOnce(8) && { "content-type": dice.pick(["text/plain", "application/json", "x"]) }),
    ...(dice.isOnce(16) && { "content-encoding": dice.pick(["gzip", "identity"]) }),
    ...(dice.isOnce(8) && { "user-agent": "Mozilla/5.0" }),
    ...(dice.isOnce(8) && { "access-control-request-method": "POST" }),
    ...(dice.isOnce(8) && { authorization: dice.pick(["Bearer x", "Basic x", ""]) }),
    ...(dice.isOnce(8) && { "accept-encoding": "gzip" }),
  };
}

function method(dice: Dice, target: string): string {
  if (dice.isOnce(15)) return dice.pick(["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]);
  if (/run|cancel/.test(target)) return "POST";
  return target.startsWith("/events/") && dice.isOnce(2) ? "POST" : "GET";
}

/** Statuses at which a run that failed is told, which is no failure of ours. */
function isRecord(status: number, answer: unknown): boolean {
  return status === 500 && typeof answer === "object" && answer !== null && "handler_id" in answer;
}

test(
  "random requests find nothing that breaks",
  async () => {
    const dice = createDice(seed);
    await host.server.start();
    const statuses = new Map<number, number>();
    const endsAt = performance.now() + budgetMs;
    // Runs that nobody answers would keep a `/run` waiting: somebody ends them all the time.
    const waiting = new Set<Promise<void>>();
    let count = 0;
    for (; performance.now() < endsAt || count < requestsMin; count++) {
      const target = path(dice, waiting.size > 0);
      const verb = method(dice, target);
      const request = {
        headers: headers(dice),
        body: verb === "POST" || dice.isOnce(20) ? body(dice, target) : null,
        origin: dice.isOnce(30) ? "http://evil.test" : "http://localhost",
      };
      if (verb === "GET" || verb === "HEAD") request.body = null;
      const what = `FUZZ_SEED=${seed}, request ${count}: ${verb} ${target} ${JSON.stringify(request)}`;
      const isStream = verb === "GET" && target.startsWith("/events/");
      const asked = (
        isStream
          ? host.fetch(`${verb} ${target}`, request).then(async (response) => {
              if (response.status < 400) await response.body?.cancel();
              return { status: response.status, body: undefined };
            })
          : host.ask(`${verb} ${target}`, request)
      ).then(
        ({ status, body: answer }) => {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          const isOurs = status >= 500 && verb !== "HEAD" && !isRecord(status, answer);
          if (isOurs) throw new Error(`${what} → ${status} ${JSON.stringify(answer)}`);
        },
        (error: unknown) => {
          throw new Error(what, { cause: error });
        },
      );
      const isLong = verb === "POST" && /\/run(\?|$)/.test(target);
      if (isLong) {
        const entry: Promise<void> = asked.finally(() => waiting.delete(entry));
        waiting.add(entry);
        entry.catch(() => {}); // Awaited below.
      } else await asked;
      if (waiting.size >= 8) await endAll(waiting);
    }
    await endAll(waiting);
    expect((await host.ask("GET /health")).body).toEqual({ status: "healthy" });
    const { status, body: answer } = await host.post("/workflows/math/run", {
      start_event: { a: 1 },
    });
    expect({ status, answer }).toMatchObject({ status: 200, answer: { status: "completed" } });
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
    // It got deep: all sorts of answers were seen, and many of each.
    for (const expected of [200, 202, 204, 400, 403, 404, 405, 409, 421, 500]) {
      expect([expected, (statuses.get(expected) ?? 0) > 0]).toEqual([expected, true]);
    }
    expect(host.log.filter(({ level }) => level === "error")).toEqual([]);
  },
  budgetMs + 20_000,
);

/** Ends whatever is running until everybody has an answer. */
async function endAll(waiting: ReadonlySet<Promise<void>>): Promise<void> {
  const answered = Promise.all(waiting);
  let isOver = false;
  const over = answered.finally(() => (isOver = true));
  await until(async () => {
    for (const id of await host.handlerIds("?status=running")) {
      await host.ask(`POST /handlers/${encodeURIComponent(id)}/cancel`);
    }
    return isOver;
  }, `every \`/run\` is answered (FUZZ_SEED=${seed})`);
  await over;
}
