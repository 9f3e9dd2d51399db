/**
 * Many readers of event streams in one process: raw sockets that count frames, and take the time
 * that each event says it was written at.
 */
import { preciseNow } from "./process.ts";

const eventMark = Buffer.from('"at":');
const frameEnd = Buffer.from("\n\n");

/** What all readers of a measurement have seen. */
export class Seen {
  events = 0;
  errors = 0;
  ended = 0;
  /** Milliseconds from the write of an event to its arrival. */
  readonly latencies: number[] = [];
}

export class Reader implements Disposable {
  readonly #seen: Seen;
  #socket: Bun.Socket | undefined;
  #rest: Buffer | undefined;
  #isDone = false;
  /** Resolves with the first byte of the body, which tells that it is attached. */
  readonly attached: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  readonly ended: PromiseWithResolvers<void> = Promise.withResolvers<void>();

  private constructor(seen: Seen) {
    this.#seen = seen;
  }

  static async open(url: URL, path: string, seen: Seen): Promise<Reader> {
    const reader = new Reader(seen);
    reader.#socket = await Bun.connect({
      hostname: url.hostname,
      port: Number(url.port),
      socket: {
        data: (_, chunk) => reader.#receive(chunk),
        close: () => reader.#end(true),
        error: () => reader.#end(true),
      },
    });
    reader.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
    return reader;
  }

  [Symbol.dispose](): void {
    this.#isDone = true;
    this.#socket?.end();
  }

  #receive(chunk: Buffer): void {
    this.attached.resolve();
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    const last = bytes.lastIndexOf(frameEnd);
    const end = last < 0 ? 0 : last + frameEnd.length;
    const now = preciseNow();
    for (let at = bytes.indexOf(eventMark); at >= 0 && at < end;) {
      const start = at + eventMark.length;
      this.#seen.events++;
      this.#seen.latencies.push(
        now - Number.parseFloat(bytes.toString("latin1", start, start + 20)),
      );
      at = bytes.indexOf(eventMark, start);
    }
    this.#rest = end === bytes.length ? undefined : Buffer.from(bytes.subarray(end));
    // The last chunk of a body that comes in chunks.
    const tail = bytes.length - 5;
    if (tail >= 0 && bytes.toString("latin1", tail) === "0\r\n\r\n") this.#end(false);
  }

  #end(isBroken: boolean): void {
    if (this.#isDone) return;
    this.#isDone = true;
    if (isBroken) this.#seen.errors++;
    else this.#seen.ended++;
    this.attached.resolve();
    this.ended.resolve();
    this.#socket?.end();
  }
}

/** Opens readers, a few at a time, and waits until each is attached. */
export async function openReaders(
  url: URL,
  paths: readonly string[],
  seen: Seen,
): Promise<readonly Reader[]> {
  const readers: Reader[] = [];
  for (let i = 0; i < paths.length; i += 100) {
    const opening = paths.slice(i, i + 100).map((path) => Reader.open(url, path, seen));
    const opened = await Promise.all(opening);
    await Promise.all(opened.map((reader) => reader.attached.promise));
    readers.push(...opened);
  }
  return readers;
}
