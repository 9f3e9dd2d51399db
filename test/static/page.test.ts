/** The page in a real browser: what a reader does with it, and what it must not do. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Locator, Page } from "playwright-core";

import { axe, hasChromium, launch, visit } from "./chromium.ts";
import { setStage } from "./stage.ts";
import { createServer, startRun } from "./workflows.ts";

describe.skipIf(!hasChromium)("the page", () => {
  const stage = setStage();

  test("a run by form, its question answered, its result, and all of it again after a reload", async () => {
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    await page.goto(stage.origin);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Run", exact: true }).click();
    await dialog.getByText("This is required.").first().waitFor();
    await dialog.getByLabel("Customer").fill("Ada");
    await dialog.getByLabel("Size").selectOption({ label: "large" });
    await dialog.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText("Ship 1 large to Ada?").first().waitFor();
    const id = /run\/([^?]+)/.exec(page.url())?.[1] ?? "";
    const card = page.getByRole("region", { name: "Waiting for your answer" });
    await card.getByLabel("Yes").check();
    await card.getByLabel("By", { exact: true }).fill("Grace");
    await card.getByRole("button", { name: "Send Confirmed" }).click();
    await page.getByText("Receipt").first().waitFor();
    const result = page.getByRole("group", { name: "Result" });
    await result.getByText("false").waitFor(); // A box left alone is false, not left out.
    expect(await result.textContent()).toContain('"Ada"');
    const ended = page.locator(".server.is-ended");
    await ended.waitFor();
    const before = await page.locator(".events .count").textContent();
    await page.reload();
    await result.getByText('"Ada"').waitFor();
    await ended.waitFor();
    expect(page.url()).toContain(id);
    expect(await page.locator(".events .count").textContent()).toBe(before);
    await page.getByRole("button", { name: /step ship: 1 succeeded/ }).waitFor();
    await page
      .getByRole("option", { name: /Receipt/ })
      .last()
      .waitFor();
    await page.getByRole("button", { name: /^Confirm 1$/ }).waitFor();
    expect(wrongs).toEqual([]);
  }, 60_000);

  test("a run is gone through by keys, event by event", async () => {
    const id = await startRun(stage.origin, "echo", {});
    await using visited = await visit(stage.browser, stage.origin);
    const { page } = visited;
    await page.goto(`${stage.origin}/#/run/${id}`);
    await page.locator(".server.is-ended").waitFor();
    const said = page.getByRole("status", { name: "Status of the run" });
    expect(await said.textContent()).toBe("completed");
    await page.getByRole("button", { name: /step echo: 1 succeeded/ }).waitFor();
    for (let back = 0; back < 4; back++) await page.keyboard.press("[");
    await page.getByRole("button", { name: /step echo: 1 running/ }).waitFor();
    expect(page.url()).toContain("at=0");
    for (let forward = 0; forward < 4; forward++) await page.keyboard.press("]");
    await page.getByRole("button", { name: /step echo: 1 succeeded/ }).waitFor();
    expect(page.url()).not.toContain("at=");
  }, 60_000);

  test("a look back shows the state as it was, too", async () => {
    const event = { customer: "Ada", count: 1, express: true, size: "small" };
    const id = await startRun(stage.origin, "order", event);
    await using visited = await visit(stage.browser, stage.origin);
    const { page } = visited;
    await page.goto(`${stage.origin}/#/run/${id}`);
    const state = page.getByRole("group", { name: "State" });
    await state.getByText('"Ada"').waitFor();
    await page.goto(`${stage.origin}/#/run/${id}?at=0`);
    await state.getByText('""').waitFor();
    expect(await state.getByText('"Ada"').count()).toBe(0);
  }, 60_000);

  test("where a browser lets no page copy, it is said", async () => {
    const id = await startRun(stage.origin, "echo", {});
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    // As at an address without TLS that is not this machine's.
    await page.addInitScript(`Object.defineProperty(navigator, "clipboard", { value: undefined })`);
    await page.goto(`${stage.origin}/#/run/${id}`);
    await page.getByRole("button", { name: "Copy a link to this view" }).click();
    await page.getByText("This browser does not let pages copy here.").waitFor();
    expect(wrongs).toEqual([]);
  }, 60_000);

  test("many new runs are few questions about the forks of the one in view", async () => {
    const id = await startRun(stage.origin, "echo", {});
    await using visited = await visit(stage.browser, stage.origin);
    const { page } = visited;
    const begunAt = performance.now();
    let asked = 0;
    page.on("request", (request) => void (request.url().endsWith("/lineage") && asked++));
    await page.goto(`${stage.origin}/#/run/${id}`);
    await page.getByRole("group", { name: "Result" }).waitFor();
    for (let count = 0; count < 60; count++) {
      await startRun(stage.origin, "echo", {});
      await Bun.sleep(20);
    }
    const fork = await fetch(`${stage.origin}/handlers/${id}/fork`, {
      method: "POST",
      body: JSON.stringify({ step: "echo" }),
    });
    const { handler_id: forked } = (await fork.json()) as { handler_id: string };
    await page.getByRole("button", { name: forked, exact: true }).waitFor();
    const seconds = (performance.now() - begunAt) / 1000;
    expect(asked).toBeLessThan(seconds + 4);
  }, 60_000);

  test("what the server refuses is shown at its field", async () => {
    await using visited = await visit(stage.browser, stage.origin);
    const { page } = visited;
    await page.goto(`${stage.origin}/#/workflow/order`);
    await runButton(page, "order").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Edit as JSON" }).click();
    await dialog
      .getByLabel("Fields as JSON")
      .fill('{"customer":"Ada","express":false,"size":"odd"}');
    await dialog.getByRole("button", { name: "Run", exact: true }).click();
    await dialog.getByRole("alert").waitFor();
    await dialog.getByRole("button", { name: "Edit as form" }).click();
    expect(await dialog.getByLabel("Size").getAttribute("aria-invalid")).toBe("true");
  }, 60_000);

  test("ten thousand events: drawn at once, with few nodes", async () => {
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    const id = await startRun(stage.origin, "burst", {});
    await until(async () => (await fetch(`${stage.origin}/handlers/${id}`)).status === 200);
    await measureFrames(page);
    await page.goto(`${stage.origin}/#/run/${id}`);
    await page.locator(".events .count").getByText("10003", { exact: true }).waitFor();
    await page.locator(".server.is-ended").waitFor();
    const figures = await readFigures(page);
    console.log("10,000 events:", JSON.stringify(figures));
    expect(figures.nodes).toBeLessThan(1_000);
    await page
      .getByRole("option", { name: /StopEvent/ })
      .last()
      .waitFor();
    await page.getByLabel("Filter events").fill("9999");
    await page.locator(".events .count").getByText("1 of 10003").waitFor();
    expect(wrongs).toEqual([]);
  }, 60_000);

  test("a hundred events a second are followed live", async () => {
    await using visited = await visit(stage.browser, stage.origin);
    const { page } = visited;
    await measureFrames(page);
    await page.goto(`${stage.origin}/#/workflow/burst`);
    await runButton(page, "burst").waitFor();
    const id = await startRun(stage.origin, "burst", { count: 250, pauseMs: 9 });
    await page.goto(`${stage.origin}/#/run/${id}`);
    const seen = new Set<string>();
    while (!(await page.locator(".server.is-ended").count())) {
      seen.add((await page.locator(".events .count").first().textContent()) ?? "");
      await Bun.sleep(100);
    }
    console.log(
      "100 events/s:",
      JSON.stringify(await readFigures(page)),
      `${seen.size} states seen`,
    );
    // On whatever machine: not nothing first, and then all at once.
    expect(seen.size).toBeGreaterThan(3);
  }, 60_000);

  test.each(["light", "dark"] as const)(
    "axe finds nothing in the %s theme",
    async (colorScheme) => {
      await using visited = await visit(stage.browser, stage.origin, { colorScheme });
      const { page, wrongs } = visited;
      const [failed, asking] = await Promise.all([
        startRun(stage.origin, "echo", { fail: true }),
        startRun(stage.origin, "order", { customer: "Ada", express: true, size: "small" }),
      ]);
      const views = [
        "#/workflow/order",
        `#/run/${failed}`,
        `#/run/${failed}?tab=steps&event=1`,
        `#/run/${failed}?tab=timeline&at=1`,
        `#/run/${asking}?tab=compare&with=${failed}`,
      ];
      for (const view of views) {
        await page.goto(`${stage.origin}/${view}`);
        await page.waitForTimeout(300);
        expect(await axe(page, view)).toEqual([]);
      }
      await page.keyboard.press("Control+k");
      expect(await axe(page, "palette")).toEqual([]);
      await page.keyboard.press("Escape");
      await page.goto(`${stage.origin}/#/workflow/order`);
      await runButton(page, "order").click();
      expect(await axe(page, "form")).toEqual([]);
      expect(wrongs).toEqual([]);
    },
    60_000,
  );

  test("markup and script in any text are text", async () => {
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    const id = await startRun(stage.origin, "echo", {});
    const failed = await startRun(stage.origin, "echo", { fail: true });
    for (const view of ["", "?tab=steps&event=2", "?tab=timeline", `?tab=compare&with=${failed}`]) {
      await page.goto(`${stage.origin}/#/run/${id}${view}`);
      await page.getByRole("tab", { selected: true }).waitFor();
      await page.waitForTimeout(200);
    }
    expect(await page.title()).toBe("workflows-server");
    expect(await page.locator("img").count()).toBe(0);
    expect(wrongs).toEqual([]);
  }, 60_000);

  test("at 390 px everything is in reach and nothing sticks out", async () => {
    await using visited = await visit(stage.browser, stage.origin, {
      viewport: { width: 390, height: 780 },
    });
    const { page } = visited;
    const id = await startRun(stage.origin, "order", {
      customer: "Ada",
      express: true,
      size: "small",
    });
    await page.goto(`${stage.origin}/#/run/${id}`);
    for (const name of ["Runs", "Graph", /^Events/]) {
      await page.getByRole("navigation").getByRole("button", { name }).click();
      await page.waitForTimeout(150);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    }
    await page.getByRole("button", { name: "Send Confirmed" }).waitFor();
  }, 60_000);

  test("panels are sized and nodes moved by keys, and stay so", async () => {
    await using visited = await visit(stage.browser, stage.origin);
    const { page } = visited;
    await page.goto(`${stage.origin}/#/workflow/order`);
    const split = page.getByRole("separator", { name: "Width of the runs" });
    await split.focus();
    await page.keyboard.press("ArrowRight");
    const node = page.getByRole("button", { name: "step take" });
    const before = await node.getAttribute("transform");
    await node.focus();
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Backspace");
    const after = await node.getAttribute("transform");
    expect(after).not.toBe(before);
    await page.reload();
    await node.waitFor();
    expect(await node.getAttribute("transform")).toBe(after);
    expect(await split.getAttribute("aria-valuenow")).toBe("304");
  }, 60_000);
});

describe.skipIf(!hasChromium)("the page and a server of its own", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launch()), 60_000);
  afterAll(() => browser?.close());

  test("a server that goes and comes back is waited for", async () => {
    let server = createServer();
    const { url } = await server.serve({ host: "127.0.0.1", port: 0 });
    await using visited = await visit(browser, url.origin);
    const { page } = visited;
    await page.goto(url.origin);
    const state = page.locator(".header .server");
    await state.getByText("live", { exact: true }).waitFor();
    await server.close();
    await state.getByText("server gone").waitFor();
    server = createServer();
    await server.serve({ host: "127.0.0.1", port: url.port });
    await state.getByText("live", { exact: true }).waitFor();
    const id = await startRun(url.origin, "echo", {});
    await page.getByRole("row", { name: new RegExp(id) }).waitFor();
    await server.close();
  }, 60_000);

  test("a server with a key is asked with one", async () => {
    await using server = createServer({ auth: "secret-key" });
    const { url } = await server.serve({ host: "127.0.0.1", port: 0 });
    await using visited = await visit(browser, url.origin);
    const { page } = visited;
    await page.goto(url.origin);
    await page.getByLabel("API key").fill("wrong");
    await page.getByRole("button", { name: "Use key" }).click();
    await page.getByText("does not know that key").waitFor();
    expect(await axe(page, "key")).toEqual([]);
    await page.getByLabel("API key").fill("secret-key");
    await page.getByRole("button", { name: "Use key" }).click();
    await runButton(page, "order").waitFor();
    await page.reload();
    await runButton(page, "order").waitFor();
  }, 60_000);

  test("under a path of another server it works as at the root", async () => {
    await using server = createServer();
    const { url } = await server.serve({ host: "127.0.0.1", port: 0 });
    await using proxy = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => {
        const { pathname, search } = new URL(request.url);
        if (!pathname.startsWith("/flows/")) return new Response(null, { status: 404 });
        const { method, headers, body } = request;
        headers.delete("origin"); // As a proxy that stands for its pages.
        return fetch(`${url.origin}${pathname.slice(6)}${search}`, {
          method,
          headers,
          body,
          decompress: false,
        });
      },
    });
    await using visited = await visit(browser, proxy.url.origin);
    const { page, wrongs } = visited;
    await page.goto(`${proxy.url.origin}/flows/#/workflow/echo`);
    await runButton(page, "echo").click();
    await page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("button", { name: /step echo: 1 succeeded/ }).waitFor();
    expect(wrongs).toEqual([]);
  }, 60_000);
});

// ---

function runButton(page: Page, workflow: string): Locator {
  const about = page.getByRole("region", { name: "Workflow", exact: true });
  return about.getByRole("button", { name: `Run ${workflow}` });
}

async function measureFrames(page: Page): Promise<void> {
  await page.addInitScript(`
    globalThis.worst = 0;
    let last = performance.now();
    const look = () => {
      const now = performance.now();
      globalThis.worst = Math.max(globalThis.worst, now - last);
      last = now;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  `);
}

async function readFigures(
  page: Page,
): Promise<{ worstMs: number; nodes: number; heapMb: number }> {
  return (await page.evaluate(`({
    worstMs: Math.round(worst),
    nodes: document.querySelectorAll("*").length,
    heapMb: Math.round(performance.memory.usedJSHeapSize / 1e6),
  })`)) as { worstMs: number; nodes: number; heapMb: number };
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await Bun.sleep(20);
}
