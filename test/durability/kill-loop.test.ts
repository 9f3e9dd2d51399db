/** The promises of durability hold under `kill -9`, at any moment and as often as one likes. */
import { expect, test } from "bun:test";

import { killLoop } from "./kill-loop.ts";
import { withHistory } from "./support/history.ts";

test("nothing that was accepted is lost, and nothing that was done is done again, in 50 kills", async () => {
  const report = await withHistory("kill-loop", async (history) => {
    const found = await killLoop(history, { kills: 50, width: 30 });
    expect(found.problems.slice(0, 20)).toEqual([]);
    return found;
  });
  const { runs, events, deeds, startMsMax } = report;
  console.info(
    `50 kills: ${runs} runs, ${events} events, ${deeds} deeds; ready after ${Math.round(startMsMax)} ms at most`,
  );
}, 120_000);
