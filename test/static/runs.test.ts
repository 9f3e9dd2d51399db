/** The list of runs in a real browser: who asks, and what can be done with each. */
import { describe, expect, test } from "bun:test";
import type { Locator, Page } from "playwright-core";

import { axe, hasChromium, visit } from "./chromium.ts";
import { setStage } from "./stage.ts";
import { createServer, startRun } from "./workflows.ts";

const customer = { customer: "Ada", express: true, size: "small" };

describe.skipIf(!hasChromium)("the list of runs", () => {
  const stage = setStage();

  test("says which runs ask, also those that nobody has opened, until they are answered", async () => {
    const before = await startRun(stage.origin, "order", customer);
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    await page.goto(stage.origin);
    await rowOf(page, before).getByText("asks you").waitFor();
    const later = await startRun(stage.origin, "order", customer);
    await rowOf(page, later).getByText("asks you").waitFor();
    await page.getByRole("button", { name: "2 ask you" }).click();
    expect(await page.getByRole("grid").getByRole("row").count()).toBe(2);
    await fetch(`${stage.origin}/events/${later}`, {
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
    await using visited = await visit(stage.browser, url.origin);
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

  test("are found also between those that are listed and an older one that is open", async () => {
    await using own = createServer();
    const { url } = await own.serve({ host: "127.0.0.1", port: 0 });
    const first = await startRun(url.origin, "echo", {});
    const second = await startRun(url.origin, "echo", {});
    for (let round = 0; round < 3; round++) {
      await Promise.all(Array.from({ length: 100 }, () => startRun(url.origin, "echo", {})));
    }
    await using visited = await visit(stage.browser, url.origin);
    const { page, wrongs } = visited;
    await page.goto(`${url.origin}/#/run/${first}`);
    await rowOf(page, first).waitFor(); // It is the last in the list, and chosen.
    await page.getByLabel("Find runs").fill(second);
    await rowOf(page, second).waitFor();
    await page.locator(".runs .count").getByText("1 of 302", { exact: true }).waitFor();
    expect(wrongs).toEqual([]);
  }, 60_000);

  test("cancels, repeats and deletes runs by keys alone, and asks before it ends one", async () => {
    const [asking, other] = [
      await startRun(stage.origin, "order", { ...customer, customer: "Grace" }),
      await startRun(stage.origin, "echo", {}),
    ];
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    await page.goto(`${stage.origin}/#/run/${asking}`);
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
    expect(await statusOf(stage.origin, asking)).toBe("running");
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
    expect((await fetch(`${stage.origin}/handlers/${again}`)).status).toBe(404);
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
