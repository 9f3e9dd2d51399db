/**
 * `ctx.store`: the state that the steps of a run share. Reading is of the newest state there is.
 */
import { isDeepStrictEqual } from "node:util";

import { WorkflowError } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject, toJson } from "../base/json.ts";
import { applyChanges } from "../engine/store.ts";
import type { StateChange } from "../engine/tick.ts";
import type { StateStore } from "../workflow/context.ts";
import type { Invocation } from "./invocation.ts";

export function createStateStore(invocation: Invocation): StateStore {
  const { past } = invocation;
  const { ports } = invocation;
  const { loop } = ports;
  const current = (): JsonObject => past?.view ?? loop.state.store;

  /** Keeps changes that lead to a valid state; others are refused before anything changes. */
  const change = (changes: readonly StateChange[]): void => {
    if (changes.length === 0) return;
    loop.definition.checkState(applyChanges(loop.state.store, changes));
    invocation.tell({ kind: "state_changed", changes });
  };

  const store = {
    async get(path?: string, fallback?: unknown): Promise<unknown> {
      const value = path === undefined ? current() : valueAt(current(), pathOf(path));
      // A copy: what a step does to it must not reach the others.
      return value === undefined ? fallback : structuredClone(value);
    },
    async set(path: string, value: unknown): Promise<void> {
      const segments = pathOf(path);
      const changes = [{ path: segments, value: toJson(value, `state.${path}`) }];
      if (past?.view && past.isMade(changes)) return;
      checkListItems(current(), segments);
      change(changes);
    },
    edit<T>(edit: (draft: Record<string, unknown>) => T | Promise<T>): Promise<T> {
      return ports.inTurn(async () => {
        // Twice at most: on the state as it was then, and if that is no more, as it is.
        for (;;) {
          const before = current();
          const isReplayed = past?.view !== undefined;
          const draft = structuredClone(before) as Record<string, unknown>;
          // An edit that never ends holds up the others until its step is over, and no longer.
          const result = await invocation.orOver(edit(draft));
          const changes = changesBetween(before, toJson(draft, "state") as JsonObject);
          if (changes.length === 0 || (isReplayed && past?.isMade(changes))) return result;
          if (isReplayed) continue;
          change(changes);
          return result;
        }
      });
    },
    async clear(): Promise<void> {
      const initial = toJson(loop.definition.initialState(), "state") as JsonObject;
      const changes = changesBetween(current(), initial);
      if (changes.length === 0 || (past?.view && past.isMade(changes))) return;
      change(changesBetween(current(), initial));
    },
  };
  return store as StateStore; // Its overloads are told apart by their arguments.
}

// ---

function changesBetween(before: JsonObject, next: JsonObject): readonly StateChange[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(next)])];
  const changed = fields.filter((field) => !isDeepStrictEqual(before[field], next[field]));
  return changed.map((field) => ({
    path: [field],
    ...(Object.hasOwn(next, field) && { value: next[field] as Json }),
  }));
}

/** Segments of a path: more are a mistake or an attack, and cost a copy each. */
const segmentsMax = 100;

function pathOf(path: string): readonly string[] {
  const segments = path.split(".");
  if (path.length > 0 && segments.length <= segmentsMax) return segments;
  throw new WorkflowError(
    "state_invalid",
    `Expected a path into the state of 1 to ${segmentsMax} segments, such as \`user.name\`, got ${JSON.stringify(path.slice(0, 80))}.`,
  );
}

function valueAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((parent, segment) => {
    // Only a number is an index: `at` would take anything else for 0.
    if (Array.isArray(parent)) return /^-?\d+$/.test(segment) ? parent.at(+segment) : undefined;
    return isJsonObject(parent) && Object.hasOwn(parent, segment) ? parent[segment] : undefined;
  }, value);
}

/** Objects on a path are made when they are missing; the items of a list are not. */
function checkListItems(state: JsonObject, path: readonly string[]): void {
  path.forEach((segment, depth) => {
    const list = valueAt(state, path.slice(0, depth));
    const isItem = /^-?\d+$/.test(segment) && Array.isArray(list) && Number(segment) < list.length;
    if (!Array.isArray(list) || (isItem && Number(segment) >= -list.length)) return;
    throw new WorkflowError(
      "state_invalid",
      `Expected \`${path.join(".")}\` to name one of the ${list.length} items of the list, got \`${segment}\`. Set the whole list to make it longer.`,
    );
  });
}
