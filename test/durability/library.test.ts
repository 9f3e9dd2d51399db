/** A run of a program that has no server outlasts it too, if it was given a store. */
import { expect, test } from "bun:test";
import { join } from "node:path";

import { WorkflowServer } from "../../src/index.ts";
import { until } from "../support/until.ts";
import { asking } from "./fixtures/library.ts";
import { createScratch } from "./support/scratch.ts";

test("a run whose program was killed goes on in a server on the same store", async () => {
  using directory = createScratch();
  const file = directory.file("library.db");
  const fixture = join(import.meta.dir, "fixtures", "library.ts");
  await using program = Bun.spawn([process.execPath, fixture, file], { stdout: "pipe" });
  for await (const line of program.stdout) {
    expect(Buffer.from(line).toString()).toBe("InputRequiredEvent\n");
    break;
  }
  program.kill(9);
  await program.exited;

  await using server = new WorkflowServer({ store: file }).addWorkflow("asking", asking);
  await server.start();
  const ask = (path: string, body?: object): Promise<Response> =>
    server.fetch(
      new Request(
        `http://localhost${path}`,
        body && { method: "POST", body: JSON.stringify(body) },
      ),
    );
  const event = { type: "HumanResponseEvent", value: { response: "later" } };
  expect((await ask("/events/h", { event })).status).toBe(200);
  await until(async () => (await ask("/results/h")).status === 200, "the run has ended");
  expect(await (await ask("/results/h")).json()).toMatchObject({ result: [1, "later"] });
}, 60_000);
