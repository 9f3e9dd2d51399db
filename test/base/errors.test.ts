/** Whatever is thrown becomes a failure: data that can be stored, shown and compared. */
import { expect, test } from "bun:test";

import {
  type Failure,
  FatalError,
  RetryError,
  RunFailedError,
  toFailure,
  WorkflowError,
} from "../../src/base/errors.ts";
import { toJson } from "../../src/base/json.ts";

class Refused extends Error {
  override readonly name = "Refused";
  readonly code = "E_REFUSED";
}

const noError = (shown: string): Failure => ({
  name: "Error",
  message: `Something that is no error was thrown: ${shown}.`,
});

const unshowable: object = Object.create(null);
Object.assign(unshowable, { self: unshowable });

const cases: readonly (readonly [what: string, thrown: unknown, failure: Failure])[] = [
  ["an error", new TypeError("no"), { name: "TypeError", message: "no" }],
  [
    "an error with a code",
    new Refused("by him"),
    { name: "Refused", message: "by him", code: "E_REFUSED" },
  ],
  [
    "an error of ours",
    new WorkflowError("key_reused", "twice"),
    { name: "WorkflowError", message: "twice", code: "key_reused" },
  ],
  ["an end for good", new FatalError("stop"), { name: "FatalError", message: "stop" }],
  [
    "a call for another try",
    new RetryError("later", { after: 5 }),
    { name: "RetryError", message: "later" },
  ],
  [
    "an abort, whose code is a number",
    new DOMException("over", "AbortError"),
    { name: "AbortError", message: "over" },
  ],
  ["a string", "just text", { name: "Error", message: "just text" }],
  ["nothing", undefined, noError("undefined")],
  ["null", null, noError("null")],
  ["a symbol", Symbol("s"), noError("Symbol(s)")],
  ["an object", { reason: "busy" }, noError('{"reason":"busy"}')],
  [
    "an object like an error",
    { name: "Busy", message: "later", code: 5 },
    { name: "Busy", message: "later" },
  ],
  ["an object that is no text", unshowable, noError("A value that cannot be shown.")],
  [
    "a long list",
    Array(1000).fill("x"),
    noError(JSON.stringify(Array(1000).fill("x")).slice(0, 200)),
  ],
  [
    "an error whose message cannot be read",
    Object.defineProperty(new TypeError(), "message", {
      get: () => {
        throw new Error("nested");
      },
    }),
    { name: "TypeError", message: "undefined" },
  ],
  [
    "an error whose message is no text",
    Object.assign(new Error(), { message: 1n }),
    { name: "Error", message: "1" },
  ],
  [
    "an error whose name is no text",
    Object.assign(new Error("m"), { name: { a: 1 } }),
    { name: "Error", message: "m" },
  ],
];

test.each(cases)("%s is a failure, which is JSON", (_what, thrown, expected) => {
  const { stack: _, ...failure } = toFailure(thrown);
  expect(failure).toEqual(expected);
  expect(toJson(toFailure(thrown), "failure")).toEqual({ ...toFailure(thrown) });
});

test("where an error came from is kept", () => {
  expect(toFailure(new Error("here")).stack).toContain("errors.test.ts");
});

test("an error has its code, its details and its cause", () => {
  const cause = new Error("disk");
  const error = new WorkflowError("store_failed", "No.", { details: { id: 1 }, cause });
  expect({ ...error, message: error.message, cause: error.cause }).toEqual({
    name: "WorkflowError",
    code: "store_failed",
    message: "No.",
    details: { id: 1 },
    cause,
  });
  expect("cause" in new WorkflowError("internal", "No.")).toBe(false);
});

test("a failed run is an error with its status and its failure", () => {
  const failure: Failure = { name: "Refused", message: "by him" };
  const error = new RunFailedError("cancelled", failure);
  expect([error instanceof WorkflowError, error.code, error.status, error.message]).toEqual([
    true,
    "run_failed",
    "cancelled",
    "by him",
  ]);
  expect(error.failure).toEqual(failure);
});

test("seconds until another try are kept", () => {
  expect(new RetryError("later", { after: 2.5 }).after).toBe(2.5);
});
