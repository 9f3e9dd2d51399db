/**
 * HTTP/1.1 over a raw socket that is kept open: a client that costs a fraction of `fetch`, so that
 * one core of load can busy one core of server. It knows what our servers send, not all of HTTP.
 */

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const headEnd = Buffer.from("\r\n\r\n");

export class Connection implements Disposable {
  #socket: Bun.Socket | undefined;
  #rest: Buffer | undefined;
  #onAnswer: ((status: number, head: string, body: Buffer) => void) | undefined;
  #onBroken: ((error: Error) => void) | undefined;

  static async open(url: URL): Promise<Connection> {
    const connection = new Connection();
    connection.#socket = await Bun.connect({
      hostname: url.hostname,
      port: Number(url.port),
      socket: {
        data: (_, chunk) => connection.#receive(chunk),
        close: () => connection.#break(new Error("The server closed the connection.")),
        error: (_, error) => connection.#break(error),
      },
    });
    connection.#socket.setNoDelay(true);
    return connection;
  }

  /** Sends a request; the next may follow when it is answered. */
  send(
    request: Uint8Array,
    onAnswer: (status: number, head: string, body: Buffer) => void,
    onBroken: (error: Error) => void,
  ): void {
    this.#onAnswer = onAnswer;
    this.#onBroken = onBroken;
    this.#socket?.write(request);
  }

  request(request: Uint8Array): Promise<Answer & { readonly head: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer & { head: string }>();
    this.send(
      request,
      (status, head, body) => resolve({ status, head, body: body.toString() }),
      reject,
    );
    return promise;
  }

  [Symbol.dispose](): void {
    this.#onBroken = undefined;
    this.#socket?.end();
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : Buffer.from(chunk);
    this.#rest = bytes;
    const headLength = bytes.indexOf(headEnd);
    if (headLength < 0) return;
    const head = bytes.toString("latin1", 0, headLength);
    const bodyLength = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const bodyStart = headLength + headEnd.length;
    if (bytes.length < bodyStart + bodyLength) return;
    this.#rest = undefined;
    const status = Number(head.slice(9, 12));
    this.#onAnswer?.(status, head, bytes.subarray(bodyStart, bodyStart + bodyLength));
  }

  #break(error: Error): void {
    this.#onBroken?.(error);
  }
}

export function toRequest(url: URL, method: string, path: string, body?: unknown): Uint8Array {
  const text = body === undefined ? "" : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${url.host}`];
  if (text !== "") {
    lines.push("Content-Type: application/json", `Content-Length: ${Buffer.byteLength(text)}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${text}`);
}

/** One request on a connection of its own. Throws unless it was answered with a 2xx. */
export async function ask(
  url: URL,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer & { readonly head: string }> {
  using connection = await Connection.open(url);
  const answer = await connection.request(toRequest(url, method, path, body));
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  return answer;
}
