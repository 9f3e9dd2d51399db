/** A JSON value as a tree that opens where it is asked to. Whatever is in it is shown as text. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";

import type { Json, JsonObject } from "../../src/client/bodies.ts";
import { formatCount, preview } from "../model/words.ts";

export interface JsonTreeProps {
  readonly value: Json | undefined;
  readonly label: string;
  /** Levels that are open at first. */
  readonly depth?: number;
}

const itemsShown = 100;
const textShown = 400;

export function JsonTree({ value, label, depth = 2 }: JsonTreeProps): VNode {
  return (
    <div class="json" role="group" aria-label={label}>
      <Value name={null} value={value ?? null} depth={depth} />
    </div>
  );
}

// ---

interface ValueProps {
  readonly name: string | null;
  readonly value: Json;
  readonly depth: number;
}

function Value({ name, value, depth }: ValueProps): VNode {
  if (typeof value === "object" && value !== null) {
    return <Branch name={name} value={value} depth={depth} />;
  }
  return (
    <div class="json-line">
      <Name name={name} />
      {typeof value === "string" ? (
        <Text text={value} />
      ) : (
        <span class={`json-${typeof value}`}>{String(value)}</span>
      )}
    </div>
  );
}

function Branch({
  name,
  value,
  depth,
}: ValueProps & { value: JsonObject | readonly Json[] }): VNode {
  const entries = Object.entries(value as JsonObject);
  const isOpen = useSignal(depth > 0);
  const shown = useSignal(itemsShown);
  const isList = Array.isArray(value);
  if (entries.length === 0) {
    return (
      <div class="json-line">
        <Name name={name} />
        <span class="json-quiet">{isList ? "[]" : "{}"}</span>
      </div>
    );
  }
  return (
    <div>
      <div class="json-line">
        <button
          type="button"
          class="json-toggle"
          aria-expanded={isOpen.value}
          onClick={() => (isOpen.value = !isOpen.value)}
        >
          <span class="json-arrow" aria-hidden="true">
            {isOpen.value ? "▾" : "▸"}
          </span>
          <Name name={name} />
          <span class="json-quiet">
            {isOpen.value
              ? formatCount(entries.length, isList ? "item" : "field")
              : preview(value as Json, 80)}
          </span>
        </button>
      </div>
      {isOpen.value && (
        <div class="json-inside">
          {entries.slice(0, shown.value).map(([key, item]) => (
            <Value key={key} name={key} value={item} depth={depth - 1} />
          ))}
          {entries.length > shown.value && (
            <button type="button" class="link" onClick={() => (shown.value += itemsShown * 5)}>
              {formatCount(entries.length - shown.value, "more")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Name({ name }: { readonly name: string | null }): VNode | null {
  return name === null ? null : <span class="json-name">{name}: </span>;
}

function Text({ text }: { readonly text: string }): VNode {
  const isWhole = useSignal(false);
  const isLong = text.length > textShown;
  return (
    <span class="json-string">
      "{isLong && !isWhole.value ? text.slice(0, textShown) : text}"
      {isLong && (
        <button type="button" class="link" onClick={() => (isWhole.value = !isWhole.value)}>
          {isWhole.value ? " less" : ` … ${formatCount(text.length, "character")}`}
        </button>
      )}
    </span>
  );
}
