/**
 * Serves the workflows of the recorded transcripts in one of their set-ups:
 *
 *     bun test/wire/serve.ts --profile default|alt|faults|not-started --port 8080
 *
 * Port 0 picks a free one. Prints the address as its first line.
 */
import { parseArgs } from "node:util";

import { MemoryStore, type Store, WorkflowError, WorkflowServer } from "../../src/index.ts";
import type { WorkflowServerOptions } from "../../src/index.ts";
import { workflows } from "./workflows.ts";

const fire = (): never => {
  throw new WorkflowError("store_failed", "disk on fire");
};

/** A disk that fails for some handlers. */
class BurningStore extends MemoryStore {
  override create(...[run, first]: Parameters<Store["create"]>): Promise<void> {
    return run.handlerId.startsWith("broken-update") ? Promise.try(fire) : super.create(run, first);
  }
  override getHandler(handlerId: string): ReturnType<Store["getHandler"]> {
    return handlerId.startsWith("broken-query") ? Promise.try(fire) : super.getHandler(handlerId);
  }
}

/** A disk that never spins up. */
class StuckStore extends MemoryStore {
  override open(): Promise<never> {
    return new Promise(() => {});
  }
}

const profiles: Readonly<Record<string, () => WorkflowServerOptions>> = {
  default: () => ({ store: new MemoryStore(), heartbeatInterval: 1 }),
  alt: () => ({
    store: new MemoryStore(),
    idleTimeout: 0.2,
    heartbeatInterval: null,
    acceptContext: true,
  }),
  faults: () => ({ store: new BurningStore() }),
  "not-started": () => ({ store: new StuckStore() }),
};

const { values } = parseArgs({
  options: {
    profile: { type: "string", default: "default" },
    port: { type: "string", default: "8080" },
  },
});
const options = profiles[values.profile];
if (!options) throw new Error(`There is no profile ${values.profile}.`);

const server = new WorkflowServer(options());
for (const [name, workflow, additionalEvents = []] of workflows) {
  server.addWorkflow(name, workflow, { additionalEvents });
}
const address = { host: "127.0.0.1", port: values.port };
// A server that never gets ready never returns from `serve`: its `fetch` is mounted instead.
const { url } =
  values.profile === "not-started"
    ? Bun.serve({ hostname: address.host, port: Number(address.port), fetch: server.fetch })
    : await server.serve(address);
console.log(url.origin);
