/** What a reader has set up, kept in this browser. A browser that keeps nothing is no error. */
import { type Signal, signal } from "@preact/signals";

import type { Json } from "../../src/client/bodies.ts";

const prefix = "workflows-server:";

export function recall<T extends Json>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(prefix + key);
    return text === null ? fallback : (JSON.parse(text) as T); // As `remember` wrote it.
  } catch {
    return fallback;
  }
}

export function remember(key: string, value: Json | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, JSON.stringify(value));
  } catch {
    // Full, or switched off.
  }
}

/** A signal that outlives the page. */
export function keptSignal<T extends Json>(key: string, fallback: T): Signal<T> {
  const kept = signal(recall(key, fallback));
  kept.subscribe((value) => remember(key, value));
  return kept;
}
