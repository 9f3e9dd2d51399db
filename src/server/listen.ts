/** A socket in front of a `fetch`: Bun's server, with time limits and a stop that ends. */
import { WorkflowError } from "../base/errors.ts";
import { bodyBytesMax, shutdownMs } from "../base/limits.ts";

export interface Listener {
  readonly url: URL;
  /** Takes no new connections, and waits for the answers under way, for a while. */
  close(): Promise<void>;
}

export function listen(
  address: { readonly host: string; readonly port: number },
  fetch: (request: Request, keepOpen: () => void) => Promise<Response>,
): Listener {
  const server = bind(address, fetch);
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

function bind(
  { host, port }: { readonly host: string; readonly port: number },
  fetch: (request: Request, keepOpen: () => void) => Promise<Response>,
): Bun.Server<undefined> {
  try {
    return Bun.serve({
      hostname: host,
      port,
      // Ours answers first, with words; this one is for what does not even tell its length.
      maxRequestBodySize: 2 * bodyBytesMax,
      // Seconds of silence after which a connection is closed: a body has to keep coming.
      idleTimeout: 15,
      // Bun's own pages for errors would show sources; and it would print errors of streams itself.
      development: false,
      fetch: (request, server) => fetch(request, () => server.timeout(request, 0)),
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const why =
      code === "EADDRINUSE"
        ? "the port is in use. Choose another with `--port` or `WORKFLOWS_SERVER_PORT`, or stop what uses it"
        : `${error instanceof Error ? error.message : String(error)}. Check \`--host\` and \`--port\``;
    throw new WorkflowError("config_invalid", `Cannot listen on ${host}:${port}: ${why}.`, {
      cause: error,
    });
  }
}
