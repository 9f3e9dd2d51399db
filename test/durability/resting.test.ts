/** Runs that only wait cost nothing and lose nothing; runs that have ended go when they may. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import * as v from "valibot";

import { wakesMax } from "../../src/base/limits.ts";
import {
  type AnyWorkflow,
  HumanResponseEvent,
  StartEvent,
  StopEvent,
  Workflow,
} from "../../src/index.ts";
import { SqliteStore } from "../../src/store/sqlite.ts";
import { until } from "../support/until.ts";
import {
  framesOf,
  handlerOf,
  sendTo,
  typesOf,
  withServer,
  type Workflows,
} from "./support/host.ts";
import { createScratch } from "./support/scratch.ts";

const Go = HumanResponseEvent.extend("Go", { index: v.optional(v.number(), 0) });

const quick = new Workflow().step("go", { accepts: [StartEvent], emits: [StopEvent] }, () =>
  StopEvent({ result: 1 }),
);
const waiting = new Workflow().step(
  "wait",
  { accepts: [StartEvent], emits: [StopEvent], waits: [Go] },
  async (_event, context) => {
    await context.waitForEvent(Go);
    return StopEvent({ result: "went" });
  },
);
/** Waits for so long. */
const inSeconds = (timeout: number): AnyWorkflow =>
  new Workflow({ timeout }).step(
    "wait",
    { accepts: [StartEvent], emits: [StopEvent], waits: [Go] },
    async (_event, context) => {
      await context.waitForEvent(Go);
      return StopEvent({ result: "in time" });
    },
  );
const soon = inSeconds(0.3);
/** Counts what it is sent, and waits for more; one tick and more for each. */
const counter = new Workflow({ state: { sum: v.optional(v.number(), 0) } })
  .step("open", { accepts: [StartEvent], emits: [] }, () => {})
  .step("add", { accepts: [Go], emits: [StopEvent], workers: 1 }, async ({ data }, context) => {
    const sum = await context.store.edit((state) => (state.sum += data.index));
    return data.index === 0 ? StopEvent({ result: sum }) : undefined;
  });

const all: Workflows = [
  ["quick", quick],
  ["waiting", waiting],
  ["soon", soon],
  ["counter", counter],
];

test("a run that was let go of is there for events, `/run`, cancel, purge and its timeout", async () => {
  using scratch = createScratch();
  await withServer(
    scratch.file("state.db"),
    all,
    async (host) => {
      const names = ["waiting", "waiting", "waiting", "soon"];
      const [told = "", ended = "", purged = "", timed = ""] = await Promise.all(
        names.map((name) => host.start(name)),
      );
      await Bun.sleep(100); // Twice the time after which they are let go of.
      expect((await sendTo(host, told, "Go")).status).toBe(200);
      expect((await host.ask(`POST /handlers/${ended}/cancel`)).status).toBe(200);
      expect((await host.ask(`POST /handlers/${purged}/cancel?purge=true`)).status).toBe(200);
      for (const id of [told, ended, timed]) await host.ended(id);
      expect((await handlerOf(host, told)).status).toBe("completed");
      expect((await handlerOf(host, ended)).status).toBe("cancelled");
      expect((await handlerOf(host, timed)).status).toBe("failed");
      expect((await host.ask(`GET /handlers/${purged}`)).status).toBe(404);
      const frames = await framesOf(host, timed);
      expect(typesOf(frames).at(-1)).toBe("WorkflowTimedOutEvent");
    },
    { idleTimeout: 0.05 },
  );
});

test("runs of a workflow that is not there are left alone and reported, and do not hold up others", async () => {
  using scratch = createScratch();
  const path = scratch.file("state.db");
  // Long enough that it is not due before this server has closed.
  const known: Workflows = [["due", inSeconds(2)], ...all];
  const { gone, stays } = await withServer(path, known, async (host) => {
    const started = await Promise.all(["due", "waiting"].map((name) => host.start(name)));
    return { gone: started, stays: await host.start("counter") };
  });
  await Bun.sleep(2_000); // The timer of one of them is due.
  const without = all.filter(([name]) => name === "counter" || name === "quick");
  await withServer(path, without, async (host) => {
    await sendTo(host, stays, "Go", { index: 5 });
    await sendTo(host, stays, "Go", { index: 0 });
    await host.ended(stays);
    await Bun.sleep(600);
    for (const id of gone) expect((await handlerOf(host, id)).status).toBe("running");
    // Told, and not told again and again.
    const loud = host.log.filter(({ level }) => level === "error" || level === "warn");
    expect(loud.length).toBeLessThanOrEqual(3);
  });
  // With its workflow back, it goes on.
  await withServer(path, known, async (host) => {
    const [timed = "", told = ""] = gone;
    await host.ended(timed);
    await sendTo(host, told, "Go");
    await host.ended(told);
    expect((await handlerOf(host, told)).status).toBe("completed");
  });
}, 20_000);

test("due runs without their workflow do not keep others asleep, however many they are", async () => {
  using scratch = createScratch();
  const path = scratch.file("state.db");
  await withServer(path, [["tide", inSeconds(1.5)]], async (host) => {
    await Promise.all(Array.from({ length: wakesMax + 50 }, () => host.start("tide")));
  });
  await Bun.sleep(1_500);
  const options = { idleTimeout: 0.05 };
  await withServer(
    path,
    [["soon", soon]],
    async (host) => {
      const id = await host.start("soon");
      await host.ended(id);
      expect((await handlerOf(host, id)).status).toBe("failed");
      expect(await host.handlerIds("?status=running")).toHaveLength(wakesMax + 50);
    },
    options,
  );
}, 20_000);

test("a run of more than a thousand ticks goes on from its snapshot, and from a foreign one as well", async () => {
  using scratch = createScratch();
  const path = scratch.file("state.db");
  const id = await withServer(path, all, async (host) => {
    const started = await host.start("counter");
    for (let index = 1; index <= 500; index++) await sendTo(host, started, "Go", { index: 1 });
    // A step that is cut short begins again, and adds again.
    await until(() => isAtRest(path, started), "all is added");
    return started;
  });
  const store = new SqliteStore({ path });
  await store.open();
  const run = await store.getHandler(id);
  const { snapshot, ticks } = await store.readJournal(run?.runId ?? "");
  const allTicks = await store.readTicks(run?.runId ?? "");
  expect(snapshot).toMatchObject({ version: expect.any(Number) });
  expect(ticks.length).toBeLessThan(1000);
  expect(allTicks.length).toBeGreaterThan(1000);
  // As a newer version of this program might have left it.
  const epoch = await store.claim(run?.runId ?? "");
  const foreign = { version: 999, state: { sum: "?" } };
  await store.commit(run?.runId ?? "", epoch, { ticks: [], events: [], snapshot: foreign });
  await store.close();
  await withServer(path, all, async (host) => {
    await sendTo(host, id, "Go", { index: 7 });
    await sendTo(host, id, "Go", { index: 0 });
    await host.ended(id);
    expect((await handlerOf(host, id)).result).toMatchObject({ value: { result: 507 } });
  });
}, 20_000);

test("what has ended goes after its time, and beyond its number; what runs stays", async () => {
  using scratch = createScratch();
  const path = scratch.file("state.db");
  const { running, ended } = await withServer(path, all, async (host) => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      const id = await host.start("quick");
      await host.ended(id);
      ids.push(id);
      await Bun.sleep(2);
    }
    return { running: await host.start("waiting"), ended: ids };
  });
  await withServer(
    path,
    all,
    async (host) => {
      const kept = [...ended.slice(-2), running].toSorted();
      await until(async () => (await host.handlerIds()).length === 3, "three have gone");
      expect((await host.handlerIds()).toSorted()).toEqual(kept);
    },
    { keepRunsMax: 2 },
  );
  await Bun.sleep(20);
  await withServer(
    path,
    all,
    async (host) => {
      await until(async () => (await host.handlerIds()).length === 1, "all ended ones have gone");
      expect(await host.handlerIds()).toEqual([running]);
      expect((await host.ask(`GET /events/${ended[4]}`)).status).toBe(404);
    },
    { keepRunsFor: 0.01 },
  );
});

test.each([{ keepRunsMax: 2 }, { keepRunsFor: 0.5 }])(
  "what has ended goes while the server runs, with %j",
  async (limits) => {
    using scratch = createScratch();
    await withServer(
      scratch.file("state.db"),
      all,
      async (host) => {
        await Bun.sleep(1); // The look at the start is over.
        for (let index = 0; index < 5; index++) await host.ended(await host.start("quick"));
        const kept = limits.keepRunsMax ?? 0;
        await until(async () => (await host.handlerIds()).length === kept, "the others have gone");
      },
      limits,
    );
  },
);

test("pages come to every handler once, in both orders, also over a restart", async () => {
  using scratch = createScratch();
  const path = scratch.file("state.db");
  const ids = await withServer(path, all, async (host) => {
    const started: string[] = [];
    for (let index = 0; index < 23; index++) started.push(await host.start("quick"));
    return started;
  });
  for (const order of ["oldest", "newest"]) {
    const seen: string[] = [];
    for (let more = true; more;) {
      // Each page is asked of another life of the server.
      const page = await withServer(path, all, (host) =>
        host.handlerIds(`?limit=5&order=${order}${seen.length > 0 ? `&after=${seen.at(-1)}` : ""}`),
      );
      seen.push(...page);
      more = page.length > 0;
    }
    expect(seen).toEqual(order === "oldest" ? ids : ids.toReversed());
  }
});

// ---

/** Whether nothing is at work in a run, as the file says. */
function isAtRest(path: string, handlerId: string): boolean {
  using database = new Database(path, { readonly: true });
  const row = database
    .query(
      `SELECT is_resting AS isResting FROM run JOIN handler ON handler.key = run.handler
       WHERE handler_id = ? AND is_current = 1`,
    )
    .get(handlerId) as { isResting: number } | null; // As the query names it.
  return row?.isResting === 1;
}
