/** Fields of forms in a real browser, where what is typed meets what is chosen and left out. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";

import { StartEvent, StopEvent, Workflow } from "../../src/index.ts";
import { until } from "../support/until.ts";
import { hasChromium, visit } from "./chromium.ts";
import { setStage } from "./stage.ts";
import { createServer } from "./workflows.ts";

describe.skipIf(!hasChromium)("a form", () => {
  const stage = setStage();

  test("keeps to the kind that was chosen, and to what is left of a list", async () => {
    const Contact = StartEvent.extend("Contact", {
      by: v.union([
        v.strictObject({ email: v.optional(v.string()) }),
        v.strictObject({ phone: v.optional(v.string()) }),
      ]),
      notes: v.array(v.unknown()),
    });
    await using own = createServer().addWorkflow(
      "contact",
      new Workflow().step("call", { accepts: [Contact], emits: [StopEvent] }, ({ data }) =>
        StopEvent({ result: [data.by, data.notes] }),
      ),
    );
    const { url } = await own.serve({ host: "127.0.0.1", port: 0 });
    await using visited = await visit(stage.browser, url.origin);
    const { page } = visited;
    await page.goto(`${url.origin}/#/workflow/contact`);
    await page.getByRole("button", { name: "Run contact", exact: true }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Kind").selectOption({ index: 2 });
    await dialog.getByLabel("Phone").fill("5550100");
    for (const note of ["1", "[2]"]) {
      await dialog.getByRole("button", { name: "Add item" }).click();
      await dialog.getByPlaceholder("JSON, or plain text").last().fill(note);
    }
    await dialog.getByRole("button", { name: "Remove item 1" }).click();
    const left = await dialog.getByPlaceholder("JSON, or plain text").inputValue();
    expect(JSON.parse(left)).toEqual([2]);
    await dialog.getByRole("button", { name: "Run", exact: true }).click();
    await dialog.waitFor({ state: "detached" });
    const id = /run\/([^?]+)/.exec(page.url())?.[1] ?? "";
    const result = async () => (await fetch(`${url.origin}/results/${id}`)).json();
    await until(async () => (await result()).status === "completed", "the run has completed");
    expect((await result()).result).toEqual([{ phone: "5550100" }, [[2]]]);
  }, 60_000);

  test("loses no entry to another that is given its name", async () => {
    const Prices = StartEvent.extend("Prices", { of: v.record(v.string(), v.string()) });
    await using own = createServer().addWorkflow(
      "prices",
      new Workflow().step("sum", { accepts: [Prices], emits: [StopEvent] }, () => StopEvent()),
    );
    const { url } = await own.serve({ host: "127.0.0.1", port: 0 });
    await using visited = await visit(stage.browser, url.origin);
    const { page } = visited;
    await page.goto(`${url.origin}/#/workflow/prices`);
    await page.getByRole("button", { name: "Run prices", exact: true }).first().click();
    const dialog = page.getByRole("dialog");
    const names = dialog.getByLabel(/^Name of entry/);
    for (let count = 0; count < 2; count++) {
      await dialog.getByRole("button", { name: "Add entry" }).click();
    }
    await names.first().fill("tea");
    await names.first().blur();
    await names.last().fill("tea");
    await names.last().blur();
    expect(await names.count()).toBe(2);
    expect(await names.first().inputValue()).toBe("tea");
  }, 60_000);
});
