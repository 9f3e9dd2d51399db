/** Resources as they are declared. How they live is the runtime's. */
import { expect, test } from "bun:test";

import { defineResource, type ResourceScope } from "../../src/workflow/resource.ts";
import { messageOf } from "../base/fixtures.ts";

test("a resource that says nothing lives as long as the server, and needs nothing", () => {
  const make = (): string => "clock";
  expect<object>(defineResource("clock", {}, make)).toEqual({
    name: "clock",
    scope: "server",
    description: null,
    needs: {},
    make,
  });
});

test("a resource without options needs none", () => {
  const make = (): number => 1;
  expect(defineResource("n", make)).toEqual(defineResource("n", {}, make));
});

test("a resource cannot be changed once it is declared", () => {
  expect(Object.isFrozen(defineResource("clock", {}, () => 1))).toBe(true);
});

test("a resource of an unknown scope, or that nothing makes, is refused", () => {
  const scope = "global" as ResourceScope;
  expect(messageOf(() => defineResource("clock", { scope }, () => 1))).toBe(
    "definition_invalid: Expected the `scope` of resource `clock` to be `server`, `run` or `step`, " +
      'got the text "global".',
  );
  const none = { scope: "run" } as unknown as () => number;
  expect(messageOf(() => defineResource("clock", none))).toBe(
    "definition_invalid: Resource `clock` has no function that makes it. Pass one as the last argument.",
  );
});

const scopes: readonly ResourceScope[] = ["step", "run", "server"];
for (const [i, scope] of scopes.entries()) {
  for (const [j, needed] of scopes.entries()) {
    const declare = () => {
      const need = defineResource("need", { scope: needed }, () => 1);
      return defineResource("it", { scope, needs: { need } }, () => 1);
    };
    if (j >= i) {
      test(`one that lives as long as the ${scope} may need one of the ${needed}`, () => {
        expect(declare().scope).toBe(scope);
      });
    } else {
      test(`one that lives as long as the ${scope} cannot need one of the ${needed}`, () => {
        expect(messageOf(declare)).toBe(
          `definition_invalid: Resource \`it\` lives as long as the ${scope}, but it needs \`need\`, ` +
            `which lives only as long as the ${needed}. Give \`it\` the scope \`${needed}\`.`,
        );
      });
    }
  }
}

test("each need of a resource has to live as long as it does", () => {
  const long = defineResource("long", () => 1);
  const short = defineResource("short", { scope: "step" }, () => 1);
  expect(messageOf(() => defineResource("it", { needs: { long, short } }, () => 1))).toStartWith(
    "definition_invalid: Resource `it` lives as long as the server, but it needs `short`",
  );
});
