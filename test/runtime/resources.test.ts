/** Resources: made when they are needed, once for all who ask, and disposed of in the end. */
import { describe, expect, test } from "bun:test";

import { Workflow } from "../../src/runtime/workflow.ts";
import { StartEvent, StopEvent } from "../../src/workflow/builtin.ts";
import { defineResource, type Resource, type ResourceScope } from "../../src/workflow/resource.ts";
import { Answer, Done, gate, oneStep, rejectionOf, Work } from "./fixtures.ts";
import { Process, settle } from "./process.ts";

/** A resource that tells when it is made and when it is disposed of. */
function traced(
  trace: string[],
  name: string,
  scope: ResourceScope,
  needs: Readonly<Record<string, Resource>> = {},
): Resource {
  let count = 0;
  return defineResource(name, { scope, needs }, () => {
    const id = `${name}${++count}`;
    trace.push(`+${id}`);
    const dispose = async (): Promise<void> => {
      // Nothing of a step goes on before what it had is gone, however long that takes.
      if (scope === "step") await settle();
      trace.push(`-${id}`);
    };
    return { id, [Symbol.asyncDispose]: dispose };
  });
}

/** A workflow of two steps that use the same resources, one after the other. */
function twoSteps(trace: string[], resources: Readonly<Record<string, Resource>>) {
  return new Workflow()
    .step("s", { accepts: [StartEvent], emits: [Work], resources }, () => {
      trace.push("s");
      return Work();
    })
    .step("t", { accepts: [Work], emits: [StopEvent], resources }, () => {
      trace.push("t");
      return StopEvent();
    });
}

describe("a resource lives", () => {
  test("as long as an attempt at a step", async () => {
    const trace: string[] = [];
    await twoSteps(trace, { it: traced(trace, "it", "step") }).run();
    await settle();
    expect(trace).toEqual(["+it1", "s", "-it1", "+it2", "t", "-it2"]);
  });

  test("as long as a run", async () => {
    const trace: string[] = [];
    const workflow = twoSteps(trace, { it: traced(trace, "it", "run") });
    await using process = await Process.open({ w: workflow });
    for (let i = 0; i < 2; i++) await process.result(await process.start("w"));
    await settle();
    expect(trace).toEqual(["+it1", "s", "t", "-it1", "+it2", "s", "t", "-it2"]);
  });

  test("as long as the server, for all its runs", async () => {
    const trace: string[] = [];
    const workflow = twoSteps(trace, { it: traced(trace, "it", "server") });
    const process = await Process.open({ w: workflow });
    for (let i = 0; i < 2; i++) await process.result(await process.start("w"));
    expect(trace).toEqual(["+it1", "s", "t", "s", "t"]);
    await process.runtime.close();
    expect(trace.at(-1)).toBe("-it1");
  });

  test("not at all, when no step that runs names it", async () => {
    const trace: string[] = [];
    const workflow = twoSteps(trace, {}).step(
      "u",
      { accepts: [Answer], emits: [], resources: { it: traced(trace, "it", "run") } },
      () => {},
    );
    await workflow.run();
    expect(trace.filter((word) => word.includes("it"))).toEqual([]);
  });
});

describe("what a step finds", () => {
  test("is what was made, under the names that it gave", async () => {
    const url = defineResource("url", {}, () => "db://x");
    const db = defineResource("db", { needs: { address: url } }, async ({ address }) => ({
      query: (sql: string) => `${sql} on ${address}`,
    }));
    const workflow = new Workflow().step(
      "s",
      { accepts: [StartEvent], emits: [StopEvent], resources: { rows: db, url } },
      (_event, { resources }) =>
        StopEvent({ result: [resources.rows.query("select 1"), resources.url] }),
    );
    expect(await workflow.run()).toEqual(["select 1 on db://x", "db://x"]);
  });

  test("is the same for all who need it, also through others", async () => {
    const trace: string[] = [];
    const base = traced(trace, "base", "run");
    const left = traced(trace, "left", "run", { base });
    const right = traced(trace, "right", "run", { base });
    await twoSteps(trace, { left, right, base }).run();
    expect(trace.filter((word) => word.startsWith("+")).toSorted()).toEqual([
      "+base1",
      "+left1",
      "+right1",
    ]);
  });

  test("was made before it started: a function is not called without", async () => {
    const opened = gate();
    const slow = defineResource("slow", {}, async () => {
      await opened.opened;
      return "ready";
    });
    let isCalled = false;
    const run = oneStep(
      () => {
        isCalled = true;
        return StopEvent();
      },
      { resources: { slow } },
    ).run();
    await settle();
    expect(isCalled).toBe(false);
    opened.open();
    await run;
    expect(isCalled).toBe(true);
  });
});

test("steps that ask for it at the same time wait for the one that is being made", async () => {
  let made = 0;
  const shared = defineResource("shared", {}, async () => {
    await Bun.sleep(2);
    return ++made;
  });
  const workflow = new Workflow()
    .step("s", { accepts: [StartEvent], emits: [Work] }, () => [1, 2, 3, 4].map((n) => Work({ n })))
    .step("t", { accepts: [Work], emits: [Done], resources: { shared } }, (_event, { resources }) =>
      Done({ n: resources.shared }),
    )
    .step("u", { accepts: [Done], emits: [StopEvent] }, (event, context) => {
      const all = context.collectEvents(event, [Done, Done, Done, Done]);
      return all && StopEvent({ result: all.map(({ data }) => data.n) });
    });
  expect([await workflow.run(), made]).toEqual([[1, 1, 1, 1], 1]);
});

describe("a resource that cannot be made", () => {
  test("fails the step, and is made anew by its next attempt", async () => {
    let attempts = 0;
    const shaky = defineResource("shaky", { scope: "run" }, async () => {
      if (++attempts < 3) throw new Error(`no connection ${attempts}`);
      return attempts;
    });
    const workflow = oneStep((_event, { resources }) => StopEvent({ result: resources["shaky"] }), {
      resources: { shaky },
      retry: { attempts: 3, delay: 0 },
    });
    expect(await workflow.run()).toBe(3);
  });

  test("fails the run, where nothing tries again", async () => {
    const broken = defineResource("broken", {}, () => {
      throw new Error("no connection");
    });
    expect(await rejectionOf(oneStep(() => StopEvent(), { resources: { broken } }).run())).toBe(
      "run_failed: no connection",
    );
  });

  test("leaves those that were made to be disposed of", async () => {
    const trace: string[] = [];
    const broken = defineResource("broken", { scope: "step" }, async () => {
      await Bun.sleep(1);
      throw new Error("no connection");
    });
    const it = traced(trace, "it", "step");
    await rejectionOf(oneStep(() => StopEvent(), { resources: { it, broken } }).run());
    await settle();
    expect(trace).toEqual(["+it1", "-it1"]);
  });
});

describe("disposal", () => {
  test("goes in the reverse order, so that nothing is gone that another still needs", async () => {
    const trace: string[] = [];
    const base = traced(trace, "base", "run");
    const middle = traced(trace, "middle", "run", { base });
    const top = traced(trace, "top", "run", { middle });
    await twoSteps(trace, { top }).run();
    await settle();
    expect(trace.filter((word) => word.startsWith("-"))).toEqual(["-top1", "-middle1", "-base1"]);
  });

  test("is not asked of what has none, and is of a function that has", async () => {
    const trace: string[] = [];
    const call = Object.assign(() => 1, { [Symbol.dispose]: () => void trace.push("call") });
    const made = { none: null, number: 1, missing: undefined, call };
    const resources = Object.fromEntries(
      Object.entries(made).map(([name, value]) => [name, defineResource(name, () => value)]),
    );
    await oneStep(() => StopEvent(), { resources }).run();
    await settle();
    expect(trace).toEqual(["call"]);
  });

  test("may be synchronous", async () => {
    const trace: string[] = [];
    const it = defineResource("it", { scope: "run" }, () => ({
      [Symbol.dispose]: () => void trace.push("disposed"),
    }));
    await oneStep(() => StopEvent(), { resources: { it } }).run();
    await settle();
    expect(trace).toEqual(["disposed"]);
  });

  test("that fails is reported, and the others go on", async () => {
    const trace: string[] = [];
    const lines: string[] = [];
    const base = traced(trace, "base", "run");
    const broken = defineResource("broken", { scope: "run", needs: { base } }, () => ({
      [Symbol.asyncDispose]: () => Promise.reject(new Error("stuck")),
    }));
    const workflow = oneStep(() => StopEvent(), { resources: { broken } });
    await workflow.run({}, { log: (level, message) => void lines.push(`${level} ${message}`) });
    await settle();
    expect([trace, lines]).toEqual([
      ["+base1", "-base1"],
      expect.arrayContaining(["error A resource could not be disposed of."]),
    ]);
  });

  test("comes however a run ends", async () => {
    const trace: string[] = [];
    const workflow = oneStep((_event, context) => context.waitForEvent(Answer), {
      resources: { step: traced(trace, "step", "step"), run: traced(trace, "run", "run") },
    });
    await using process = await Process.open({ w: workflow });
    const run = await process.start("w");
    await settle();
    await process.cancel(run);
    await settle();
    expect(trace.toSorted()).toEqual(["+run1", "+step1", "-run1", "-step1"]);
  });

  test("comes to what was still being made when its step's time was over", async () => {
    const trace: string[] = [];
    const opened = gate();
    const slow = defineResource("slow", { scope: "step" }, async () => {
      await opened.opened;
      return { [Symbol.asyncDispose]: async () => void trace.push("disposed") };
    });
    const workflow = oneStep(() => StopEvent(), { resources: { slow }, timeout: 1 });
    await using process = await Process.open({ w: workflow });
    await process.start("w");
    await process.advance(1);
    opened.open();
    await settle();
    expect(trace).toEqual(["disposed"]);
  });

  test("comes to a run that is let go because it only waits, and it is made anew", async () => {
    const trace: string[] = [];
    const workflow = oneStep(
      async (_event, context) => {
        await context.waitForEvent(Answer);
        return StopEvent();
      },
      { resources: { it: traced(trace, "it", "run") } },
    );
    await using process = await Process.open({ w: workflow }, { idleMs: 1_000 });
    const run = await process.start("w");
    await process.advance(2);
    expect([process.isInMemory(run), trace]).toEqual([false, ["+it1", "-it1"]]);
    await process.send(run, Answer());
    await settle();
    expect(trace).toEqual(["+it1", "-it1", "+it2", "-it2"]);
  });

  test("comes to what a step had when its run is let go", async () => {
    const trace: string[] = [];
    const workflow = oneStep((_event, context) => context.waitForEvent(Answer), {
      resources: { it: traced(trace, "it", "step") },
    });
    await using process = await Process.open({ w: workflow }, { idleMs: 1_000 });
    await process.start("w");
    await process.advance(2);
    expect(trace).toEqual(["+it1", "-it1"]);
  });

  test("of the server comes last when it closes, after steps and runs have let go", async () => {
    const trace: string[] = [];
    const server = traced(trace, "server", "server");
    const run = traced(trace, "run", "run", { server });
    const step = traced(trace, "step", "step", { run });
    const workflow = oneStep((_event, context) => context.waitForEvent(Answer), {
      resources: { step },
    });
    const process = await Process.open({ w: workflow });
    await process.start("w");
    await settle();
    await process.runtime.close();
    expect(trace.slice(3)).toEqual(["-step1", "-run1", "-server1"]);
  });

  test("goes from the inside out, however long it takes, also of a run that was let go", async () => {
    const trace: string[] = [];
    const disposing = gate();
    const server = traced(trace, "server", "server");
    const run = traced(trace, "run", "run", { server });
    const step = defineResource("step", { scope: "step", needs: { run } }, () => ({
      async [Symbol.asyncDispose]() {
        await disposing.opened;
        trace.push("-step");
      },
    }));
    const workflow = oneStep((_event, context) => context.waitForEvent(Answer), {
      resources: { step },
    });
    const process = await Process.open({ w: workflow }, { idleMs: 1_000 });
    const waiting = await process.start("w");
    await process.advance(2);
    expect(process.isInMemory(waiting)).toBe(false);
    const closing = process.runtime.close();
    await settle();
    expect(trace).toEqual(["+server1", "+run1"]);
    disposing.open();
    await closing;
    expect(trace.slice(2)).toEqual(["-step", "-run1", "-server1"]);
  });

  test("of the server comes to a run that has none, at its end", async () => {
    const trace: string[] = [];
    await twoSteps(trace, { it: traced(trace, "it", "server") }).run();
    await settle();
    expect(trace).toEqual(["+it1", "s", "t", "-it1"]);
  });
});
