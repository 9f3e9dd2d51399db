/** How a server is set up: what is refused, and that an unset secret does not open the door. */
import { describe, expect, test } from "bun:test";

import {
  StartEvent,
  StopEvent,
  Workflow,
  WorkflowServer,
  type WorkflowServerOptions,
} from "../../src/index.ts";
import { toAddress, toSettings, toStore } from "../../src/server/settings.ts";
import { titled } from "../support/titles.ts";

/** Options as JavaScript, or a `!`, may give them. */
const anyOptions = (options: object): WorkflowServerOptions => options as WorkflowServerOptions;

describe("auth", () => {
  const unset: string | undefined = undefined;

  test.each(
    titled<object>([
      { auth: unset },
      { auth: null },
      { auth: "" },
      { auth: [] },
      { auth: [""] },
      { auth: ["good-key-12345", ""] },
      { auth: ["good-key-12345", unset] },
      { auth: 12345 },
      { auth: {} },
      { auth: "two words" },
      { auth: "good-key-12345\n" },
      { auth: "schlüssel" },
    ]),
  )("%s is refused, without a word of any key", (_title, options) => {
    const make = (): unknown => new WorkflowServer(anyOptions({ store: "memory", ...options }));
    expect(make).toThrow(expect.objectContaining({ code: "config_invalid" }));
    expect(make).toThrow(/^Expected `auth` to be /);
    expect(make).not.toThrow(/good-key|schl|words/);
  });

  test("comes from the environment where no option says otherwise", () => {
    const env = { WORKFLOWS_SERVER_API_KEY: " one, two ,," };
    expect(toSettings({}, env).auth).toEqual(["one", "two"]);
    expect(toSettings({ auth: "three" }, env).auth).toEqual(["three"]);
    expect(toSettings({}, {}).auth).toBeNull();
    // Set, but empty: somebody meant to have a key.
    for (const keys of ["", " ", ","]) {
      expect(() => toSettings({}, { WORKFLOWS_SERVER_API_KEY: keys })).toThrow(/^Expected `auth`/);
    }
  });
});

test("an option that nobody knows is refused", () => {
  expect(() => new WorkflowServer(anyOptions({ store: "memory", corsOrigin: [] }))).toThrow(
    "`new WorkflowServer({ … })`: there is no option `corsOrigin`. Did you mean `corsOrigins`?",
  );
});

test.each([
  [
    { corsOrigins: "https://a.example" },
    'Expected `corsOrigins` to be a list of origins such as `https://app.example`, got the text "https://a.example".',
  ],
  [
    { corsOrigins: [5] },
    "Expected `corsOrigins` to be origins such as `https://app.example`, got `5`.",
  ],
  [
    { allowedHosts: "a.example" },
    'Expected `allowedHosts` to be a list of host names such as `app.example`, got the text "a.example".',
  ],
  [{ store: 5 }, "Expected `store` to be a path, `memory` or a store, got `5`."],
  [{ store: {} }, "Expected `store` to be a path, `memory` or a store, got an empty object."],
  [{ log: "debug" }, 'Expected `log` to be a function, got the text "debug".'],
  [
    { acceptContext: "false" },
    'Expected `acceptContext` to be `true` or `false`, got the text "false".',
  ],
])("an option of another kind is refused: %j", async (options, message) => {
  const serve = async (): Promise<unknown> =>
    new WorkflowServer(anyOptions({ store: "memory", ...options })).start();
  await expect(serve()).rejects.toMatchObject({ code: "config_invalid", message });
});

test.each([
  [[StopEvent]],
  { additionalEvents: StopEvent },
  { additionalEvents: ["Note"] },
  { x: 1 },
])("options of a workflow that say nothing are refused: %j", (options) => {
  const server = new WorkflowServer({ store: "memory" });
  expect(() => server.addWorkflow("echo", {} as never, options as object)).toThrow(
    /^Expected .* to get a `Workflow`/,
  );
  const echo = new Workflow().step("a", { accepts: [StartEvent], emits: [StopEvent] }, () =>
    StopEvent(),
  );
  expect(() => server.addWorkflow("echo", echo, options as object)).toThrow(
    /^Expected the options of `addWorkflow\("echo", …\)` to be `{ additionalEvents: \[…\] }`/,
  );
});

describe("origins", () => {
  test.each([
    "null",
    "*",
    "app.example",
    "https://app.example/",
    "https://app.example/path",
    "https://app.example:443",
    "https://*.example",
    "https://user@app.example",
    "file:///etc",
    "",
  ])("`%s` is refused", (origin) => {
    expect(() => toSettings({ corsOrigins: [origin] }, {})).toThrow(
      /^Expected `corsOrigins` to be origins such as/,
    );
  });

  test("are compared as browsers send them", () => {
    const { corsOrigins } = toSettings(
      { corsOrigins: ["HTTPS://App.Example", "http://[::1]:5173"] },
      {},
    );
    expect([...corsOrigins]).toEqual(["https://app.example", "http://[::1]:5173"]);
    const env = { WORKFLOWS_SERVER_CORS_ORIGINS: "https://a.example, https://b.example" };
    expect([...toSettings({}, env).corsOrigins]).toEqual([
      "https://a.example",
      "https://b.example",
    ]);
    expect([...toSettings({ corsOrigins: [] }, env).corsOrigins]).toEqual([]);
  });
});

describe("hosts", () => {
  test.each([
    "https://app.example",
    "app.example:8080",
    "app.example/x",
    "a b",
    "*.example",
    "",
    "a@b",
  ])("`%s` is refused", (host) => {
    const options = { allowedHosts: [host] };
    expect(() => toSettings(options, {})).toThrow(/^Expected `allowedHosts` to be host names/);
  });

  test("are compared as a URL shows them", () => {
    const { allowedHosts } = toSettings(
      { allowedHosts: ["App.Example", "bücher.example", "10.1"] },
      {},
    );
    expect([...allowedHosts]).toEqual(["app.example", "xn--bcher-kva.example", "10.0.0.1"]);
    const env = { WORKFLOWS_SERVER_ALLOWED_HOSTS: "a.example,b.example" };
    expect([...toSettings({}, env).allowedHosts]).toEqual(["a.example", "b.example"]);
  });
});

describe("times", () => {
  test("without end are those of `null`", () => {
    const without = (seconds: number | null): object =>
      toSettings(
        anyOptions({
          idleTimeout: seconds,
          heartbeatInterval: seconds,
          blockedTimeout: seconds,
          keepRunsFor: seconds,
        }),
        {},
      );
    expect(without(Infinity)).toEqual(without(null));
  });

  test.each([0, -1, Number.NaN])("%d seconds are refused", (seconds) => {
    for (const name of ["idleTimeout", "heartbeatInterval", "blockedTimeout"]) {
      expect(() => toSettings(anyOptions({ [name]: seconds }), {})).toThrow(
        `Expected \`${name}\` to be seconds above 0, or null, got ${seconds}.`,
      );
    }
  });

  test("are seconds, null for never, and have defaults", () => {
    expect(toSettings({}, {})).toMatchObject({
      idleMs: 60_000,
      heartbeatMs: 25_000,
      blockedMs: 300_000,
    });
    expect(toSettings({ blockedTimeout: false }, {}).blockedMs).toBe(false);
    expect(toSettings({ idleTimeout: null, heartbeatInterval: 0.5 }, {})).toMatchObject({
      idleMs: null,
      heartbeatMs: 500,
    });
  });
});

describe("where to listen", () => {
  test("is what was asked for, else the environment, else the peer's, else the default", () => {
    const ours = { WORKFLOWS_SERVER_HOST: "::1", WORKFLOWS_SERVER_PORT: "81" };
    const peers = { WORKFLOWS_PY_SERVER_HOST: "10.0.0.1", WORKFLOWS_PY_SERVER_PORT: "82" };
    expect(toAddress({ host: "h", port: 0 }, { ...ours, ...peers })).toEqual({
      host: "h",
      port: 0,
    });
    expect(toAddress({}, { ...ours, ...peers })).toEqual({ host: "::1", port: 81 });
    expect(toAddress({}, peers)).toEqual({ host: "10.0.0.1", port: 82 });
    expect(toAddress({}, {})).toEqual({ host: "0.0.0.0", port: 8080 });
  });

  test.each(titled(["", "x", "-1", "1.5", "65536", "1e3", " 80", 70_000, -1, 1.5, Number.NaN]))(
    "port %s is refused",
    (_title, port) => {
      expect(() => toAddress({ port }, {})).toThrow(/^Expected `port` to be a whole number from 0/);
    },
  );

  test("an empty host is refused", () => {
    expect(() => toAddress({ host: "" }, {})).toThrow(
      /^Expected `host` to be a name or an address/,
    );
  });
});

describe("where to keep runs", () => {
  test("an empty path is refused; `memory` is no path", () => {
    expect(() => toStore("", {})).toThrow(/^Expected `store` to be a path or `memory`/);
    expect(() => toStore(undefined, { WORKFLOWS_SERVER_STORE: "" })).toThrow(/^Expected `store`/);
    expect(toStore("memory", {}).about.kind).toBe("memory");
    expect(toStore(undefined, { WORKFLOWS_SERVER_STORE: "memory" }).about.kind).toBe("memory");
  });
});
