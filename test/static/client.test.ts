/** The client: frames in pieces, streams that break off, errors with their fields. */
import { expect, test } from "bun:test";

import { createClient } from "../../src/client/client.ts";
import { ClientError } from "../../src/client/error.ts";
import { createSseParser } from "../../src/client/sse.ts";

test("frames come out whole, wherever the text was cut", () => {
  const text =
    ': open\n\nid: 1\ndata: {"a":\ndata: 1}\n\nid: 2\r\ndata: x\r\n\r\nretry: 5\n\ndata: y\n\n';
  const expected = [
    { id: "1", data: '{"a":\n1}' },
    { id: "2", data: "x" },
    { id: undefined, data: "y" },
  ];
  for (let size = 1; size <= text.length; size++) {
    const parser = createSseParser();
    const frames = [];
    for (let at = 0; at < text.length; at += size)
      frames.push(...parser.push(text.slice(at, at + size)));
    expect(frames).toEqual(expected);
  }
});

test("a stream that broke off goes on after the last event, until 204", async () => {
  const asked: (string | null)[] = [];
  const envelope = '{"value":{},"qualified_name":null,"type":"T","types":null}';
  const answers = [
    () => new Response(`id: 0\ndata: ${envelope}\n\nid: 1\ndata: ${envelope}\n\nid: 2\nda`),
    () => {
      throw new TypeError("gone");
    },
    () => new Response(`id: 2\ndata: ${envelope}\n\n`),
    () => new Response(null, { status: 204 }),
  ];
  const client = createClient({
    baseUrl: "http://h/under/path",
    fetch: async (url, init) => {
      expect(url).toStartWith("http://h/under/path/events/a%2Fb?");
      asked.push(new Headers(init.headers).get("last-event-id"));
      return answers[asked.length - 1]?.() ?? new Response(null, { status: 204 });
    },
  });
  const seen: number[] = [];
  const states: string[] = [];
  const stream = client.followEvents("a/b", new AbortController().signal, (state) =>
    states.push(state),
  );
  for await (const batch of stream) seen.push(...batch.map(({ sequence }) => sequence));
  expect(seen).toEqual([0, 1, 2]);
  expect(asked).toEqual([null, "1", "1", "2"]);
  expect(states).toEqual(["open", "lost", "open"]);
});

test("what a server refuses comes with the fields that it refuses", async () => {
  const body = {
    detail: "No.",
    code: "event_invalid",
    details: { issues: [{ path: ["a"], message: "m" }, 7] },
  };
  const client = createClient({
    baseUrl: "http://h",
    key: () => "k",
    fetch: async (_url, init) => {
      expect(new Headers(init.headers).get("authorization")).toBe("Bearer k");
      return Response.json(body, { status: 400 });
    },
  });
  const error = await client.start("w", {}).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ClientError);
  expect(error).toMatchObject({
    status: 400,
    code: "event_invalid",
    issues: [{ path: ["a"], message: "m" }],
  });
});

test("no answer at all is an error, too", async () => {
  const client = createClient({
    baseUrl: "http://h",
    fetch: () => Promise.reject(new TypeError("x")),
  });
  expect(client.listWorkflows()).rejects.toMatchObject({ status: 0, code: "unreachable" });
});
