/** The command line, from words to a checked value. What it does not know, it refuses. */
import { type ArgsDef, parseArgs, renderUsage } from "citty";

import manifest from "../package.json" with { type: "json" };
import { Complaint } from "./complaint.ts";

/** What was asked for on the command line; the server has its own ideas about the rest. */
export interface Address {
  readonly host?: string;
  readonly port?: string;
  readonly store?: string;
}

export interface ServeCommand {
  readonly kind: "serve";
  readonly file: string;
  readonly address: Address;
  readonly isVerbose: boolean;
}

export type Command = { readonly kind: "help" } | { readonly kind: "version" } | ServeCommand;

export const version: string = manifest.version;

/** Throws `Complaint`. */
export function parseCommand(words: readonly string[]): Command {
  const args: Readonly<Record<string, unknown>> = parseArgs([...words], definitions);
  if (args["help"] === true) return { kind: "help" };
  if (args["version"] === true) return { kind: "version" };
  for (const name of Object.keys(args)) {
    if (name !== "_" && !(name in definitions)) {
      throw new Complaint(`There is no option \`${toFlag(name)}\`. ${seeHelp}`);
    }
  }
  const files = args["_"] as readonly string[]; // Whatever is no option, in citty's list.
  const [file] = files;
  if (file === undefined) {
    throw new Complaint(`Expected a file, such as \`workflows-server my_server.ts\`. ${seeHelp}`);
  }
  if (files.length > 1) {
    const got = files.map((word) => `\`${word}\``).join(", ");
    throw new Complaint(`Expected one file, got ${files.length}: ${got}. ${seeHelp}`);
  }
  const address = Object.fromEntries(
    ["host", "port", "store"].flatMap((name) => {
      const value = args[name];
      if (value === undefined) return [];
      if (typeof value === "string" && value !== "") return [[name, value]];
      throw new Complaint(`Expected a value after \`--${name}\`. ${seeHelp}`);
    }),
  );
  return { kind: "serve", file, address, isVerbose: args["verbose"] === true };
}

export async function usage(isColored: boolean): Promise<string> {
  const meta = { name: manifest.name, version, description: manifest.description };
  const text = (await renderUsage({ meta, args: definitions })).replace(/ +$/gm, "");
  // citty colours whatever it prints, also into a pipe.
  return `${isColored ? text : Bun.stripANSI(text)}\n${environment}`;
}

// ---

const definitions = {
  file: {
    type: "positional",
    required: false,
    description: "A TypeScript file that makes a `WorkflowServer`, and exports it",
  },
  host: {
    type: "string",
    valueHint: "address",
    description: "Where to listen. Default 0.0.0.0; 127.0.0.1 is for this machine only",
  },
  port: { type: "string", valueHint: "number", description: "Default 8080; 0 picks a free one" },
  store: {
    type: "string",
    valueHint: "path",
    description: "A SQLite file, or `memory`. Default .workflows/state.db",
  },
  verbose: { type: "boolean", description: "Log debug lines too" },
  help: { type: "boolean", description: "Show this" },
  version: { type: "boolean", description: "Show the version" },
} as const satisfies ArgsDef;

const seeHelp = "See `workflows-server --help`.";

const environment = `ENVIRONMENT, where an option is not given

  WORKFLOWS_SERVER_HOST           Like --host
  WORKFLOWS_SERVER_PORT           Like --port
  WORKFLOWS_SERVER_STORE          Like --store
  WORKFLOWS_SERVER_DURABILITY     What the SQLite file survives: full (a power cut) or process
  WORKFLOWS_SERVER_API_KEY        Keys that callers must show, separated by commas
  WORKFLOWS_SERVER_CORS_ORIGINS   Origins whose pages may use the server
  WORKFLOWS_SERVER_ALLOWED_HOSTS  Names under which browsers may reach it
`;

function toFlag(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}
