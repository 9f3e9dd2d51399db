/** What goes wrong around the page, and what is too much: it says so, and stays of use. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Page } from "playwright-core";

import { temporaryFolder } from "../support/folder.ts";
import { hasChromium, visit } from "./chromium.ts";
import { setStage } from "./stage.ts";
import { createServer, quick, startRun } from "./workflows.ts";

const folder = temporaryFolder();
const customer = { customer: "Ada", express: true, size: "small" };

describe.skipIf(!hasChromium)("the page", () => {
  const stage = setStage();

  test("goes on with the run in view when the server is back, with nothing twice", async () => {
    const store = join(folder, "runs.db");
    let own = createServer({ store });
    const { url } = await own.serve({ host: "127.0.0.1", port: 0 });
    const id = await startRun(url.origin, "order", customer);
    await using visited = await visit(stage.browser, url.origin);
    const { page } = visited;
    await page.goto(`${url.origin}/#/run/${id}`);
    const card = page.getByRole("region", { name: "Waiting for your answer" });
    await card.getByLabel("Yes").check();
    await own.close();
    await page.locator(".events .server").getByText("connection lost").waitFor();
    await page.locator(".header .server").getByText("server gone").waitFor();
    // Asked for in vain: it says so, and what was filled in stays.
    await card.getByLabel("By", { exact: true }).fill("Grace");
    await card.getByRole("button", { name: "Send Confirmed" }).click();
    await card.getByText("The server does not answer.").waitFor();
    own = createServer({ store });
    await own.serve({ host: "127.0.0.1", port: url.port });
    await page.locator(".events .server").getByText("following").waitFor();
    await card.getByRole("button", { name: "Send Confirmed" }).click();
    await page.locator(".events .server").getByText("complete").waitFor();
    const shown = await page.locator(".events .event-sequence").allTextContents();
    expect(shown).toEqual(shown.map((_, index) => String(index)));
    expect(await page.locator(".events .event-type").last().textContent()).toBe("Receipt");
    await own.close();
  }, 60_000);

  test("shows a run that was chosen while the server was away as soon as it is back", async () => {
    const store = join(folder, "away.db");
    let own = createServer({ store });
    const { url } = await own.serve({ host: "127.0.0.1", port: 0 });
    const id = await startRun(url.origin, "order", customer);
    await using visited = await visit(stage.browser, url.origin);
    const { page } = visited;
    await page.goto(url.origin);
    await page.getByRole("row", { name: new RegExp(id) }).waitFor();
    await own.close();
    await page.locator(".header .server").getByText("server gone").waitFor();
    await page.getByRole("row", { name: new RegExp(id) }).click();
    await page.locator(".events .server").getByText("connection lost").waitFor();
    own = createServer({ store });
    await own.serve({ host: "127.0.0.1", port: url.port });
    await page.getByRole("region", { name: "Waiting for your answer" }).waitFor();
    await own.close();
  }, 60_000);

  test("does not ask for ever for a workflow that is not there, but again when the server is back", async () => {
    let own = createServer();
    const { url } = await own.serve({ host: "127.0.0.1", port: 0 });
    await using visited = await visit(stage.browser, url.origin);
    const { page } = visited;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${url.origin}/#/workflow/none`);
    await page.getByText("The workflow “none” cannot be shown").waitFor();
    await page.getByLabel("Find runs").fill("Anything that takes a moment.");
    // The answer may have come before the connection was there, after which all is asked once more.
    const graphs = asked.filter((path) => path === "/workflows/none/representation");
    expect(graphs.length).toBeLessThanOrEqual(2);
    await own.close();
    await page.locator(".header .server").getByText("server gone").waitFor();
    own = createServer().addWorkflow("none", quick);
    await own.serve({ host: "127.0.0.1", port: url.port });
    await page.getByRole("button", { name: "Run none" }).waitFor();
    await own.close();
  }, 60_000);

  test("keeps what it has of a run that is deleted while it is open", async () => {
    const [waiting, done] = [
      await startRun(stage.origin, "order", customer),
      await startRun(stage.origin, "echo", {}),
    ];
    for (const id of [waiting, done]) {
      await using visited = await visit(stage.browser, stage.origin);
      const { page, wrongs } = visited;
      await page.goto(`${stage.origin}/#/run/${id}`);
      await page.locator(".events .row").first().waitFor();
      await page.locator(".run-bar .status").waitFor();
      await fetch(`${stage.origin}/handlers/${id}/cancel?purge=true`, { method: "POST" });
      await page.getByText("deleted from the server").waitFor();
      await page.locator(".events .server").getByText("complete").waitFor();
      expect(await page.locator(".events .row").count()).toBeGreaterThan(2);
      expect(await page.getByRole("button", { name: "Delete this run" }).count()).toBe(0);
      expect(await page.getByRole("button", { name: "Send event" }).isDisabled()).toBe(true);
      await page.getByRole("button", { name: "Export this run" }).waitFor();
      await page.reload(); // Now there is nothing of it any more.
      await page.getByText("This run cannot be shown").waitFor();
      expect(wrongs).toEqual([]);
    }
  }, 60_000);

  test("asks for JSON where it knows no form, and says what is wrong with it", async () => {
    const id = await startRun(stage.origin, "redeem", {});
    await using visited = await visit(stage.browser, stage.origin);
    const { page } = visited;
    await page.goto(`${stage.origin}/#/run/${id}`);
    const card = page.getByRole("region", { name: "Waiting for your answer" });
    const send = card.getByRole("button", { name: "Send Coupon" });
    const text = card.getByLabel("Fields as JSON");
    await text.fill('{\n  "code": FREE }');
    await card.getByText("This is no JSON: Unexpected token 'F'").waitFor();
    await text.fill("[]");
    await card.getByText("Expected a JSON object.").waitFor();
    await text.fill('{"code":"HALF"}');
    await send.click();
    await card.locator(".raw-errors").getByText("code No such coupon").waitFor();
    expect(await text.getAttribute("aria-invalid")).toBe("true");
    await text.fill('{"code":"FREE"}');
    await send.click();
    await page.getByRole("group", { name: "Result" }).getByText("redeemed FREE").waitFor();
  }, 60_000);

  test("stays of use with a payload of 10 MB", async () => {
    const id = await startRun(stage.origin, "big", { megabytes: 10 });
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    await page.goto(`${stage.origin}/#/run/${id}`);
    await page.locator(".events .server").getByText("complete").waitFor();
    const result = page.getByRole("group", { name: "Result" });
    await result.getByText("10,000,000 characters").waitFor();
    await page.getByRole("option", { name: /Blob/ }).click();
    await page
      .getByRole("region", { name: "Event 1" })
      .getByText(/10,000,000 char/)
      .waitFor();
    expect(await nodesOf(page)).toBeLessThan(1_500);
    await page.getByLabel("Filter events").fill("nothing-has-this");
    await page.locator(".events .count").getByText(/^0 of/).waitFor();
    await page.getByRole("tab", { name: "Step data" }).click();
    await page.getByText("all steps").or(page.getByText(/1 job/)).first().waitFor();
    expect(wrongs).toEqual([]);
  }, 60_000);

  test("holds a hundred thousand events", async () => {
    const id = await startRun(stage.origin, "burst", { count: 100_000 });
    await using visited = await visit(stage.browser, stage.origin);
    const { page, wrongs } = visited;
    await page.goto(`${stage.origin}/#/run/${id}`);
    await page.locator(".events .server").getByText("complete").waitFor({ timeout: 60_000 });
    await page.locator(".events .count").getByText("100003", { exact: true }).waitFor();
    expect(await nodesOf(page)).toBeLessThan(1_000);
    await page.getByLabel("Filter events").fill("77777");
    await page.locator(".events .count").getByText("1 of 100003").waitFor();
    await page.getByRole("option", { name: /Chunk/ }).click();
    await page.getByLabel("Filter events").fill("");
    await page.getByRole("listbox", { name: "Events in order" }).focus();
    await page.keyboard.press("Home");
    await page.getByRole("region", { name: "Event 0" }).waitFor();
    expect(wrongs).toEqual([]);
  }, 90_000);
});

// ---

async function nodesOf(page: Page): Promise<number> {
  return (await page.evaluate("document.querySelectorAll('*').length")) as number;
}
