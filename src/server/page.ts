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

/** A server without its page is still a server. */
const missingPage: readonly StaticFile[] = [
  {
    path: "/",
    body: "workflows-server\n\nThe page is not built: run `bun static/build.ts`. The API works: see openapi.json.\n",
    type: "text/plain; charset=utf-8",
  },
];

/** What `loadPage` gives, by path. */
export const pagePaths: ReadonlySet<string> = new Set(["/", "/start.css", "/start.js"]);

export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
};

/** In a checkout it takes some tens of milliseconds, in a package none. */
export async function loadPage(): Promise<readonly StaticFile[]> {
  // The lock file is not in the package.
  const isCheckout = existsSync(join(import.meta.dir, "../../bun.lock"));
  try {
    if (isCheckout) return await (await import("../../static/build.ts")).buildPage();
    return (await import("../../static/dist/page.json")).default.files;
  } catch {
    return missingPage;
  }
}
