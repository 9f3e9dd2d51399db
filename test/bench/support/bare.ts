/**
 * The ceiling: a bare `Bun.serve` that reads the same requests and answers the same bytes.
 *
 *     bun test/bench/support/bare.ts --body TEXT --headers JSON
 */
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { body: { type: "string", default: "" }, headers: { type: "string", default: "{}" } },
});
const headers = JSON.parse(values.headers) as Record<string, string>;
const { body } = values;
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: async (request) => {
    await request.json();
    return new Response(body, { headers });
  },
});
console.info(server.url.href);
for await (const _ of console); // Until its input ends.
await server.stop(true);
process.exit(0);
