/** What the command says once it serves: the address first, then what one should know about it. */
import { resolve } from "node:path";

import type { Serving } from "../src/index.ts";
import { type Paint, paintFor } from "./color.ts";
import { shorten } from "./complaint.ts";
import { type Address, version } from "./options.ts";

export function printStart(serving: Serving, asked: Address): void {
  console.info(toStartText(serving, paintFor(process.stdout)));
  const paint = paintFor(process.stderr);
  for (const warning of toWarnings(serving, asked)) {
    process.stderr.write(`${paint("yellow", "Warning:")} ${warning}\n\n`);
  }
}

export function toStartText(serving: Serving, paint: Paint): string {
  const { isAuthenticated, store, url, workflows } = serving;
  const isEverywhere = isEveryAddress(url);
  const port = url.port === "" ? "" : `:${url.port}`;
  const origin = isEverywhere ? `http://localhost${port}` : url.origin;
  const offer = workflows.length > 0 ? "" : "add one with `server.addWorkflow(name, workflow)`";
  const place = store.location ? shorten(store.location) : store.kind;
  const kept = toRetention(serving);
  const rows: readonly (readonly [name: string, value: string, remark?: string])[] = [
    [
      "Address",
      paint(["bold", "cyan"], origin),
      isEverywhere ? "on all addresses of this machine" : "",
    ],
    ["Workflows", workflows.join(", ") || paint("yellow", "none"), offer],
    ["Store", place, survival[store.durability]],
    ...(kept === null ? [] : [["Ended runs", kept] as const]),
    ["API key", isAuthenticated ? "asked for" : "not asked for"],
  ];
  const lines = rows.map(([name, value, remark]) => {
    const aside = remark ? `  ${paint("dim", remark)}` : "";
    return `  ${paint("dim", name.padEnd(10))} ${value}${aside}`;
  });
  return `\n  ${paint("bold", "workflows-server")} ${version}\n\n${lines.join("\n")}\n`;
}

export function toWarnings(serving: Serving, asked: Address): readonly string[] {
  const { isAuthenticated, url } = serving;
  const ignored = ignoredOptions(serving, asked);
  return [
    ...(isAuthenticated || isLoopback(url)
      ? []
      : [
          "Everybody who can reach this machine can run these workflows and read all their runs. Ask for a key with `WORKFLOWS_SERVER_API_KEY=…`, or listen on this machine only with `--host 127.0.0.1`.",
        ]),
    ...(ignored.length === 0
      ? []
      : [
          `The file calls \`serve()\` itself, so its own address and store stand, and ${ignored.join(" and ")} has no effect.`,
        ]),
  ];
}

// ---

const survival: Readonly<Record<Serving["store"]["durability"], string>> = {
  full: "survives a power cut",
  process: "survives the end of the process, not a power cut",
  none: "nothing survives the end of the process",
};

/** How long runs are kept after their end; null: for ever. */
function toRetention({ retention }: Serving): string | null {
  const parts = [
    ...(retention.keepMs === null ? [] : [`for ${toDuration(retention.keepMs)}`]),
    ...(retention.keepMax === null ? [] : [`the newest ${retention.keepMax} only`]),
  ];
  return parts.length === 0 ? null : `are kept ${parts.join(", ")}`;
}

/** In the largest unit that needs no fraction. */
function toDuration(ms: number): string {
  const units = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000 };
  const [unit, length] = Object.entries(units).find(([, each]) => ms % each === 0) ?? ["ms", 1];
  return `${ms / length} ${unit}`;
}

/** A server that the file itself has started keeps what it has. */
function ignoredOptions({ store, url }: Serving, { host, port, store: path }: Address): string[] {
  const isOtherPort = port !== undefined && Number(port) > 0 && Number(port) !== toPort(url);
  const isOtherHost = host !== undefined && toHostname(host) !== url.hostname;
  const isOtherStore =
    path !== undefined &&
    (path === "memory" ? store.kind !== "memory" : store.location !== resolve(path));
  return [
    ...(isOtherHost ? ["`--host`"] : []),
    ...(isOtherPort ? ["`--port`"] : []),
    ...(isOtherStore ? ["`--store`"] : []),
  ];
}

function toPort({ port }: URL): number {
  return port === "" ? 80 : Number(port);
}

/** As a URL spells it. */
function toHostname(host: string): string {
  const text = `http://${host.includes(":") ? `[${host}]` : host}`;
  return URL.canParse(text) ? new URL(text).hostname : host;
}

function isEveryAddress({ hostname }: URL): boolean {
  return hostname === "0.0.0.0" || hostname === "[::]";
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
