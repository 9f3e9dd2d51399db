/** What is in view, as the hash of the address: a link to it shows the same. */
export type Tab = "result" | "timeline" | "steps" | "compare";
export const tabs: readonly Tab[] = ["result", "timeline", "steps", "compare"];

export interface Route {
  readonly workflow: string | undefined;
  readonly run: string | undefined;
  readonly tab: Tab | undefined;
  /** Sequence of the event that is shown in full. */
  readonly event: number | undefined;
  readonly step: string | undefined;
  /** The run is shown as it was after this event. */
  readonly at: number | undefined;
  /** The run that it is compared with. */
  readonly other: string | undefined;
  /** The filter of events. */
  readonly query: string | undefined;
}

export function parseRoute(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [kind, name] = path.split("/").map(decode);
  const query = new URLSearchParams(search);
  const integer = (key: string): number | undefined => {
    const text = query.get(key);
    return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const tab = query.get("tab");
  return {
    workflow: kind === "workflow" ? name : undefined,
    run: kind === "run" ? name : undefined,
    tab: tabs.find((known) => known === tab),
    event: integer("event"),
    step: query.get("step") ?? undefined,
    at: integer("at"),
    other: query.get("with") ?? undefined,
    query: query.get("q") ?? undefined,
  };
}

export function formatRoute(route: Route): string {
  const { workflow, run, tab, event, step, at, other, query } = route;
  const entries = { tab, event, step, at, with: other, q: query };
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(entries)) {
    if (value !== undefined && value !== "") search.set(key, String(value));
  }
  const tail = search.size > 0 ? `?${search}` : "";
  if (run !== undefined) return `#/run/${encodeURIComponent(run)}${tail}`;
  return workflow === undefined ? `#/${tail}` : `#/workflow/${encodeURIComponent(workflow)}${tail}`;
}

// ---

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Typed by hand.
  }
}
