/** The graph in a real browser: long ones, parts of them, and two runs in one. */
import { describe, expect, test } from "bun:test";
import type { Locator, Page } from "playwright-core";

import { axe, hasChromium, visit } from "./chromium.ts";
import { setStage } from "./stage.ts";
import { startRun } from "./workflows.ts";

describe.skipIf(!hasChromium)("the graph", () => {
  const stage = setStage();

  test("of 200 steps is wrapped and legible, and its nodes are found by name", async () => {
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    await page.goto(`${stage.origin}/#/workflow/chain_200`);
    await node(page, "step part_0").waitFor();
    expect(await heightOf(page, "part_0")).toBeGreaterThan(26);
    // What nobody sees is not drawn; the map has all of it.
    expect(await page.locator(".graph [data-node]").count()).toBeLessThan(120);
    expect(await page.locator(".minimap rect").count()).toBe(402);
    const [first, later] = [await placeOf(page, "part_0"), await placeOf(page, "part_20")];
    expect(later.y - first.y).toBeGreaterThan(200);
    expect(Math.abs(later.x - first.x)).toBeLessThan(1_200);

    expect(await isInView(page, "part_150")).toBe(false);
    await page.keyboard.press("n");
    await page.getByRole("searchbox", { name: "Find a node" }).fill("part_15");
    await page.getByText("11 nodes").waitFor(); // That one, and 150 to 159.
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await expectInView(page, "part_150");
    expect(await axe(page, "search")).toEqual([]);
    await page.keyboard.press("Escape");
    const focused = await page.evaluate("document.activeElement.getAttribute('data-node')");
    expect(focused).toBe("part_150");

    await page.keyboard.press("Enter"); // Chosen.
    await page.getByRole("button", { name: "Neighbours only" }).click();
    await page.getByText("part_150 and what is next to it").waitFor();
    const shown = page.locator(".graph [data-node]");
    expect(await shown.count()).toBe(5); // With the steps before and after, and what lies between.
    await page.getByRole("button", { name: "Farther" }).click();
    expect(await shown.count()).toBe(9);
    await page.getByRole("button", { name: "Show all" }).click();
    expect(await shown.count()).toBeGreaterThan(9);
    await page.getByRole("button", { name: "Fold", exact: true }).click();
    await node(page, "step part_150: 99 nodes folded").waitFor();
    expect(await page.locator(".minimap rect").count()).toBe(402 - 99);
    await page.getByRole("button", { name: "Unfold all" }).click();
    await node(page, "step part_150").waitFor();
    expect(wrongs).toEqual([]);
  }, 60_000);

  test("is laid from top to bottom, or on one line, where a reader wants it so", async () => {
    await using visited = await visit(stage.browser, stage.origin);
    const { page } = visited;
    await page.goto(`${stage.origin}/#/workflow/order`);
    await node(page, "step take").waitFor();
    const across = [await placeOf(page, "take"), await placeOf(page, "Confirm")] as const;
    expect([across[1].x > across[0].x, across[1].y === across[0].y]).toEqual([true, true]);
    await page.getByRole("button", { name: "From top to bottom" }).click();
    await page.reload();
    await node(page, "step take").waitFor();
    const down = [await placeOf(page, "take"), await placeOf(page, "Confirm")] as const;
    expect([down[1].y > down[0].y, down[1].x === down[0].x]).toEqual([true, true]);
    await page.getByRole("button", { name: "From top to bottom" }).click();

    await page.goto(`${stage.origin}/#/workflow/chain_200`);
    await node(page, "step part_0").waitFor();
    await page.getByRole("button", { name: "Wrap long chains" }).click();
    const [first, later] = [await placeOf(page, "part_0"), await placeOf(page, "part_4")];
    expect(later.y).toBe(first.y);
    expect(later.x - first.x).toBeGreaterThan(1_000);
  }, 60_000);

  test("of a comparison says in words and letters where the runs differ", async () => {
    const [straight, detour] = [
      await startRun(stage.origin, "ways", { pauseMs: 60 }),
      await startRun(stage.origin, "ways", { isDetour: true }),
    ];
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    await page.goto(`${stage.origin}/#/run/${straight}?tab=compare&with=${detour}`);
    await node(page, /step straight: only in A, 1 time/).waitFor();
    await node(page, /step around: only in B, 1 time/).waitFor();
    await node(page, /step choose: faster in B, \d+ ms in A, \d+ ms in B/).waitFor();
    const letters = page.locator(".edges .letter-mark text");
    expect((await letters.allTextContents()).toSorted().join("")).toBe("AAABBB");
    await page.getByRole("list", { name: "What the marks mean" }).waitFor();
    expect(await axe(page, "overlay")).toEqual([]);
    await page.getByRole("button", { name: "Differences" }).click();
    await node(page, "step straight: 1 succeeded").waitFor();
    expect(wrongs).toEqual([]);
  }, 60_000);
});

// ---

function node(page: Page, name: string | RegExp): Locator {
  return page.locator(".graph").getByRole("button", { name, exact: typeof name === "string" });
}

/** In the drawing, however it is looked at. */
async function placeOf(page: Page, id: string): Promise<{ x: number; y: number }> {
  const transform = await page.locator(`.graph [data-node="${id}"]`).getAttribute("transform");
  const [x = NaN, y = NaN] = (transform?.match(/-?[\d.]+/g) ?? []).map(Number);
  return { x, y };
}

async function heightOf(page: Page, id: string): Promise<number> {
  const box = await page.locator(`.graph [data-node="${id}"] .node-box`).boundingBox();
  return box?.height ?? 0;
}

async function isInView(page: Page, id: string): Promise<boolean> {
  const drawn = page.locator(`.graph [data-node="${id}"]`);
  if ((await drawn.count()) === 0) return false;
  const box = await drawn.boundingBox();
  const window = await page.locator(".graph > svg").first().boundingBox();
  if (!box || !window) return false;
  return box.y >= window.y && box.y + box.height <= window.y + window.height;
}

async function expectInView(page: Page, id: string): Promise<void> {
  while (!(await isInView(page, id))) await Bun.sleep(20);
}
