/** Events as rows: what the runtime hands in, and what readers get. */

export interface NewEvent {
  /** JSON text of the envelope, exactly as readers get it. */
  readonly json: string;
  readonly at: number;
  readonly isInternal: boolean;
  /** The last event of its run. */
  readonly isTerminal: boolean;
}

/** The first of these, as many as have so many characters together; one at least. */
export function takePage<T extends { readonly json: string }>(
  events: Iterable<T>,
  charsMax: number,
): T[] {
  const page: T[] = [];
  let chars = 0;
  for (const event of events) {
    chars += event.json.length;
    if (page.length > 0 && chars > charsMax) break;
    page.push(event);
  }
  return page;
}

/** Shared by all its readers, so it may serve as the key of a cache of encodings. */
export interface StoredEvent extends NewEvent {
  readonly sequence: number;
}
