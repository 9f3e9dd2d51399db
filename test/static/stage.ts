/** A server with the workflows of these tests, and a browser: open while a group of tests runs. */
import { afterAll, beforeAll } from "bun:test";
import type { Browser } from "playwright-core";

import { launch } from "./chromium.ts";
import { createServer } from "./workflows.ts";

export interface Stage {
  readonly browser: Browser;
  readonly origin: string;
}

/** To be called in the group; its fields are there when its tests run. */
export function setStage(): Stage {
  const server = createServer();
  const stage: Partial<{ browser: Browser; origin: string }> = {};
  beforeAll(async () => {
    const opened = server.serve({ host: "127.0.0.1", port: 0 });
    const [serving, browser] = await Promise.all([opened, launch()]);
    Object.assign(stage, { browser, origin: serving.url.origin });
  }, 60_000);
  afterAll(async () => {
    await stage.browser?.close();
    await server.close();
  });
  return stage as Stage;
}
