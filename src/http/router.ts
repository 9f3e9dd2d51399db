/**
 * From a method and a path to whatever the caller put there. A router is plain data: a map of the
 * paths without parameters, and a tree of segments for everything.
 *
 * The law: a path is split before it is decoded, and decoded once. So an encoded slash is a letter
 * of a segment and never separates two, and no spelling of a path reaches a route of another shape.
 * Each node of the tree is looked at once at most, so no path costs more than its length.
 */
import { assert } from "../base/assert.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** `path` is made of literal segments and `{name}` segments: `/workflows/{name}/run`. */
export interface Route<T> {
  readonly method: Method;
  readonly path: string;
  readonly target: T;
}

/** Decoded values by parameter name. It has no prototype, so that any name is safe. */
export type PathParams = Readonly<Record<string, string>>;

export type Match<T> =
  | { readonly kind: "match"; readonly target: T; readonly params: PathParams }
  | { readonly kind: "method_not_allowed"; readonly allow: readonly string[] }
  | { readonly kind: "not_found" };

export interface Router<T> {
  readonly literalPaths: ReadonlyMap<string, Targets<T>>;
  readonly root: Node<T>;
  readonly segmentsMax: number;
}

/** The tree: `/handlers/{id}/cancel` is three edges from the root. */
interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  parameter?: { readonly name: string; readonly node: Node<T> };
  /** What ends here. Empty in the middle of longer paths. */
  readonly targets: Map<string, T>;
}

type Targets<T> = ReadonlyMap<string, T>;

/** Two routes for the same requests, or two names for the same parameter, are assertion errors. */
export function createRouter<T>(routes: readonly Route<T>[]): Router<T> {
  const root = newNode<T>();
  const literalPaths = new Map<string, Targets<T>>();
  let segmentsMax = 0;
  for (const { method, path, target } of routes) {
    const segments = parsePath(path);
    const { targets } = segments.reduce((node, segment) => grow(node, segment, path), root);
    assert(!targets.has(method), `Route \`${method} ${path}\` is already taken.`);
    targets.set(method, target);
    if (method === "GET") targets.set("HEAD", target);
    if (!path.includes("{")) literalPaths.set(path, targets);
    segmentsMax = Math.max(segmentsMax, segments.length);
  }
  return { literalPaths, root, segmentsMax };
}

/** `pathname` is that of a URL, still encoded. */
export function matchRoute<T>(router: Router<T>, method: string, pathname: string): Match<T> {
  const literal = router.literalPaths.get(pathname);
  if (literal?.has(method)) return toMatch(literal, method, noValues);

  const segments = decodePath(pathname, router.segmentsMax);
  const ends: End<T>[] = [];
  if (segments) findEnds(router.root, segments, 0, noValues, ends);
  for (const end of ends) {
    if (end.targets.has(method)) return toMatch(end.targets, method, end.values);
  }
  const allow = new Set(ends.flatMap(({ targets }) => [...targets.keys()]));
  return allow.size > 0 ? { kind: "method_not_allowed", allow: [...allow] } : { kind: "not_found" };
}

// ---

type Segment = { readonly literal: string } | { readonly parameter: string };
type Value = readonly [name: string, value: string];
const noValues: readonly Value[] = [];

interface End<T> {
  readonly targets: Targets<T>;
  readonly values: readonly Value[];
}

function newNode<T>(): Node<T> {
  return { literals: new Map(), targets: new Map() };
}

function parsePath(path: string): Segment[] {
  assert(path.startsWith("/"), `Route path \`${path}\` must start with a slash.`);
  const names = new Set<string>();
  return path
    .split("/")
    .slice(1)
    .map((text): Segment => {
      const name = /^\{(\w+)\}$/.exec(text)?.[1];
      if (name === undefined) {
        assert(text !== "" || path === "/", `Route path \`${path}\` has an empty segment.`);
        assert(!/[{}%]/.test(text), `Route path \`${path}\` has the odd segment \`${text}\`.`);
        return { literal: text };
      }
      assert(!names.has(name), `Route path \`${path}\` has two parameters \`${name}\`.`);
      names.add(name);
      return { parameter: name };
    });
}

function grow<T>(node: Node<T>, segment: Segment, path: string): Node<T> {
  if ("parameter" in segment) {
    node.parameter ??= { name: segment.parameter, node: newNode() };
    const { name } = node.parameter;
    assert(
      name === segment.parameter,
      `Route path \`${path}\` has a parameter \`${segment.parameter}\`, elsewhere \`${name}\`.`,
    );
    return node.parameter.node;
  }
  const known = node.literals.get(segment.literal);
  const next = known ?? newNode<T>();
  if (!known) node.literals.set(segment.literal, next);
  return next;
}

/**
 * Adds all routes of this shape to `ends`, those with literals first. As deep as the longest route
 * at most.
 */
function findEnds<T>(
  node: Node<T>,
  segments: readonly string[],
  index: number,
  values: readonly Value[],
  ends: End<T>[],
): void {
  const segment = segments[index];
  if (segment === undefined) {
    ends.push({ targets: node.targets, values });
    return;
  }
  const literal = node.literals.get(segment);
  if (literal) findEnds(literal, segments, index + 1, values, ends);
  if (node.parameter && segment !== "" && !hasDotSegment(segment)) {
    const { name, node: next } = node.parameter;
    findEnds(next, segments, index + 1, [...values, [name, segment]], ends);
  }
}

/** Undefined for a path that no route can have: malformed, or longer than every route. */
function decodePath(pathname: string, segmentsMax: number): readonly string[] | undefined {
  if (!pathname.startsWith("/")) return undefined;
  const segments = pathname.slice(1).split("/", segmentsMax + 1);
  if (segments.length > segmentsMax) return undefined;
  try {
    const decoded = pathname.includes("%") ? segments.map(decodeURIComponent) : segments;
    for (const text of decoded) if (text.includes("\0")) return undefined;
    return decoded;
  } catch {
    return undefined; // Percent signs without their digits, or bytes that are not UTF-8.
  }
}

/** `..%2Fetc` is no name, but a step up for whoever joins it to a path. */
function hasDotSegment(value: string): boolean {
  return value.includes(".") && /(?:^|[/\\])\.\.?(?:[/\\]|$)/.test(value);
}

function toMatch<T>(targets: Targets<T>, method: string, values: readonly Value[]): Match<T> {
  const params: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of values) params[name] = value;
  return { kind: "match", target: targets.get(method) as T, params };
}
