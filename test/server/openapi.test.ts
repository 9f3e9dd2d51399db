/**
 * `GET /openapi.json`: a document that tools can read, with every route in it and nothing else. That
 * real answers are as it says is checked by `ask` in all tests; here it is checked that `ask` looks.
 */
import { describe, expect, test } from "bun:test";

import { isJsonObject } from "../../src/base/json.ts";
import { createRouter, matchRoute } from "../../src/http/router.ts";
import { apiRoutes } from "../../src/server/routes.ts";
import { version } from "../../src/server/version.ts";
import { findProblems, resolvePointer } from "../support/json-schema.ts";
import {
  type Answer,
  apiDocument,
  checkDocumented,
  type DocumentedOperation,
  openServer,
} from "../support/server.ts";
import { titled } from "../support/titles.ts";

const operations = Object.entries(apiDocument.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe("the document", () => {
  test("is what the server answers with", async () => {
    await using host = openServer();
    const { body } = await host.ask("GET /openapi.json");
    expect(body).toEqual(JSON.parse(JSON.stringify(apiDocument)));
  });

  test("says what it is", () => {
    expect(apiDocument).toMatchObject({ openapi: "3.1.0", info: { version } });
    expect(Object.keys(apiDocument["info"] as object)).toEqual(["title", "version", "description"]);
    const known = ["openapi", "info", "security", "paths", "components"];
    expect(Object.keys(apiDocument).filter((key) => !known.includes(key))).toEqual([]);
  });

  test("has every route, and nothing else", () => {
    expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
      apiRoutes.map(({ path, method }) => `${method} ${path}`).sort(),
    );
  });

  test("names every operation once, with a name for a function", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z]+$/);
  });

  test.each(operations)("describes $method $path as OpenAPI has it", ({ path, operation }) => {
    expect(problemsOf(path, operation)).toEqual([]);
  });

  test("has only references that lead somewhere", () => {
    const refs = [...JSON.stringify(apiDocument).matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, ref]) => ref,
    );
    expect(refs.length).toBeGreaterThan(5);
    for (const ref of refs) expect(isJsonObject(resolvePointer(apiDocument, ref ?? ""))).toBe(true);
  });

  test("says how to show a key, and that one may not be needed", () => {
    expect(apiDocument).toMatchObject({
      security: [{}, { bearer: [] }, { apiKey: [] }],
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer" },
          apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        },
      },
    });
  });

  test("refuses what the server refuses: an event that is none", () => {
    const send = operations.find(({ operation }) => operation.operationId === "sendEvent");
    const { schema } = send?.operation.requestBody?.content["application/json"] ?? {};
    const problems = (body: unknown) => findProblems(schema, body).length;
    expect([{ event: { type: "Next" } }, { event: '{"type":"Next"}' }].map(problems)).toEqual([
      0, 0,
    ]);
    const wrong = [{ event: null }, { event: 1 }, { event: [] }, {}];
    expect(wrong.map(problems)).toEqual([1, 1, 1, 1]);
  });

  test("is about paths that lead to their routes", () => {
    const router = createRouter(apiRoutes.map((route) => ({ ...route, target: route.id })));
    for (const { path, method, operation } of operations) {
      const pathname = path.replace(/\{\w+\}/g, "some%20name");
      expect(matchRoute(router, method.toUpperCase(), pathname)).toMatchObject({
        kind: "match",
        target: operation.operationId,
      });
    }
  });
});

describe("an answer that is not as documented would be found", () => {
  const answer = (overrides: Partial<Answer>): Answer => ({
    status: 200,
    headers: new Headers({ "content-type": "application/json" }),
    text: "{}",
    body: {},
    ...overrides,
  });
  const wrong: readonly (readonly [string, string, Partial<Answer>])[] = [
    ["a field that is missing", "GET /health", {}],
    ["a field of another type", "GET /workflows", { body: { workflows: [1] } }],
    ["a word that is none of the choices", "GET /health", { body: { status: "ill" } }],
    ["a status of success that is not there", "GET /health", { status: 201 }],
    ["a body where there is none", "GET /events/x", { status: 204 }],
    ["another type", "GET /events/x", { headers: new Headers({ "content-type": "text/html" }) }],
    ["an error without a code", "GET /handlers", { status: 400, body: { detail: "x" } }],
    ["an error that is no JSON", "GET /nope", { status: 404, body: undefined, text: "Not Found" }],
    [
      "half a record",
      "GET /handlers/x",
      { status: 500, body: { handler_id: "x", status: "failed" } },
    ],
  ];

  test.each(wrong)("%s", (_title, line, overrides) => {
    expect(() => checkDocumented(line, answer(overrides))).toThrow();
  });

  test("and one that is passes", () => {
    checkDocumented("GET /health", answer({ body: { status: "healthy" } }));
    checkDocumented("GET /health", answer({ status: 421, body: { detail: "x", code: "y" } }));
  });
});

describe("the check of schemas", () => {
  const refused: readonly (readonly [schema: object, value: unknown])[] = [
    [{ type: "string" }, 5],
    [{ type: "integer" }, 1.5],
    [{ type: "object", required: ["a"] }, {}],
    [{ properties: { a: { type: "null" } } }, { a: 0 }],
    [{ items: { type: "string" } }, ["x", 1]],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, 1],
    [{ enum: ["a"] }, "b"],
    [{ const: "a" }, "b"],
    [{ additionalProperties: false, properties: {} }, { a: 1 }],
    [{ maxLength: 2 }, "abc"],
    [{ $ref: "#/nowhere" }, 1],
    [{ minimum: 5 }, 1],
    [{ maximum: 5 }, 6],
    [{ multipleOf: 5 }, 5],
  ];
  test.each(titled(refused))("finds what is wrong in %s", (_title, [schema, value]) => {
    expect(findProblems(schema, value).length).toBeGreaterThan(0);
  });
});

/** What is not as an operation of OpenAPI 3.1 has to be. */
function problemsOf(path: string, operation: DocumentedOperation): readonly string[] {
  const problems: string[] = [];
  const check = (condition: boolean, problem: string): void => {
    if (!condition) problems.push(problem);
  };
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const parameters = operation.parameters ?? [];
  const inPath = parameters.filter((parameter) => parameter.in === "path");
  check(operation.summary.length > 0, "no summary");
  check(inPath.map(({ name }) => name).join() === names.join(), "parameters of the path differ");
  check(
    inPath.every((parameter) => "required" in parameter && parameter.required === true),
    "a parameter of the path is not required",
  );
  const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name.toLowerCase()}`);
  check(new Set(keys).size === keys.length, "a parameter is there twice");
  for (const parameter of parameters) {
    check(["path", "query", "header"].includes(parameter.in), `\`${parameter.name}\` is nowhere`);
    check(isSchema(parameter.schema), `\`${parameter.name}\` has no schema`);
  }
  for (const [type, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
    check(type === "application/json" && isSchema(schema), "the body has no schema");
  }
  check("default" in operation.responses, "errors are not described");
  for (const [status, { description, content = {} }] of Object.entries(operation.responses)) {
    check(/^([1-5]\d\d|default)$/.test(status), `\`${status}\` is no status`);
    check(description.length > 0, `${status} has no description`);
    check(status !== "204" || Object.keys(content).length === 0, "204 has a body");
    for (const { schema } of Object.values(content)) {
      check(isSchema(schema), `${status} has no schema`);
    }
  }
  return problems;
}

/** Every keyword is known to our checker, however deep. */
function isSchema(schema: unknown): boolean {
  if (!isJsonObject(schema)) return false;
  const problems = findProblems(schema, {}, apiDocument);
  return problems.every((problem) => !/unknown keyword|not a schema/.test(problem));
}
