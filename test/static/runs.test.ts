/** The list of runs in a real browser: who asks, and what can be done with each. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Locator, Page } from "playwright-core";

import type { WorkflowServer } from "../../src/index.ts";
import { axe, hasChromium, launch, visit } from "./chromium.ts";
import { createServer, startRun } from "./workflows.ts";

const customer = { customer: "Ada", express: true, size: "small" };

describe.skipIf(!hasChromium)("the list of runs", () => {
  let browser: Browser;
  let server: WorkflowServer;
  let origin: string;

  beforeAll(async () => {
    server = createServer();
    const [serving, launched] = await Promise.all([
      server.serve({ host: "127.0.0.1", port: 0 }),
      launch(),
    ]);
    browser = launched;
    origin = serving.url.origin;
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test("says which runs ask, also those that nobody has opened, until they are answered", async () => {
    const before = await startRun(origin, "order", customer);
    await using visited = await visit(browser, origin);
    const { page, wrongs } = visited;
    await page.goto(origin);
    await rowOf(page, before).getByText("asks you").waitFor();
    const later = await startRun(origin, "order", customer);
    await rowOf(page, later).getByText("asks you").waitFor();
    await page.getByRole("button", { name: "2 ask you" }).click();
    expect(await page.getByRole("grid").getByRole("row").count()).toBe(2);
    await fetch(`${origin}/events/${later}`, {
      method: "POST",
      body: JSON.stringify({ event: { type: "Confirmed", value: { yes: true, by: "Ada" } } }),
    });
    await page.getByRole("button", { name: "1 asks you" }).waitFor();
    await page.getByRole("button", { name: "1 asks you" }).click();
    await rowOf(page, later).getByText("completed").waitFor();
    expect(await rowOf(page, later).getByText("asks you").count()).toBe(0);
    expect(wrongs).toEqual([]);
  }, 60_000);

  test("are found by a filter, however far back they are", async () => {
    await using own = createServer();
    const { url } = await own.serve({ host: "127.0.0.1", port: 0 });
    const first = await startRun(url.origin, "echo", { fail: true });
    for (let round = 0; round < 15; round++) {
      await Promise.all(Array.from({ length: 100 }, () => startRun(url.origin, "echo", {})));
    }
    await using visited = await visit(browser, url.origin);
    const { page, wrongs } = visited;
    await page.goto(url.origin);
    await page.getByRole("grid").getByRole("row").first().waitFor();
    await page.locator(".runs .count").getByText("200+").waitFor();
    await page.getByLabel("Find runs").fill(first);
    await rowOf(page, first).waitFor();
    await page.locator(".runs .count").getByText("1 of 1501", { exact: true }).waitFor();
    await page.getByLabel("Find runs").fill("nothing is called so");
    await page.getByText("No run fits this filter").waitFor();
    expect(wrongs).toEqual([]);
  }, 60_000);

  test("cancels, repeats and deletes runs by keys alone, and asks before it ends one", async () => {
    const [asking, other] = [
      await startRun(origin, "order", { ...customer, customer: "Grace" }),
      await startRun(origin, "echo", {}),
    ];
    await using visited = await visit(browser, origin);
    const { page, wrongs } = visited;
    await page.goto(`${origin}/#/run/${asking}`);
    await rowOf(page, asking).waitFor();
    await rowOf(page, other).waitFor();
    const dialog = page.getByRole("dialog");

    await page.getByRole("grid").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const menu = page.getByRole("menu", { name: "Actions on order" });
    await menu.waitFor();
    expect(await axe(page, "menu")).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await menu.count()).toBe(0);
    await page.keyboard.press("Enter");
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await dialog.getByText("Cancel this run?").waitFor();
    await page.keyboard.press("Escape");
    expect(await statusOf(origin, asking)).toBe("running");
    await page.keyboard.press("Enter");
    await menu.getByRole("menuitem", { name: "Cancel …" }).click();
    await dialog.getByRole("button", { name: "Cancel the run" }).click();
    await rowOf(page, asking).getByText("cancelled").waitFor();

    await page.getByRole("grid").focus();
    await page.keyboard.press("Shift+F10");
    await menu.getByRole("menuitem", { name: "Run again", exact: true }).click();
    await page.waitForURL((url) => !url.hash.includes(asking));
    const again = /run\/([^?]+)/.exec(page.url())?.[1] ?? "";
    await rowOf(page, again).getByText("asks you").waitFor();

    await rowOf(page, other).click({ button: "right" });
    await page.getByRole("menuitem", { name: "Delete …" }).click();
    await dialog.getByRole("button", { name: "Delete", exact: true }).click();
    await rowOf(page, other).waitFor({ state: "detached" });
    expect(page.url()).toContain(again); // Another run was open, and still is.
    await page.getByRole("grid").focus();
    await page.keyboard.press("Delete");
    await dialog.getByRole("button", { name: "Delete", exact: true }).click();
    await rowOf(page, again).waitFor({ state: "detached" });
    expect((await fetch(`${origin}/handlers/${again}`)).status).toBe(404);
    expect(wrongs).toEqual([]);
  }, 60_000);
});

// ---

function rowOf(page: Page, id: string): Locator {
  return page.getByRole("row", { name: new RegExp(id) });
}

async function statusOf(origin: string, id: string): Promise<unknown> {
  const response = await fetch(`${origin}/handlers/${id}`);
  return ((await response.json()) as { status: string }).status;
}
