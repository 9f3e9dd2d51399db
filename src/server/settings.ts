/**
 * How a server is set up: options of the constructor, then environment variables, then defaults;
 * checked once, then fixed.
 */
import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";
import { blockedMsDefault, heartbeatMs, idleMsDefault } from "../base/limits.ts";
import type { Log } from "../base/log.ts";
import type { Retention } from "../runtime/retention.ts";
import { MemoryStore } from "../store/memory.ts";
import { SqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { unknownOptions } from "../workflow/check-options.ts";

export interface WorkflowServerOptions {
  /**
   * Where runs are kept: the path of a SQLite file, `"memory"`, or a store of your own.
   * Default: `WORKFLOWS_SERVER_STORE`, else `.workflows/state.db` in the working directory.
   */
  readonly store?: string | Store;
  /**
   * What the SQLite file survives with all that was acknowledged: a power cut (`full`), or the end
   * of the process (`process`). Default: `WORKFLOWS_SERVER_DURABILITY`, else `full`.
   */
  readonly durability?: "full" | "process";
  /**
   * Keys that callers must show, or a function that decides. Default: `WORKFLOWS_SERVER_API_KEY`.
   */
  readonly auth?: Auth;
  /** Origins of other sites whose pages may use this server, such as `https://app.example`. */
  readonly corsOrigins?: readonly string[];
  /** Host names under which browsers may reach this server, besides localhost and IP addresses. */
  readonly allowedHosts?: readonly string[];
  /** Takes a `context` with initial state in the body of a start. Default false. */
  readonly acceptContext?: boolean;
  /** Seconds after which a run that only waits leaves memory; null: never. Default 60. */
  readonly idleTimeout?: number | null;
  /** Runs at a time, of all workflows; further ones wait their turn. Default: no limit. */
  readonly concurrency?: number;
  /** Seconds for which a run is kept after its end. Default: for ever. */
  readonly keepRunsFor?: number;
  /** How many runs that have ended are kept, the newest. Default: all. */
  readonly keepRunsMax?: number;
  /** Seconds between heartbeats on a silent SSE stream; null: none. Default 25. */
  readonly heartbeatInterval?: number | null;
  /**
   * Seconds for which a step may keep the thread to itself before a server that listens ends the
   * process, so that whoever supervises it starts it again; null: never, it is only logged; false:
   * nobody watches. Default 300.
   */
  readonly blockedTimeout?: number | null | false;
  /** Where log lines go. Default: nowhere; the CLI prints them. */
  readonly log?: Log;
}

export type Auth = string | readonly string[] | ((request: Request) => boolean | Promise<boolean>);

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Settings {
  readonly auth: Auth | null;
  readonly corsOrigins: ReadonlySet<string>;
  readonly allowedHosts: ReadonlySet<string>;
  readonly acceptContext: boolean;
  readonly idleMs: number | null;
  readonly heartbeatMs: number | null;
  readonly concurrency: number | null;
  readonly retention: Retention;
  /** After which a thread that is kept by one step is ended; null: never; false: not watched. */
  readonly blockedMs: number | null | false;
}

export const storePathDefault = ".workflows/state.db";
export const hostDefault = "0.0.0.0";
export const portDefault = 8080;

/** Throws `config_invalid`, naming the option. */
export function toSettings(options: WorkflowServerOptions, env: Environment): Settings {
  // One that is written wrong would leave a door open, or a limit off.
  const [unknown] = unknownOptions(options, Object.keys(known));
  if (unknown !== undefined) {
    throw new WorkflowError("config_invalid", `\`new WorkflowServer({ … })\`: ${unknown}`);
  }
  const origins = options.corsOrigins ?? listOf(env["WORKFLOWS_SERVER_CORS_ORIGINS"]);
  const hosts = options.allowedHosts ?? listOf(env["WORKFLOWS_SERVER_ALLOWED_HOSTS"]);
  const { acceptContext = false, log } = options;
  if (!Array.isArray(origins))
    throw invalid("corsOrigins", `a list of ${anOrigin}`, describeValue(origins));
  if (!Array.isArray(hosts))
    throw invalid("allowedHosts", `a list of ${aHost}`, describeValue(hosts));
  if (typeof acceptContext !== "boolean") {
    throw invalid("acceptContext", "`true` or `false`", describeValue(acceptContext));
  }
  if (log !== undefined && typeof log !== "function") {
    throw invalid("log", "a function", describeValue(log));
  }
  return Object.freeze({
    auth: toAuth(options, env["WORKFLOWS_SERVER_API_KEY"]),
    corsOrigins: new Set(origins.map(checkOrigin)),
    allowedHosts: new Set(hosts.map(checkHost)),
    acceptContext,
    idleMs: toMs("idleTimeout", options.idleTimeout, idleMsDefault),
    heartbeatMs: toMs("heartbeatInterval", options.heartbeatInterval, heartbeatMs),
    blockedMs:
      options.blockedTimeout === false
        ? false
        : toMs("blockedTimeout", options.blockedTimeout, blockedMsDefault),
    concurrency: checkCount("concurrency", options.concurrency, 1),
    retention: {
      keepMs: toMs("keepRunsFor", options.keepRunsFor ?? null, 0),
      keepMax: checkCount("keepRunsMax", options.keepRunsMax, 0),
    },
  });
}

export function toStore(
  store: string | Store | undefined,
  env: Environment,
  durability?: "full" | "process" | undefined,
): Store {
  const choice = store ?? env["WORKFLOWS_SERVER_STORE"] ?? storePathDefault;
  if (typeof choice !== "string") {
    if (typeof choice.open === "function") return choice;
    throw invalid("store", "a path, `memory` or a store", describeValue(choice));
  }
  if (choice === "") throw invalid("store", "a path or `memory`", '""');
  if (choice === "memory") return new MemoryStore();
  const level = durability ?? env["WORKFLOWS_SERVER_DURABILITY"] ?? "full";
  if (level !== "full" && level !== "process") {
    throw invalid("durability", "`full` or `process`", JSON.stringify(level));
  }
  return new SqliteStore({ path: choice, durability: level });
}

/** Where to listen. The peer's variables count where ours are not set. */
export function toAddress(
  given: { readonly host?: string | undefined; readonly port?: number | string | undefined },
  env: Environment,
): { readonly host: string; readonly port: number } {
  const host =
    given.host ?? env["WORKFLOWS_SERVER_HOST"] ?? env["WORKFLOWS_PY_SERVER_HOST"] ?? hostDefault;
  const port =
    given.port ?? env["WORKFLOWS_SERVER_PORT"] ?? env["WORKFLOWS_PY_SERVER_PORT"] ?? portDefault;
  const isPort = /^\d{1,5}$/.test(String(port)) && Number(port) <= 65_535;
  if (!isPort) throw invalid("port", "a whole number from 0 to 65535", JSON.stringify(port));
  if (host === "") throw invalid("host", "a name or an address", '""');
  return { host, port: Number(port) };
}

// ---

const known: Readonly<Record<keyof WorkflowServerOptions, true>> = {
  store: true,
  durability: true,
  auth: true,
  corsOrigins: true,
  allowedHosts: true,
  acceptContext: true,
  idleTimeout: true,
  concurrency: true,
  keepRunsFor: true,
  keepRunsMax: true,
  heartbeatInterval: true,
  blockedTimeout: true,
  log: true,
};

function listOf(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/**
 * An unset secret must not open the door: `auth: process.env.KEY` of a variable that is not set.
 */
function toAuth(options: WorkflowServerOptions, envKeys: string | undefined): Auth | null {
  if (!("auth" in options)) return envKeys === undefined ? null : checkKeys(listOf(envKeys));
  const auth: unknown = options.auth;
  if (typeof auth === "function") return auth as Auth;
  return checkKeys(Array.isArray(auth) ? auth : [auth]);
}

/** The keys are in no message: it may end in a log. */
function checkKeys(keys: readonly unknown[]): readonly string[] {
  const isKey = (key: unknown): key is string => typeof key === "string" && /^[!-~]+$/.test(key);
  if (keys.length > 0 && keys.every(isKey)) return keys;
  const wrong = keys.find((key) => !isKey(key));
  // What a header cannot carry could never be shown.
  throw invalid(
    "auth",
    "a function, or keys of visible ASCII characters without spaces",
    keys.length === 0 ? "no key" : wrong === "" ? "an empty one" : `one of type ${typeof wrong}`,
  );
}

const anOrigin = "origins such as `https://app.example`";
const aHost = "host names such as `app.example`";

function checkOrigin(text: unknown): string {
  const origin = typeof text === "string" ? URL.parse(text)?.origin : undefined;
  // A star is no pattern here: it would be a name that no page has.
  const isOrigin = origin === String(text).toLowerCase() && !origin.includes("*");
  if (isOrigin) return origin;
  throw invalid("corsOrigins", anOrigin, shown(text));
}

function checkHost(text: unknown): string {
  const host = typeof text === "string" ? URL.parse(`http://${text}`) : null;
  // As the URL of a request shows it, whatever its port: a host with one would never match.
  const isHost = host?.href === `http://${host?.hostname}/` && !host.hostname.includes("*");
  if (host && isHost) return host.hostname;
  throw invalid("allowedHosts", aHost, shown(text));
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : describeValue(value);
}

function checkCount(name: string, count: number | undefined, min: number): number | null {
  if (count === undefined) return null;
  if (Number.isInteger(count) && count >= min) return count;
  throw invalid(name, `a whole number of at least ${min}`, String(count));
}

function toMs(name: string, seconds: number | null | undefined, defaultMs: number): number | null {
  if (seconds === undefined) return defaultMs;
  if (seconds === null || seconds === Infinity) return null;
  if (!(seconds > 0)) throw invalid(name, "seconds above 0, or null", String(seconds));
  return seconds * 1000;
}

function invalid(name: string, expected: string, got: string): WorkflowError {
  return new WorkflowError("config_invalid", `Expected \`${name}\` to be ${expected}, got ${got}.`);
}
