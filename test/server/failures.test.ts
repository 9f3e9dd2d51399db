/**
 * What goes wrong on our side: the caller gets an id, the log gets the rest, and no answer names a
 * place, a statement or a line of code.
 */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { MemoryStore, WorkflowError } from "../../src/index.ts";
import { lines, statusOf } from "../support/routes.ts";
import { type Answer, openServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder();

const secret = "/srv/secret/place.db";

/** A store whose methods fail, once it is told to. */
class FailingStore extends MemoryStore {
  failure: Error | null = null;
  readonly #fail = (): void => {
    if (this.failure) throw this.failure;
  };
  override create(...args: Parameters<MemoryStore["create"]>): Promise<void> {
    return Promise.try(this.#fail).then(() => super.create(...args));
  }
  override getHandler(id: string): ReturnType<MemoryStore["getHandler"]> {
    return Promise.try(this.#fail).then(() => super.getHandler(id));
  }
  override listHandlers(...args: Parameters<MemoryStore["listHandlers"]>) {
    return Promise.try(this.#fail).then(() => super.listHandlers(...args));
  }
  override readEvents(...args: Parameters<MemoryStore["readEvents"]>) {
    return Promise.try(this.#fail).then(() => super.readEvents(...args));
  }
}

const failures: readonly (readonly [name: string, failure: Error, status: number, code: string])[] =
  [
    ["a plain error", new Error(`ENOENT: ${secret}`), 500, "internal"],
    ["a bug", new TypeError(`undefined is not an object (${secret})`), 500, "internal"],
    [
      "a store that failed",
      new WorkflowError("store_failed", `Could not read \`${secret}\`.`, {
        cause: new Error("SQLITE_IOERR"),
        details: { path: secret },
      }),
      500,
      "internal",
    ],
    [
      "a store that somebody else has",
      new WorkflowError("store_locked", `Process 1 has \`${secret}\`.`, {
        details: { path: secret },
      }),
      503,
      "store_locked",
    ],
    [
      "a store that is cut off",
      new WorkflowError("store_unavailable", `Could not write to \`${secret}\`.`, {
        details: { path: secret },
      }),
      503,
      "store_unavailable",
    ],
    ["a lease that is lost", new WorkflowError("lease_lost", `Lost ${secret}.`), 503, "lease_lost"],
  ];

const cutOff = "The store cannot be used for now; try again";

/** The id that an answer names, which is all that it says. */
function idIn({ body, text, status, headers }: Answer, code: string): string {
  expect(text).not.toContain("secret");
  expect(text).not.toContain(".ts");
  const { detail, details } = body as { detail: string; details: { id: string } };
  const { id } = details;
  expect(body).toEqual({
    detail: expect.stringMatching(
      new RegExp(
        `^(${code === "store_unavailable" ? cutOff : "Internal server error"}|Error running workflow|Initial persistence failed): see the log for ${id}\\.$`,
      ),
    ),
    code,
    details: { id: expect.stringMatching(/^[0-9A-Za-z]{28}$/) },
  });
  expect(detail).toContain(id);
  expect(headers.get("retry-after")).toBe(status === 503 ? "1" : null);
  return id;
}

describe.each(failures)("%s", (_name, failure, status, code) => {
  test("is told to the log, and to the caller as an id", async () => {
    const store = new FailingStore();
    await using host = openServer({ store });
    await host.start("waiting", { handler_id: "waits" });
    store.failure = failure;
    for (const line of [
      "GET /handlers",
      "GET /handlers/waits",
      "GET /results/waits",
      "GET /events/waits",
      "POST /handlers/waits/cancel",
      "POST /events/waits",
    ]) {
      const body = line.startsWith("POST") ? '{"event":{"type":"Next"}}' : null;
      const answer = await host.ask(line, { body });
      expect([line, answer.status]).toEqual([line, status]);
      const id = idIn(answer, code);
      const told = host.log.filter(({ fields }) => fields["id"] === id);
      expect(told).toEqual([
        {
          level: "error",
          message: "A request failed.",
          fields: {
            id,
            method: line.split(" ")[0],
            url: `http://localhost${line.split(" ")[1]}`,
            error: failure,
          },
        },
      ]);
    }
    store.failure = null;
    expect((await host.ask("GET /handlers/waits")).status).toBe(202);
  });

  test("of a start is told in the same way, and nothing is half started", async () => {
    const store = new FailingStore();
    await using host = openServer({ store });
    await host.server.start();
    store.failure = failure;
    for (const verb of ["run", "run-nowait"]) {
      const answer = await host.post(`/workflows/echo/${verb}`, {});
      expect(answer.status).toBe(status);
      idIn(answer, code === "internal" && failure instanceof WorkflowError ? "start_failed" : code);
    }
    store.failure = null;
    expect(await host.handlerIds()).toEqual([]);
  });

  test("while it opens is told to every caller, and health says so", async () => {
    class ShutStore extends MemoryStore {
      override open(): Promise<never> {
        return Promise.reject(failure);
      }
    }
    await using host = openServer({ store: new ShutStore() });
    for (const line of lines.filter((each) =>
      /handlers|events\/|workflows\/echo\/run/.test(each),
    )) {
      const body = line.startsWith("POST") ? "{}" : null;
      const answer = await host.ask(line, { body });
      expect([line, answer.status]).toEqual([line, status]);
      idIn(answer, code);
    }
    expect(await host.ask("GET /health")).toMatchObject({ status: 503 });
    expect((await statusOf(host, "GET /", {})).status).toBe(200);
    expect(host.server.serve({ host: "127.0.0.1", port: 0 })).rejects.toBe(failure);
  });
});

describe("a start that the store refuses in words of its own", () => {
  const failure = new WorkflowError("store_failed", "The quota of team a is used up.");

  test.each([
    ["run", "Error running workflow: The quota of team a is used up."],
    ["run-nowait", "Initial persistence failed: The quota of team a is used up."],
  ])("is answered with them by %s", async (verb, detail) => {
    class FullStore extends MemoryStore {
      override create(): Promise<void> {
        return Promise.reject(failure);
      }
    }
    await using host = openServer({ store: new FullStore() });
    const answer = await host.post(`/workflows/echo/${verb}`, {});
    expect(answer).toMatchObject({ status: 500, body: { detail, code: "start_failed" } });
    const { details } = answer.body as { details: { id: string } };
    expect(host.log.some(({ fields }) => fields["id"] === details.id)).toBe(true);
  });
});

describe("a real file", () => {
  test("that is no database names itself to the log only", async () => {
    const path = join(folder, "secret-notes.db");
    writeFileSync(path, "These are notes, and not a database at all. ".repeat(100));
    await using host = openServer({ store: path });
    const answer = await host.ask("GET /handlers");
    expect(answer.status).toBe(500);
    idIn(answer, "internal");
    expect(JSON.stringify(host.log.map(({ fields }) => String(fields["error"])))).toContain(path);
  });

  test("that another server has is not to be had, which may pass", async () => {
    const path = join(folder, "secret-state.db");
    await using first = openServer({ store: path });
    await first.server.start();
    await using second = openServer({ store: path });
    const answer = await second.ask("GET /handlers");
    expect(answer.status).toBe(503);
    idIn(answer, "store_locked");
  });
});

describe("a run that fails", () => {
  test("is no failure of the server: its record says why, and no stack is in it", async () => {
    await using host = openServer();
    const answer = await host.post("/workflows/broken/run", {});
    expect(answer).toMatchObject({ status: 500, body: { status: "failed", result: null } });
    expect(answer.text).not.toContain("    at ");
    expect(answer.text).not.toContain(".ts");
    expect(host.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("a stream whose store fails", () => {
  test("breaks off, so that its reader comes back, and the log knows", async () => {
    const store = new FailingStore();
    await using host = openServer({ store });
    const handlerId = await host.start("waiting");
    const url = `GET /events/${handlerId}?after_sequence=-1`;
    const response = await host.fetch(url);
    store.failure = new Error(`disk I/O at ${secret}`);
    await expect(response.text()).rejects.toThrow();
    await until(
      () => host.log.some(({ message }) => message === "A stream broke."),
      "the log was told",
    );
  });
});

describe("a log that fails", () => {
  test("fails nothing else", async () => {
    const store = new FailingStore();
    const log = (): never => {
      throw new Error("EPIPE");
    };
    await using host = openServer({ store, log });
    expect((await host.post("/workflows/broken/run", {})).status).toBe(500);
    store.failure = new Error(secret);
    idIn(await host.ask("GET /handlers"), "internal");
  });
});
