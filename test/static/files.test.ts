/** What is taken along: runs in files, commands and programs, links to a stretch of time. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";

import type { WorkflowServer } from "../../src/index.ts";
import { toSendProgram, toStartProgram } from "../../static/model/typescript.ts";
import { until } from "../support/until.ts";
import { axe, hasChromium, launch, visit } from "./chromium.ts";
import { createServer, startRun } from "./workflows.ts";

let server: WorkflowServer;
let origin: string;

beforeAll(async () => {
  server = createServer();
  origin = (await server.serve({ host: "127.0.0.1", port: 0 })).url.origin;
});
afterAll(() => server.close());

test("the programs that are copied run, and do what the buttons do", async () => {
  // Inside of the package, so that they find it by its name.
  const folder = mkdtempSync(join(import.meta.dir, ".tmp-"));
  const program = { baseUrl: `${origin}/`, hasKey: true };
  try {
    const input = { count: 2, pauseMs: 0 };
    const started = await run(folder, toStartProgram(program, "burst", input));
    expect(started.split("\n")).toEqual([
      "Chunk {",
      "  index: 0,",
      '  text: "some words, number 0",',
      "}",
      "Chunk {",
      "  index: 1,",
      '  text: "some words, number 1",',
      "}",
      "StopEvent {",
      "  result: 2,",
      "}",
      "completed",
      "",
    ]);
    const id = await startRun(origin, "order", { customer: "Ada", express: true, size: "small" });
    const answer = { type: "Confirmed", value: { yes: true, by: "it's me" } };
    await run(folder, toSendProgram(program, id, answer, null));
    await until(
      async () => (await fetch(`${origin}/handlers/${id}`)).status === 200,
      "it has got its answer",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

describe.skipIf(!hasChromium)("in the page", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launch()), 60_000);
  afterAll(() => browser?.close());

  test("a run is exported and opened again, to be looked at without its server", async () => {
    const id = await startRun(origin, "order", { customer: "Ada", express: true, size: "small" });
    await using visited = await visit(browser, origin, { acceptDownloads: true });
    const { page, wrongs } = visited;
    await page.goto(`${origin}/#/run/${id}`);
    await page.getByText("Ship 1 small to Ada?").first().waitFor();
    const lines = (await exportBy(page, /NDJSON/)).trim().split("\n");
    const [events] = [lines.map((line) => JSON.parse(line) as { sequence: number; type: string })];
    expect(events.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    expect(events[2]).toMatchObject({ type: "Confirm", timestamp: expect.any(String) });
    const text = await exportBy(page, /All of it/);

    // Another server, which knows neither the run nor its workflow.
    await using other = createServer();
    const { url } = await other.serve({ host: "127.0.0.1", port: 0 });
    await using elsewhere = await visit(browser, url.origin);
    const { page: reader } = elsewhere;
    await reader.goto(url.origin);
    const file = { name: "order.json", mimeType: "application/json", buffer: Buffer.from(text) };
    await reader.locator("#run-file").setInputFiles({ ...file, buffer: Buffer.from("{}") });
    await reader.getByText("Expected `order.json` to be a run").waitFor();
    await reader.locator("#run-file").setInputFiles(file);
    await reader.getByText("from a file, read only").waitFor();
    // Whole by its looks, but nothing that ever happened.
    const odd = { ...(JSON.parse(text) as object), ticks: [{ kind: "run_started", at: 1 }] };
    const buffer = Buffer.from(JSON.stringify(odd));
    await reader.locator("#run-file").setInputFiles({ ...file, name: "odd.json", buffer });
    await reader
      .getByText(/cannot be replayed|This cannot be shown/)
      .first()
      .waitFor();
    await reader.goBack();
    await reader.getByText("from a file, read only").waitFor();
    await reader.getByRole("button", { name: /step take: 1 succeeded/ }).waitFor();
    await reader
      .getByRole("option", { name: /Confirm/ })
      .last()
      .waitFor();
    expect(await axe(reader, "file")).toEqual([]);
    for (const name of ["Cancel", "Delete this run", "Fork from here", "Run again", /^Send /]) {
      const button = reader.getByRole("button", { name, exact: true });
      expect([name, await button.count()]).toEqual([name, name instanceof RegExp ? 1 : 0]);
    }
    expect(await reader.getByRole("button", { name: "Send event" }).isDisabled()).toBe(true);
    await reader.reload();
    await reader.getByText("open this one once more").waitFor();
    expect([...wrongs, ...elsewhere.wrongs]).toEqual([]);
  }, 60_000);

  test("a form is copied as a command and as a program", async () => {
    await using visited = await visit(browser, origin, {
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const { page } = visited;
    await page.goto(`${origin}/#/workflow/order`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Customer").fill("Ada");
    const copy = async (name: string): Promise<string> => {
      await dialog.getByRole("button", { name: "Copy as …" }).click();
      await page.getByRole("menuitem", { name }).click();
      return (await page.evaluate("navigator.clipboard.readText()")) as string;
    };
    expect(await copy("TypeScript")).toContain(
      'client.start("order", { count: 1, express: false, customer: "Ada" })',
    );
    expect(await copy("curl")).toContain(`curl -X POST '${origin}/workflows/order/run-nowait'`);
    await dialog.getByRole("button", { name: "Copy as …" }).click();
    await page.keyboard.press("Escape");
    expect(await page.getByRole("menu").count()).toBe(0);
    expect(await dialog.count()).toBe(1); // Only the menu was closed.
  }, 60_000);

  test("events of a stretch of time are shown alone, and linked to", async () => {
    const id = await startRun(origin, "burst", { count: 4, pauseMs: 120 });
    await until(async () => (await fetch(`${origin}/handlers/${id}`)).status === 200, "it is over");
    await using visited = await visit(browser, origin);
    const { page } = visited;
    await page.goto(`${origin}/#/run/${id}`);
    const count = page.locator(".events .count");
    await count.getByText("7", { exact: true }).waitFor();
    await page.getByLabel("From", { exact: true }).fill("60ms");
    await page.getByLabel("to", { exact: true }).fill("330ms");
    await count.getByText(/^[0-6] of 7$/).waitFor();
    const shown = await count.textContent();
    await page.reload();
    await count.getByText(shown ?? "").waitFor();
    expect(await page.getByLabel("Filter events").inputValue()).toBe("from:60ms to:330ms");
    await page.getByLabel("to", { exact: true }).fill("never");
    await page.getByText("to:never has no time").waitFor();
  }, 60_000);
});

// ---

async function run(folder: string, program: string): Promise<string> {
  const path = join(folder, "program.ts");
  await Bun.write(path, program);
  const child = Bun.spawn([process.execPath, path], {
    cwd: folder,
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, NO_COLOR: "1" },
  });
  const [out, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect([code, error]).toEqual([0, ""]);
  return out;
}

async function exportBy(page: Page, item: RegExp): Promise<string> {
  await page.getByRole("button", { name: "Export this run" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: item }).click(),
  ]);
  return Bun.file(await download.path()).text();
}
