/** A power cut at any moment loses nothing that was acknowledged (`full`), and tears nothing. */
import { expect, test } from "bun:test";

import { losePower } from "./power.ts";
import { noDisk } from "./support/disk.ts";
import { withHistory } from "./support/history.ts";

if (noDisk !== null) console.warn(`Left out: power cuts, because ${noDisk}.`);

test.skipIf(noDisk !== null).each(["full", "process"] as const)(
  "with `%s`, what is there after a power cut is what was promised",
  async (durability) => {
    const report = await withHistory(`power-${durability}`, async (history) => {
      const found = await losePower(history, { cuts: 150, durability });
      expect(found.problems.slice(0, 10)).toEqual([]);
      return found;
    });
    const { records, lostMost } = report;
    console.info(`${durability}: 150 cuts in ${records} writes; lost at most ${lostMost} rounds`);
    // Otherwise the test would not see a loss either.
    if (durability === "process") expect(lostMost).toBeGreaterThan(0);
  },
  60_000,
);
