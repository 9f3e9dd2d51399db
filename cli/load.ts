/**
 * Finds the server in an author's file. The file may import another copy of this package than the
 * command does, so a server is known by what it can do, never by its class.
 */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import type { WorkflowServer } from "../src/index.ts";
import { Complaint, toLoadComplaint } from "./complaint.ts";

/** What the command needs of a server. */
export type AuthorServer = Pick<
  WorkflowServer,
  "addWorkflow" | "close" | "serve" | "workflowNames"
>;

/** Every server calls the function under this name when it is made. */
const onCreate: unique symbol = Symbol.for("workflows-server.onCreate");

/**
 * Runs the file, and returns the server that it exports or, if it exports none, the one that it
 * made. `onServer` hears of every server as soon as it exists. Throws `Complaint`.
 */
export async function loadServer(
  file: string,
  onServer: (server: AuthorServer) => void,
): Promise<AuthorServer> {
  const path = resolve(file);
  checkFile(file, path);
  const created = new Set<AuthorServer>();
  const global = globalThis as { [onCreate]?: (server: AuthorServer) => void };
  global[onCreate] = (server) => {
    created.add(server);
    onServer(server);
  };
  const exported = toServers(await importFile(path));
  for (const server of exported.keys()) onServer(server);
  return choose(file, exported, created);
}

// ---

function checkFile(file: string, path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new Complaint(`There is no file \`${file}\`.`);
  if (stats.isDirectory()) {
    throw new Complaint(
      `Expected a file, such as \`${file.replace(/\/*$/, "")}/my_server.ts\`, but \`${file}\` is a directory.`,
    );
  }
}

async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw toLoadComplaint(path, error);
  }
}

/** Servers to the names under which they are exported. */
function toServers(
  exports: Readonly<Record<string, unknown>>,
): ReadonlyMap<AuthorServer, readonly string[]> {
  const servers = new Map<AuthorServer, readonly string[]>();
  for (const [name, value] of Object.entries(exports)) {
    if (isServer(value)) servers.set(value, [...(servers.get(value) ?? []), name]);
  }
  return servers;
}

function isServer(value: unknown): value is AuthorServer {
  if (typeof value !== "object" || value === null) return false;
  const { addWorkflow, serve, workflowNames } = value as Partial<AuthorServer>;
  const isAble = typeof addWorkflow === "function" && typeof serve === "function";
  return isAble && Array.isArray(workflowNames);
}

function choose(
  file: string,
  exported: ReadonlyMap<AuthorServer, readonly string[]>,
  created: ReadonlySet<AuthorServer>,
): AuthorServer {
  const [server, ...others] = exported.size > 0 ? exported.keys() : created;
  if (!server) {
    throw new Complaint(
      `\`${file}\` makes no server. Make one with \`const server = new WorkflowServer()\`, add your workflows to it, and \`export default server\`.`,
    );
  }
  if (others.length === 0) return server;
  const names = [...exported.values()].map(([name]) => `\`${name}\``).join(" and ");
  throw new Complaint(
    exported.size > 0
      ? `\`${file}\` exports ${exported.size} servers, ${names}. Export the one that is to be served.`
      : `\`${file}\` makes ${created.size} servers and exports none. Export the one that is to be served: \`export default server\`.`,
  );
}
