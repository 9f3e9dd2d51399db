/** The page at `/`: embedded, from this origin only, and unable to load anything from elsewhere. */
/// <reference path="./assets.d.ts" />
import css from "../../static/start.css" with { type: "text" };
import html from "../../static/index.html" with { type: "text" };
import script from "../../static/start.js" with { type: "text" };
import type { StaticFile } from "../http/files.ts";

export const page: readonly StaticFile[] = [
  { path: "/", body: String(html), type: "text/html; charset=utf-8" },
  { path: "/start.css", body: String(css), type: "text/css; charset=utf-8" },
  { path: "/start.js", body: String(script), type: "text/javascript; charset=utf-8" },
];

export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
};
