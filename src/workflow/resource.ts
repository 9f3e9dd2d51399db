/**
 * Resources: what steps work with and do not make themselves, such as a connection. One is made
 * when it is first needed, kept for as long as its scope says, and disposed of in the end.
 */
import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";

/** How long one lives: as long as the server, one run, or one attempt at a step. */
export type ResourceScope = "server" | "run" | "step";

export interface Resource<T = unknown> {
  readonly name: string;
  readonly scope: ResourceScope;
  readonly description: string | null;
  readonly needs: Readonly<Record<string, Resource>>;
  readonly make: (needs: Readonly<Record<string, unknown>>) => T | Promise<T>;
}

export type ResourceValues<R> = {
  readonly [K in keyof R]: R[K] extends Resource<infer T> ? T : never;
};

export interface ResourceOptions<Needs extends Readonly<Record<string, Resource>>> {
  /** Default `server`. */
  readonly scope?: ResourceScope;
  readonly description?: string;
  /** Other resources that it is made of. */
  readonly needs?: Needs;
}

type Make<T, Needs> = (needs: ResourceValues<Needs>) => T | Promise<T>;

/**
 * Declares a resource. Name it in the `resources` of a step and find it in `ctx.resources`. What
 * `make` returns is disposed of with `Symbol.asyncDispose` or `Symbol.dispose`, if it has one.
 */
export function defineResource<T>(name: string, make: () => T | Promise<T>): Resource<T>;
export function defineResource<T, const Needs extends Readonly<Record<string, Resource>> = {}>(
  name: string,
  options: ResourceOptions<Needs>,
  make: (needs: ResourceValues<Needs>) => T | Promise<T>,
): Resource<T>;
export function defineResource<T, Needs extends Readonly<Record<string, Resource>>>(
  name: string,
  ...rest: readonly [ResourceOptions<Needs>, Make<T, Needs>] | readonly [Make<T, Needs>]
): Resource<T> {
  const [options, make] = rest.length === 1 ? [{}, rest[0]] : rest;
  const { scope = "server", description = null, needs = {} } = options as ResourceOptions<Needs>;
  if (!scopes.includes(scope)) {
    throw invalid(
      `Expected the \`scope\` of resource \`${name}\` to be \`server\`, \`run\` or \`step\`, got ${describeValue(scope)}.`,
    );
  }
  if (typeof make !== "function") {
    throw invalid(
      `Resource \`${name}\` has no function that makes it. Pass one as the last argument.`,
    );
  }
  const lifetime = (which: ResourceScope): number => scopes.indexOf(which);
  for (const [key, need] of Object.entries<Resource>(needs)) {
    if (lifetime(need.scope) >= lifetime(scope)) continue;
    throw invalid(
      `Resource \`${name}\` lives as long as the ${scope}, but it needs \`${key}\`, which lives only as long as the ${need.scope}. Give \`${name}\` the scope \`${need.scope}\`.`,
    );
  }
  // Its needs are checked where it is declared, and forgotten here.
  return Object.freeze({
    name,
    scope,
    description,
    needs,
    make: make as unknown as Resource<T>["make"],
  });
}

// ---

/** From the shortest life to the longest. */
const scopes: readonly ResourceScope[] = ["step", "run", "server"];

function invalid(message: string): WorkflowError {
  return new WorkflowError("definition_invalid", message);
}
