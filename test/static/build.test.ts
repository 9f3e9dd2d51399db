/** What the page weighs, and that it is whole. */
import { expect, test } from "bun:test";

import { pagePaths } from "../../src/server/page.ts";
import { buildPage } from "../../static/build.ts";

test("the page weighs less than 80 kB as it is sent, and names nothing of another origin", async () => {
  const files = await buildPage();
  expect(new Set(files.map(({ path }) => path))).toEqual(new Set(pagePaths));
  const bytes = files.reduce((sum, { body }) => sum + Bun.gzipSync(Buffer.from(body)).length, 0);
  console.log(`The page: ${(bytes / 1024).toFixed(1)} kB.`);
  expect(bytes).toBeLessThan(80 * 1024);
  const addresses = files.flatMap(({ body }) => body.match(/https?:\/\/[^"'`\s)<]+/g) ?? []);
  // Names of a language and of what SVG is, which nobody asks for.
  const known = /^https?:\/\/(?:www\.w3\.org\/|localhost)/;
  expect(addresses.filter((address) => !known.test(address))).toEqual([]);
});
