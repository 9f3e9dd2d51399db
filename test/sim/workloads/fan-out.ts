/** Workloads about many at once: lists, sends, joins and buffers. */
import * as v from "valibot";

import { FatalError } from "../../../src/base/errors.ts";
import { HumanResponseEvent, StartEvent, StopEvent } from "../../../src/workflow/builtin.ts";
import { defineEvent, type Event } from "../../../src/workflow/event.ts";
import { collect, each } from "../../../src/workflow/join.ts";
import { Workflow } from "../../../src/runtime/workflow.ts";
import { part, sim, type Workload } from "../workload.ts";

const Work = defineEvent("Work", { i: v.number(), inner: v.number() });
const Plain = defineEvent("Plain", { i: v.number() });
const Inner = defineEvent("Inner", { i: v.number(), j: v.number() });
const InnerDone = defineEvent("InnerDone", { i: v.number(), j: v.number() });
const Done = defineEvent("Done", { i: v.number(), inner: v.number() });
const Answer = HumanResponseEvent.extend("Answer", {});

/** A list of lists, each of any length, none included; some branches end early, some fail first. */
const listsWorkflow = new Workflow()
  .step(
    "begin",
    { accepts: [StartEvent], emits: [Work, Plain], retry: {} },
    async (event, context) => {
      await sim(context).gate();
      const sizes = event.data["sizes"] as readonly number[];
      return sizes.map((inner, i) => (inner === 9 ? Plain({ i }) : Work({ i, inner })));
    },
  )
  .step("plain", { accepts: [Plain], emits: [Done], workers: 1 }, async (event, context) => {
    await sim(context).gate();
    return Done({ i: event.data.i, inner: 0 });
  })
  .step(
    "work",
    {
      accepts: [Work],
      emits: [Inner],
      workers: 2,
      retry: { attempts: 4, delay: 1, jitter: 0.5, backoff: "linear" },
    },
    async ({ data: { i, inner } }, context) => {
      await sim(context).gate();
      if (context.attempt.number <= i % 3) throw new Error(`Work ${i} fails at first.`);
      return inner < 0 ? undefined : Array.from({ length: inner }, (_, j) => Inner({ i, j }));
    },
  )
  .step(
    "inner",
    { accepts: [Inner], emits: [InnerDone], waits: [Answer], retry: { attempts: 2, delay: 0 } },
    async ({ data: { i, j } }, context) => {
      await sim(context).gate();
      if (j === 3) await context.waitForEvent(Answer);
      return InnerDone({ i, j });
    },
  )
  .catchError("rescue", { steps: ["inner"], emits: [InnerDone] }, async (event) => {
    const { i, j } = event.data.input?.data as { readonly i: number; readonly j: number };
    return InnerDone({ i, j });
  })
  .step("innerJoin", { accepts: [collect(InnerDone)], emits: [Done] }, async (dones, context) => {
    await sim(context).gate();
    const [first] = dones;
    const js = new Set(dones.map((done) => done.data.j));
    if (dones.some((done) => done.data.i !== first?.data.i)) {
      sim(context).report("A join has got branches of two fan-outs.");
    }
    return Done({ i: first?.data.i ?? -1, inner: js.size });
  })
  .step("join", { accepts: [collect(Done)], emits: [StopEvent] }, async (dones, context) => {
    await sim(context).gate();
    return StopEvent({ result: dones.map(({ data }) => [data.i, data.inner] as const) });
  });

export const lists: Workload = {
  name: "lists",
  parts: [part(listsWorkflow, "lists")],
  input: (chance) => ({
    // 9: it ends without a fan-out of its own; -1: it comes to nothing.
    sizes: Array.from({ length: chance.below(5) }, () => chance.pick([-1, 0, 1, 2, 4, 9])),
  }),
  outside: [Answer],
  attemptsMax: { work: 4, inner: 2 },
  check: ({ input, result }) => {
    const sizes = input["sizes"] as readonly number[];
    // A fan-out of none is joined too; nobody knows any more whose it was.
    const expected = sizes
      .map((inner, i) => [inner === 0 ? -1 : i, inner === 9 ? 0 : inner])
      .filter(([, inner]) => inner !== -1);
    const sorted = (pairs: unknown): string =>
      JSON.stringify((pairs as number[][]).map((pair) => pair.join(":")).toSorted());
    if (sorted(result) === sorted(expected)) return undefined;
    return `The join was to get ${sorted(expected)}, and got ${sorted(result)}.`;
  },
};

const Task = defineEvent("Task", { i: v.number(), outcome: v.string() });
const Good = defineEvent("Good", { i: v.number() });
const Bad = defineEvent("Bad", { i: v.number() });
const Goods = defineEvent("Goods", { is: v.array(v.number()) });
const Bads = defineEvent("Bads", { is: v.array(v.number()) });
const First = defineEvent("First", { count: v.number() });

/** A list that comes together in several joins, any of which may be left with nothing. */
const outcomesWorkflow = new Workflow()
  .step("begin", { accepts: [StartEvent], emits: [Task], retry: {} }, async (event, context) => {
    await sim(context).gate();
    const outcomes = event.data["outcomes"] as readonly string[];
    return outcomes.map((outcome, i) => Task({ i, outcome }));
  })
  .step(
    "try",
    { accepts: [Task], emits: [Good, Bad], workers: 2, retry: { attempts: 4, delay: 1 } },
    async ({ data: { i, outcome } }, context) => {
      await sim(context).gate();
      if (outcome === "late" && context.attempt.number < 2) throw new Error("It is too early.");
      if (outcome === "fails") throw new FatalError("It fails.");
      if (outcome === "nothing") return undefined;
      return outcome === "bad" ? Bad({ i }) : Good({ i });
    },
  )
  .catchError("rescue", { steps: ["try"], emits: [Bad] }, async (event, context) => {
    await sim(context).gate();
    return Bad({ i: (event.data.input?.data as { readonly i: number }).i });
  })
  .step("goods", { accepts: [collect(Good)], emits: [Goods] }, async (goods, context) => {
    await sim(context).gate();
    return Goods({ is: goods.map(({ data }) => data.i) });
  })
  .step("bads", { accepts: [collect(Bad)], emits: [Bads] }, async (bads, context) => {
    await sim(context).gate();
    return Bads({ is: bads.map(({ data }) => data.i) });
  })
  .step("first", { accepts: [collect(Good, { take: 2 })], emits: [First] }, async (goods) =>
    First({ count: goods.length }),
  )
  .step(
    "finish",
    { accepts: [each(Goods, Bads, First)], emits: [StopEvent] },
    async ([goods, bads, first], context) => {
      await sim(context).gate();
      return StopEvent({ result: [goods.data.is, bads.data.is, first.data.count] as const });
    },
  );

export const outcomes: Workload = {
  name: "outcomes",
  parts: [part(outcomesWorkflow, "outcomes")],
  input: (chance) => ({
    outcomes: Array.from({ length: chance.below(5) }, () =>
      chance.pick(["good", "good", "bad", "late", "fails", "nothing"]),
    ),
  }),
  outside: [Answer],
  attemptsMax: { try: 4 },
  check: ({ input, result }) => {
    const told = input["outcomes"] as readonly string[];
    const [goods = [], bads = [], first] = result as [number[], number[], number];
    const isHere = (i: number): boolean => goods.includes(i) !== bads.includes(i);
    const isRight =
      told.every((outcome, i) => outcome === "nothing" || isHere(i)) &&
      goods.every((i) => ["good", "late"].includes(told[i] ?? "")) &&
      // The simulator makes some fail, and those are caught.
      bads.every((i) => isHere(i) && told[i] !== undefined) &&
      first === Math.min(goods.length, 2);
    return isRight ? undefined : `It came together as ${JSON.stringify(result)}.`;
  },
};

const Row = defineEvent("Row", { i: v.number(), cells: v.array(v.boolean()) });
const Cell = defineEvent("Cell", { isThere: v.boolean() });
const Found = defineEvent("Found", { i: v.number() });
const Full = defineEvent("Full", { i: v.number() });

/** Lists in a list, of which each may come to nothing, and the joins of what they come to. */
const tableWorkflow = new Workflow()
  .step("rows", { accepts: [StartEvent], emits: [Row], retry: {} }, async (event, context) => {
    await sim(context).gate();
    const rows = event.data["rows"] as readonly (readonly boolean[])[];
    return rows.map((cells, i) => Row({ i, cells: [...cells] }));
  })
  .step("cells", { accepts: [Row], emits: [Cell], retry: {} }, async ({ data }, context) => {
    await sim(context).gate();
    return data.cells.map((isThere) => Cell({ isThere }));
  })
  .step("cell", { accepts: [Cell], emits: [Found], retry: {} }, async ({ data }, context) => {
    await sim(context).gate();
    return data.isThere ? Found({ i: 1 }) : undefined;
  })
  .step("row", { accepts: [collect(Found)], emits: [Full], retry: {} }, async (found, context) => {
    await sim(context).gate();
    return found.length > 1 ? Full({ i: found.length }) : undefined;
  })
  .step("table", { accepts: [collect(Full)], emits: [StopEvent], retry: {} }, async (full) =>
    StopEvent({ result: full.map(({ data }) => data.i) }),
  );

export const table: Workload = {
  name: "table",
  parts: [part(tableWorkflow, "table")],
  input: (chance) => ({
    rows: Array.from({ length: chance.between(1, 3) }, () =>
      Array.from({ length: chance.below(4) }, () => chance.happens(0.5)),
    ),
  }),
  outside: [Answer],
  check: ({ input, result }) => {
    const rows = input["rows"] as readonly (readonly boolean[])[];
    const counts = rows.map((cells) => cells.filter(Boolean).length).filter((count) => count > 1);
    const isRight = counts.toSorted().join() === (result as number[]).toSorted().join();
    return isRight ? undefined : `Of ${counts.join()} the table has ${JSON.stringify(result)}.`;
  },
};

const A = defineEvent("A", { k: v.number() });
const B = defineEvent("B", { k: v.number() });
const Batch = defineEvent("Batch", { ks: v.array(v.number()) });

/** Sends, to all or to one step; what comes is put together by three, in buffers used again. */
const buffersWorkflow = new Workflow()
  .step("begin", { accepts: [StartEvent], emits: [A, B] }, async (event, context) => {
    const rounds = event.data["rounds"] as number;
    await context.store.set("rounds", rounds);
    for (let k = 0; k < rounds; k++) {
      context.sendEvent(A({ k: 2 * k }));
      if (k % 2 === 0) await sim(context).gate();
      context.sendEvent(A({ k: 2 * k + 1 }), { step: "gather" });
      context.sendEvent(B({ k }), { step: "gather" });
    }
  })
  .step("gather", { accepts: [A, B], emits: [Batch] }, async (event, context) => {
    await sim(context).gate();
    const buffer = (await context.store.get("rounds")) === 3 ? "constructor" : "triples";
    const batch = context.collectEvents(event, [A, B, A], { buffer });
    if (!batch) return undefined;
    await sim(context).gate();
    if (batch.map(({ type }) => type).join() !== "A,B,A") {
      sim(context).report(`A batch has ${batch.map(({ type }) => type).join()}.`);
    }
    return Batch({ ks: [batch[0].data.k, batch[2].data.k] });
  })
  // It gets what is sent to all, and nothing of what is sent to `gather` alone.
  .step("listen", { accepts: [A], emits: [] }, ({ data: { k } }, context) => {
    if (k % 2 === 1) sim(context).report("An event for one step has come to another.");
  })
  .step("finish", { accepts: [Batch], emits: [StopEvent], workers: 1 }, async (event, context) => {
    const rounds = Number(await context.store.get("rounds"));
    await sim(context).gate();
    const all = context.collectEvents(
      event,
      Array.from({ length: rounds }, () => Batch),
    );
    return all && StopEvent({ result: all.flatMap((batch) => batch.data.ks) });
  });

export const buffers: Workload = {
  name: "buffers",
  parts: [part(buffersWorkflow, "buffers")],
  input: (chance) => ({ rounds: chance.between(1, 4) }),
  outside: [Answer],
  check: ({ input, result, repeated }) => {
    if (repeated.has("begin")) return undefined;
    const ks = new Set(result as readonly number[]);
    const count = 2 * Number(input["rounds"]);
    return ks.size === count ? undefined : `Of ${count} events, ${ks.size} were in batches.`;
  },
};

const P = defineEvent("P", { k: v.number() });
const Q = defineEvent("Q", { k: v.number() });
const Vote = HumanResponseEvent.extend("Vote", {});
const Ballot = HumanResponseEvent.extend("Ballot", {});
const Paired = defineEvent("Paired", { p: v.number(), q: v.number(), isApproved: v.boolean() });
const Counted = defineEvent("Counted", { votes: v.number() });

/** One of each, made inside and given from outside; and the first few of a kind. */
const pairsWorkflow = new Workflow()
  .step("begin", { accepts: [StartEvent], emits: [P, Q] }, async (_event, context) => {
    context.sendEvent(P({ k: 0 }));
    await sim(context).gate();
    context.sendEvent(P({ k: 1 }));
    context.sendEvent(Q({ k: 0 }));
    await sim(context).gate();
    return Q({ k: 1 });
  })
  .step("pair", { accepts: [each(P, Q, Answer)], emits: [Paired] }, async ([p, q, a], context) => {
    await sim(context).gate();
    return Paired({ p: p.data.k, q: q.data.k, isApproved: a.type === "Answer" });
  })
  .step("vote", { accepts: [collect(Vote, { take: 2 })], emits: [Counted] }, async (votes) =>
    Counted({ votes: votes.length }),
  )
  .step(
    "tally",
    { accepts: [collect(Ballot)], emits: [], workers: 1 },
    async (_ballots, context) => {
      await sim(context).gate();
    },
  )
  .step("finish", { accepts: [Paired, Counted], emits: [StopEvent] }, async (event, context) => {
    await sim(context).gate();
    const all = context.collectEvents(event, [Paired, Counted, Paired]);
    return all && StopEvent({ result: all.map(({ data }) => data) });
  });

export const pairs: Workload = {
  name: "pairs",
  parts: [part(pairsWorkflow, "pairs")],
  input: () => ({}),
  outside: [Answer, Answer, Vote, Vote, Ballot],
  check: ({ result, repeated }) => {
    if (repeated.has("begin")) return undefined;
    const [first, counted, second] = result as readonly Event["data"][];
    const expected = [
      { p: 0, q: 0, isApproved: true },
      { p: 1, q: 1, isApproved: true },
    ];
    const pairs = [first, second].toSorted((a, b) =>
      JSON.stringify(a) < JSON.stringify(b) ? -1 : 1,
    );
    if (Bun.deepEquals(pairs, expected) && Bun.deepEquals(counted, { votes: 2 })) return undefined;
    return `Pairs and votes were put together as ${JSON.stringify(result)}.`;
  },
};
