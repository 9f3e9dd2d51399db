/** A stream that is cut anywhere goes on where it was, with nothing twice and nothing left out. */
import { expect, test } from "bun:test";

import type { Frame } from "../support/sse.ts";
import { Client } from "./support/client.ts";
import { startServer } from "./support/process.ts";
import { createScratch } from "./support/scratch.ts";

const count = 100;

test("cut at every event, and gone on by header and by query, in the next life of the server too", async () => {
  using scratch = createScratch();
  const options = { fixture: "streams.ts", store: scratch.file("state.db") };
  let id = "";
  let whole = "";
  const firsts: (readonly Frame[])[] = [];
  {
    await using server = await startServer(options);
    const client = new Client(server.url);
    id = (await client.start("paced", { count, ms: 4 })).handler_id;
    // The first half of them while the run is under way, so that the cut is in its live part.
    for (let cut = 0; cut < count; cut++) firsts.push(await take(client, id, cut));
    whole = textOf(await client.allEvents(id));
    for (const [cut, first] of firsts.entries()) await joins(client, cut, first);
  }
  await using server = await startServer(options);
  const client = new Client(server.url);
  expect(textOf(await client.allEvents(id))).toBe(whole);
  for (const [cut, first] of firsts.entries()) await joins(client, cut, first);

  async function joins(by: Client, cut: number, first: readonly Frame[]): Promise<void> {
    const after = Number(first.at(-1)?.id ?? -1);
    for (const way of ["header", "query"] as const) {
      const rest = await Array.fromAsync(by.events(id, after, way));
      expect([cut, way, textOf([...first, ...rest]) === whole]).toEqual([cut, way, true]);
    }
  }
}, 30_000);

// ---

/** So many events from the start, and then the connection is dropped. */
async function take(client: Client, id: string, length: number): Promise<readonly Frame[]> {
  const frames: Frame[] = [];
  if (length === 0) return frames;
  for await (const frame of client.events(id, -1)) {
    frames.push(frame);
    if (frames.length === length) break;
  }
  return frames;
}

function textOf(frames: readonly Frame[]): string {
  return frames.map(({ text }) => text).join("");
}
