/**
 * A stream that does not end because a connection did: broken off, it is asked for again from where
 * it was, later and later. It ends with the server's word that nothing is left, or with its signal.
 */
import type { Clock } from "../base/clock.ts";
import { ClientError } from "./error.ts";
import type { Requester } from "./request.ts";
import { createSseParser, type SseFrame } from "./sse.ts";

export interface FollowOptions {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Sent as `Last-Event-ID` when the stream goes on. */
  readonly isResumable: boolean;
  /** Told when frames come, and when a connection was lost. */
  readonly onState?: (state: "open" | "lost") => void;
}

const delaysMs: readonly number[] = [250, 500, 1_000, 2_000, 4_000];

/** Frames in batches, as they came in. Throws what no repetition can cure. */
export async function* followSse(
  request: Requester,
  { path, signal, clock, isResumable, onState }: FollowOptions,
): AsyncGenerator<readonly SseFrame[], void, void> {
  let last: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const before = last;
    try {
      const headers = {
        accept: "text/event-stream",
        ...(isResumable && last !== undefined && { "last-event-id": last }),
      };
      const response = await request(path, { headers, signal, isLong: true });
      if (response.status === 204 || !response.body) return;
      onState?.("open");
      failures = 0;
      for await (const frames of readFrames(response.body)) {
        last = frames.at(-1)?.id ?? last;
        yield frames;
      }
      // An end in order is asked about at once, if it got on: 204 says that it was one.
      if (isResumable && last !== before) continue;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ClientError && error.status >= 400 && error.status < 500) throw error;
      onState?.("lost");
    }
    const delay = delaysMs[Math.min(failures, delaysMs.length - 1)] ?? 0;
    failures++;
    await sleep(clock, delay, signal);
  }
}

// ---

async function* readFrames(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<readonly SseFrame[], void, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = createSseParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const frames = parser.push(decoder.decode(value, { stream: true }));
      if (frames.length > 0) yield frames;
    }
  } finally {
    void reader.cancel().catch(() => {}); // It has ended, or nobody wants the rest.
  }
}

function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = clock.at(clock.now() + ms, wake);
    signal.addEventListener("abort", wake);
  });
}
