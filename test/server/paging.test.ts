/** `GET /handlers` page by page, in both directions, and what is no page. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { refusal } from "../support/bodies.ts";
import { type Host, openServer, seen } from "../support/server.ts";
import { titled } from "../support/titles.ts";

const host = openServer();
const ids = Array.from({ length: 11 }, (_, index) => `h-${index}`);
beforeAll(() => fill(host));
afterAll(() => host.server.close());

describe("a page", () => {
  test.each(["oldest", "newest"])(
    "after a page, %s first, comes to all, once each",
    async (order) => {
      const all: string[] = [];
      for (;;) {
        const last = all.at(-1);
        const query = `?order=${order}&limit=3${last === undefined ? "" : `&after=${last}`}`;
        const page = await host.handlerIds(query);
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(3);
        all.push(...page);
      }
      expect(all).toEqual(order === "oldest" ? ids : ids.toReversed());
    },
  );

  test("before a page comes to all as well, backwards", async () => {
    const all: string[] = [];
    for (let first = "h-10"; first !== "h-0";) {
      const page = await host.handlerIds(`?limit=4&before=${first}`);
      all.unshift(...page);
      first = page[0] ?? "h-0";
    }
    expect(all).toEqual(ids.slice(0, 10));
  });

  test("counts only what passes the filters", async () => {
    expect(await host.handlerIds("?workflow_name=waiting&limit=5")).toEqual(["h-5"]);
    expect(await host.handlerIds("?workflow_name=echo&limit=2&after=h-4")).toEqual(["h-6", "h-7"]);
    expect(await host.handlerIds("?status=running&order=newest&limit=1")).toEqual(["h-5"]);
  });

  test("goes on where handlers come and go", async () => {
    await using other = openServer();
    await fill(other);
    const first = await other.handlerIds("?limit=2");
    await other.post("/workflows/echo/run-nowait", { handler_id: "new" });
    await other.ask("POST /handlers/h-2/cancel?purge=true");
    expect(await other.handlerIds(`?limit=2&after=${first.at(-1)}`)).toEqual(["h-3", "h-4"]);
    expect(await other.handlerIds("?order=newest&limit=1")).toEqual(["new"]);
    expect((await other.ask("GET /handlers?after=h-2")).status).toBe(400);
  });
});

describe("what is no page", () => {
  test.each(
    titled([
      "limit=0",
      "limit=-1",
      "limit=x",
      "limit=",
      "limit=1.5",
      "limit=1e2",
      "limit=1001",
      "limit=99999999999999999999",
      "order=",
      "order=Newest",
      "order=id; DROP TABLE runs",
      "after=nobody",
      "before=nobody",
      "after=",
      "after=h-1&before=h-4",
      `after=${"x".repeat(100_000)}`,
      `order=${"x".repeat(100_000)}`,
    ]),
  )("%s is refused in few words", async (_title, query) => {
    const answer = await host.ask(`GET /handlers?${query}`);
    expect(answer).toMatchObject({
      status: 400,
      body: {
        code: "request_invalid",
        detail: expect.stringMatching(/^Expected `(limit|order|after|before)` to be /),
      },
    });
    expect(answer.text.length).toBeLessThan(500);
  });

  test("says what it knows of a limit", async () => {
    expect(seen(await host.ask("GET /handlers?limit=none"))).toEqual(
      refusal(
        400,
        "request_invalid",
        'Expected `limit` to be a whole number from 1 to 1000, got "none".',
      ),
    );
  });
});

/** Eleven handlers, of which one waits. */
async function fill(target: Host): Promise<void> {
  for (const id of ids) await target.start(id === "h-5" ? "waiting" : "echo", { handler_id: id });
}
