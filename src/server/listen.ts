/** A socket in front of a `fetch`: Bun's server, with time limits and a stop that ends. */
import { isIP } from "node:net";

import { toFailure, WorkflowError } from "../base/errors.ts";
import { shutdownMs } from "../base/limits.ts";
import type { Connection } from "./endpoint.ts";

export interface Listener {
  readonly url: URL;
  /** Takes no new connections, and waits for the answers under way, for a while. */
  close(): Promise<void>;
}

type Fetch = (request: Request, connection: Connection) => Promise<Response>;

interface Address {
  readonly host: string;
  readonly port: number;
}

/** `idleSeconds` close a connection that is silent, or whose request has not come whole by then. */
export function listen(address: Address, fetch: Fetch, idleSeconds: number = 15): Listener {
  const server = bind(address, fetch, idleSeconds);
  return {
    url: server.url,
    async close() {
      const stopped = server.stop();
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, shutdownMs);
      await Promise.race([stopped, late.promise]);
      clearTimeout(timer);
      await server.stop(true);
    },
  };
}

// ---

class BunConnection implements Connection, Disposable {
  readonly isFramed = true;
  readonly #server: Bun.Server<undefined>;
  readonly #request: Request;
  readonly #idleSeconds: number;

  constructor(server: Bun.Server<undefined>, request: Request, idleSeconds: number) {
    this.#server = server;
    this.#request = request;
    this.#idleSeconds = idleSeconds;
  }

  keepOpen(): Disposable {
    this.#server.timeout(this.#request, 0);
    return this;
  }

  [Symbol.dispose](): void {
    // Bun 1.4.5 would leave the connection without a limit for all later requests.
    this.#server.timeout(this.#request, this.#idleSeconds);
  }
}

function bind({ host, port }: Address, fetch: Fetch, idleSeconds: number): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: host,
      port,
      // Ours counts every body, and answers with words; Bun's own limit would answer with none.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      idleTimeout: idleSeconds,
      // Bun's own pages for errors would show sources; and it would print errors of streams itself.
      development: false,
      // If it were true, Bun 1.4.5 would share the port with any process that asks for it.
      reusePort: false,
      fetch: (request, server) => fetch(request, new BunConnection(server, request, idleSeconds)),
    });
  } catch (error) {
    const { code = "", message } = toFailure(error);
    const why = reasons[code] ?? (isIP(host) === 0 ? notHere : message);
    const place = host.includes(":") ? `[${host}]` : host;
    throw new WorkflowError("config_invalid", `Cannot listen on ${place}:${port}: ${why}.`, {
      cause: error,
    });
  }
}

const notHere =
  "no address of this machine is called so. Use 127.0.0.1 for this machine only, or 0.0.0.0 for all its addresses";

/** By the system's code. Of a name that cannot be looked up, Bun 1.4.5 reports just any code. */
const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "the port is in use. Choose another with `--port` or `WORKFLOWS_SERVER_PORT`, or stop what uses it",
  EACCES: "this user may not use the port. Choose one above 1023 with `--port`",
  EADDRNOTAVAIL: notHere,
};
