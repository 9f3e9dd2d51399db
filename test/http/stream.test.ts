/** Streams in process: what is asked of a source and when, and what is left at the end. */
import { describe, expect, test } from "bun:test";
import type { StreamOptions } from "../../src/http/stream.ts";
import { streamResponse } from "../../src/http/stream.ts";
import { createFakeClock } from "./fake-clock.ts";

type Step = string | Error | { readonly until: Promise<unknown> };

/** A source that follows a script and then waits for its signal, if it is `silent` at the end. */
function world(
  script: readonly Step[],
  options: { isSilent?: boolean } & Partial<StreamOptions> = {},
) {
  const clock = createFakeClock();
  const request = new AbortController();
  const shutdown = new AbortController();
  const facts = { made: 0, asked: 0, closed: 0, aborted: 0, errors: [] as unknown[] };
  async function* source(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    facts.made++;
    signal.addEventListener("abort", () => facts.aborted++);
    try {
      for (const step of script) {
        facts.asked++;
        if (step instanceof Error) throw step;
        if (typeof step === "string") yield Buffer.from(step);
        else await step.until;
      }
      if (options.isSilent) await aborted(signal);
    } finally {
      facts.closed++;
    }
  }
  const response = streamResponse({
    source,
    headers: { "content-type": "text/plain" },
    signal: request.signal,
    shutdown: shutdown.signal,
    onError: (error) => facts.errors.push(error),
    clock,
    ...options,
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  /** A chunk as text, or what the stream broke with. */
  const read = async (): Promise<unknown> => {
    try {
      const { done, value } = await reader.read();
      return done ? "(end)" : Buffer.from(value).toString();
    } catch (error) {
      return error;
    }
  };
  return { clock, request, shutdown, facts, response, reader, read };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

const beat = { bytes: Buffer.from("beat"), intervalMs: 1000 };
const opening = Buffer.from("opening");

describe("asking", () => {
  test("a stream that nobody reads never calls its source", async () => {
    const { clock, facts, response, reader } = world(["a"], { opening, heartbeat: beat });
    await clock.advance(5000);
    reader.releaseLock();
    await response.body?.cancel();
    expect([facts.made, clock.pending]).toEqual([0, 0]);
  });

  test("nothing is asked before it is wanted, and one chunk at a time", async () => {
    const { clock, facts, read } = world(["a", "b", "c", "d"]);
    expect(await read()).toBe("a");
    await clock.turn();
    expect(facts.asked).toBe(1);
    expect(await read()).toBe("b");
    await clock.turn();
    expect(facts.asked).toBe(2);
  });

  test("a source that is silent is asked once, however often its reader got something else", async () => {
    let asked = 0;
    const next = () => {
      asked++;
      return new Promise<never>(() => {});
    };
    const source = () => ({ [Symbol.asyncIterator]: () => ({ next }) });
    const { clock, read, reader } = world([], { source, opening, heartbeat: beat });
    const first = read();
    await clock.turn();
    expect(await first).toBe("opening");
    const second = read();
    await clock.advance(1000);
    expect(await second).toBe("beat");
    void read();
    await clock.turn();
    expect(asked).toBe(1);
    await reader.cancel();
  });

  test("a source is read to its end, without empty chunks", async () => {
    const { clock, facts, read } = world(["a", "", "", "b", ""]);
    expect([await read(), await read(), await read()]).toEqual(["a", "b", "(end)"]);
    expect(facts).toEqual({ made: 1, asked: 5, closed: 1, aborted: 0, errors: [] });
    expect(clock.pending).toBe(0);
  });

  test("a chunk that others read too keeps its bytes", async () => {
    const shared = Buffer.from("shared");
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield shared;
    };
    const { read } = world([], { source });
    expect(await read()).toBe("shared");
    expect(shared.toString()).toBe("shared");
  });

  test("a source may be any async iterable, also one without `return`", async () => {
    const results = [{ done: false, value: Buffer.from("a") } as const];
    const next = async () => results.shift() ?? ({ done: true, value: undefined } as const);
    const { read, reader } = world([], {
      source: () => ({ [Symbol.asyncIterator]: () => ({ next }) }),
    });
    expect(await read()).toBe("a");
    await reader.cancel();
  });
});

describe("the opening", () => {
  test("comes first when the source is silent", async () => {
    const later = Promise.withResolvers<void>();
    const { clock, read } = world([{ until: later.promise }, "a"], { opening });
    const first = read();
    await clock.turn();
    expect(await first).toBe("opening");
    later.resolve();
    expect([await read(), await read()]).toEqual(["a", "(end)"]);
  });

  test("is left out when the source has something ready", async () => {
    const { clock, read } = world(["a", "b"], { opening });
    expect(await read()).toBe("a");
    await clock.turn();
    expect([await read(), await read()]).toEqual(["b", "(end)"]);
  });

  test("is left out after the first chunk, though the source is silent then", async () => {
    const later = Promise.withResolvers<void>();
    const { clock, read } = world(["a", { until: later.promise }, "b"], { opening });
    expect(await read()).toBe("a");
    const second = read();
    await clock.turn();
    later.resolve();
    expect(await second).toBe("b");
  });

  test("is left out when the source is empty", async () => {
    const { clock, read } = world([], { opening });
    expect(await read()).toBe("(end)");
    await clock.turn();
    expect(clock.pending).toBe(0);
  });
});

describe("the heartbeat", () => {
  test("comes after each interval of silence, opening or not", async () => {
    const { clock, read } = world([], { isSilent: true, heartbeat: beat, opening });
    const seen: string[] = [];
    void (async () => {
      for (;;) seen.push(`${await read()} at ${clock.now()}`);
    })();
    await clock.advance(3500);
    expect(seen).toEqual(["opening at 0", "beat at 1000", "beat at 2000", "beat at 3000"]);
  });

  test("is put off by every chunk", async () => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const script = [{ until: first.promise }, "a", { until: second.promise }, "b"];
    const { clock, read } = world(script, { isSilent: true, heartbeat: beat });
    const seen: string[] = [];
    void (async () => {
      for (;;) seen.push(`${await read()} at ${clock.now()}`);
    })();
    await clock.advance(900);
    first.resolve();
    await clock.advance(900);
    second.resolve();
    await clock.advance(1500);
    expect(seen).toEqual(["a at 900", "b at 1800", "beat at 2800"]);
  });

  test("does not pile up while the reader is slow", async () => {
    const { clock, read } = world(["a"], { isSilent: true, heartbeat: beat });
    expect(await read()).toBe("a");
    await clock.advance(50_500);
    const next = read();
    await clock.advance(500);
    expect(await next).toBe("beat");
  });

  test("does not lose the chunk that it went before", async () => {
    const later = Promise.withResolvers<void>();
    const { clock, read } = world([{ until: later.promise }, "a"], { heartbeat: beat });
    const first = read();
    await clock.advance(1000);
    expect(await first).toBe("beat");
    later.resolve(); // Nobody pulls now: the answer has to wait for the reader.
    await clock.turn();
    expect([await read(), await read()]).toEqual(["a", "(end)"]);
  });
});

describe("a reader that stalls", () => {
  const cut = { name: "TimeoutError", message: "The reader took nothing." };

  test.each([undefined, beat])(
    "is cut off when it has taken nothing for long",
    async (heartbeat) => {
      let stalls = 0;
      const { clock, facts, read } = world(["a", "b", "c"], {
        ...(heartbeat && { heartbeat }),
        onStall: () => stalls++,
      });
      await read();
      await clock.advance(59_999);
      expect([await read(), stalls]).toEqual(["b", 0]);
      await clock.advance(60_000);
      expect(await read()).toMatchObject(cut);
      expect(facts).toEqual({ made: 1, asked: 2, closed: 1, aborted: 1, errors: [] });
      expect([stalls, clock.pending]).toEqual([1, 0]);
    },
  );

  test("is none that waits for a source that is silent, however long", async () => {
    const later = Promise.withResolvers<void>();
    const { clock, read } = world(["a", { until: later.promise }, "b"]);
    await read();
    const next = read();
    await clock.advance(3_600_000);
    expect(clock.pending).toBe(0);
    later.resolve();
    expect(await next).toBe("b");
  });
});

describe("the reader goes away", () => {
  const ended = { made: 1, asked: 1, closed: 1, aborted: 1, errors: [] };

  test("by cancelling, while the source is silent", async () => {
    const { clock, facts, read, reader } = world(["a"], { isSilent: true, heartbeat: beat });
    await read();
    void read();
    await reader.cancel();
    await clock.turn();
    expect(facts).toEqual(ended);
    expect(clock.pending).toBe(0);
  });

  test("by the signal of the request, and whoever still reads is told", async () => {
    const { clock, facts, read, request } = world(["a"], { isSilent: true, heartbeat: beat });
    await read();
    const next = read();
    request.abort();
    expect(facts.aborted).toBe(1); // At once, in the same turn.
    expect(await next).toMatchObject({ name: "AbortError" });
    await clock.turn();
    expect(facts).toEqual(ended);
    expect(clock.pending).toBe(0);
  });

  test("before the first chunk", async () => {
    const { facts, read, request } = world(["a"]);
    request.abort();
    expect(await read()).toMatchObject({ name: "AbortError" });
    expect(facts.made).toBe(0);
  });

  test("while it does not read", async () => {
    const { clock, facts, read, request } = world(["a", "b"]);
    await read();
    request.abort();
    await clock.turn();
    expect(facts).toEqual(ended);
  });

  test("and a source that hears neither signal nor `return` holds nobody up", async () => {
    const { clock, reader, read } = world([{ until: new Promise(() => {}) }], { heartbeat: beat });
    void read();
    await clock.turn();
    await reader.cancel();
    expect(clock.pending).toBe(0);
  });

  test("and no listener stays on the signals that live longer", async () => {
    const shutdown = new AbortController();
    let listeners = 0;
    const { signal } = shutdown;
    signal.addEventListener = () => void listeners++;
    signal.removeEventListener = () => void listeners--;
    for (const script of [["a"], [new Error("no")]]) {
      const { clock, read } = world(script, { shutdown: signal, signal });
      void read();
      await clock.turn();
      void read();
      await clock.turn();
    }
    const { reader, read } = world(["a"], { shutdown: signal, signal });
    await read();
    expect(listeners).toBe(2);
    await reader.cancel();
    expect(listeners).toBe(0);
  });
});

describe("the server stops", () => {
  test("the body ends cleanly while the source is silent", async () => {
    const { clock, facts, read, shutdown } = world(["a"], { isSilent: true, heartbeat: beat });
    await read();
    const next = read();
    shutdown.abort();
    expect(await next).toBe("(end)");
    await clock.turn();
    expect(facts).toEqual({ made: 1, asked: 1, closed: 1, aborted: 1, errors: [] });
    expect(clock.pending).toBe(0);
  });

  test("the body ends cleanly while nobody reads", async () => {
    const { read, shutdown } = world(["a", "b"]);
    await read();
    shutdown.abort();
    expect(await read()).toBe("(end)");
  });

  test("a stream that begins after that is empty", async () => {
    const { facts, read, shutdown } = world(["a"]);
    shutdown.abort();
    expect(await read()).toBe("(end)");
    expect(facts.made).toBe(0);
  });
});

describe("the source fails", () => {
  const boom = new Error("boom");

  test("after what it said came through: the stream breaks, the error is told once", async () => {
    const { clock, facts, read } = world(["a", boom], { heartbeat: beat });
    expect(await read()).toBe("a");
    const next = read();
    await clock.turn();
    expect(await next).toBe(boom);
    expect(facts).toEqual({ made: 1, asked: 2, closed: 1, aborted: 0, errors: [boom] });
    expect(clock.pending).toBe(0);
  });

  test.each([
    [
      "when it is made",
      () => {
        throw boom;
      },
    ],
    [
      "when it is asked, not in a promise",
      () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => {
            throw boom;
          },
        }),
      }),
    ],
  ])("%s", async (_, source) => {
    const { clock, facts, read } = world([], { source });
    const next = read();
    await clock.turn();
    expect(await next).toBe(boom);
    expect(facts.errors).toEqual([boom]);
  });

  test("while nobody reads: reported at once, told to the reader when it comes back", async () => {
    const later = Promise.withResolvers<void>();
    const { clock, facts, read } = world([{ until: later.promise }, boom], { opening });
    const first = read();
    await clock.turn();
    expect(await first).toBe("opening");
    later.resolve();
    await clock.turn();
    expect(facts.errors).toEqual([boom]);
    const next = read();
    await clock.turn();
    expect(await next).toBe(boom);
  });

  test("in its clean-up after the reader left: reported", async () => {
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from("a");
      } finally {
        throw boom;
      }
    };
    const { clock, facts, read, reader } = world([], { source });
    await read();
    await reader.cancel();
    await clock.turn();
    expect(facts.errors).toEqual([boom]);
  });

  test("with what its signal says: that is no failure", async () => {
    const source = async function* (signal: AbortSignal): AsyncGenerator<Uint8Array> {
      yield Buffer.from("a");
      await aborted(signal);
      signal.throwIfAborted();
    };
    const { clock, facts, read, reader } = world([], { source });
    await read();
    void read();
    await clock.turn();
    await reader.cancel();
    await clock.turn();
    expect(facts.errors).toEqual([]);
  });
});
