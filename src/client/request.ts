/** One request to the server: its address, its key, and its answer as JSON or as an error. */
import { ClientError, toClientError } from "./error.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** Where the server is; a path after the host is kept. */
  readonly baseUrl: string;
  /** Asked for with every request, so that it may change. */
  readonly key?: () => string | undefined;
  readonly fetch?: Fetch;
}

export interface Ask {
  readonly method?: "GET" | "POST";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Whether the answer may be silent for as long as it likes: that of a run, or a stream. */
  readonly isLong?: boolean;
}

export type Requester = (path: string, ask?: Ask) => Promise<Response>;

export function createRequester({ baseUrl, key, fetch: send }: ClientOptions): Requester {
  const base = baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`;
  const request: Fetch = send ?? ((url, init) => globalThis.fetch(url, init));
  return async (path, { method = "GET", body, headers, signal, isLong } = {}) => {
    const secret = key?.();
    const init: RequestInit & { readonly timeout?: false } = {
      method,
      headers: {
        ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
      ...(isLong && { timeout: false }), // Bun ends what is silent for five minutes.
    };
    const response = await request(new URL(path.replace(/^\//, ""), base).href, init).catch(
      (cause: unknown) => {
        if (signal?.aborted) throw cause;
        throw new ClientError(0, "unreachable", "The server does not answer.", { cause });
      },
    );
    if (response.ok) return response;
    throw await toClientError(response);
  };
}
