/**
 * The debugger that others wrote for the Python server, unmodified, against ours: starts a run,
 * follows it, sends it an event, and sees its end.
 *
 * Its package is fetched when the test runs: as a dependency it would bring 400 MB with it, of which
 * its one script needs none.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Browser } from "playwright-core";

import { hasChromium, launch } from "./chromium.ts";
import { createServer } from "./workflows.ts";
import { temporaryFolder } from "../support/folder.ts";

const packageName = "@llamaindex/workflow-debugger@0.2.42";
const folder = temporaryFolder();
const hasPackage = hasChromium && fetchPackage();
if (hasChromium && !hasPackage) {
  console.warn(`\n*** NOT TESTED: ${packageName} against this server. It needs npm. ***\n`);
}

const html = `<!doctype html><html><head><link rel="stylesheet" href="/app.css"></head>
<body><div id="root"></div><script type="module" src="/app.js"></script></body></html>`;

describe.skipIf(!hasPackage)("the peer's own debugger", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterAll(() => browser?.close());

  test("starts a run, follows it, sends it an event, and sees it end", async () => {
    await using workflows = createServer();
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      routes: {
        "/": new Response(html, { headers: { "content-type": "text/html" } }),
        "/app.js": Bun.file(join(folder, "package/dist/app.js")),
        "/app.css": Bun.file(join(folder, "package/dist/app.css")),
      },
      fetch: (request) => workflows.fetch(request),
    });
    await using page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const failures: string[] = [];
    page.on("pageerror", (error) => failures.push(error.message));
    await page.goto(server.url.href);
    await page.getByText("Select workflow...").click();
    await page.getByRole("option", { name: "order" }).click();
    await page.getByLabel("Customer").fill("Ada");
    await page.getByLabel("Count").fill("2");
    await page.getByLabel("Size").fill("large");
    await page.getByRole("combobox").last().click();
    await page.getByRole("option", { name: "True" }).click();
    await page.getByRole("button", { name: "Run Workflow" }).click();
    await page.getByText("running", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Send Event" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox").first().click();
    await page.getByRole("option", { name: "Confirmed" }).click();
    await dialog.getByLabel("By").fill("Grace");
    await dialog.getByRole("combobox").last().click();
    await page.getByRole("option", { name: "True" }).click();
    await dialog.getByRole("button", { name: "Send Event" }).click();
    await page.getByText("completed", { exact: true }).waitFor();
    const row = page.getByRole("row", { name: "Receipt" });
    expect(await row.textContent()).toContain('"customer": "Ada"');
    expect(failures).toEqual([]);
  }, 60_000);
});

// ---

function fetchPackage(): boolean {
  const npm = Bun.which("npm");
  if (npm === null) return false;
  const packed = Bun.spawnSync([npm, "pack", "--silent", packageName], { cwd: folder });
  const file = packed.stdout.toString().trim();
  if (!packed.success || file === "") return false;
  return Bun.spawnSync(["tar", "xzf", file], { cwd: folder }).success;
}
