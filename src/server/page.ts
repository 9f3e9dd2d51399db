/**
 * The page at `/`: embedded, from this origin only, and unable to load anything from elsewhere.
 *
 * A package and a binary carry it ready-made; a checkout bundles it from its sources, so that what
 * one sees is what one has written.
 */
/// <reference path="../../static/page.d.ts" />
import { existsSync } from "node:fs";
import { join } from "node:path";

import type { StaticFile } from "../http/files.ts";

export const page: readonly StaticFile[] = await loadPage();

export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
};

// ---

async function loadPage(): Promise<readonly StaticFile[]> {
  // The lock file is not in the package.
  const isCheckout = existsSync(join(import.meta.dir, "../../bun.lock"));
  try {
    if (isCheckout) return await (await import("../../static/build.ts")).buildPage();
    return (await import("../../static/dist/page.json")).default.files;
  } catch (error) {
    return missingPage(error);
  }
}

/** A server without its page is still a server. */
function missingPage(error: unknown): readonly StaticFile[] {
  const reason = error instanceof Error ? error.message : String(error);
  const text = `workflows-server\n\nThe page is not built (bun static/build.ts). The API works: see openapi.json.\n\n${reason}\n`;
  return [
    { path: "/", body: text, type: "text/plain; charset=utf-8" },
    { path: "/start.css", body: "", type: "text/css; charset=utf-8" },
    { path: "/start.js", body: "", type: "text/javascript; charset=utf-8" },
  ];
}
