/** A log that a power cut or a bad disk has left in any state is a prefix, or refused in words. */
import { expect, test } from "bun:test";

import { withHistory } from "./support/history.ts";
import { damageWal } from "./wal.ts";

test("of a log that is cut or damaged anywhere, what opens is a prefix of what was written", async () => {
  const report = await withHistory("wal", async (history) => {
    const found = await damageWal(history, 300);
    expect(found.problems.slice(0, 10)).toEqual([]);
    return found;
  });
  console.info(
    `${report.opened} opened, ${report.refused} refused, of a log of ${report.walBytes} bytes`,
  );
  expect(report.opened + report.refused).toBe(300);
}, 60_000);
