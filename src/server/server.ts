/**
 * The server that authors make: workflows by name, over HTTP. It can be bound to a port, or its
 * `fetch` can be mounted in any server that speaks web-standard requests.
 */
import { systemClock } from "../base/clock.ts";
import { WorkflowError } from "../base/errors.ts";
import { shutdownMs } from "../base/limits.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { Retention } from "../runtime/retention.ts";
import { Runtime } from "../runtime/runtime.ts";
import { watchThread } from "../runtime/step-under-way.ts";
import type { Store, StoreAbout } from "../store/store.ts";
import type { AnyWorkflow, Definition } from "../workflow/definition.ts";
import { type App, createApp } from "./app.ts";
import type { Connection } from "./endpoint.ts";
import { listen, type Listener } from "./listen.ts";
import { type AddWorkflowOptions, checkRegistration, unregistered } from "./registration.ts";
import {
  type Settings,
  toAddress,
  toSettings,
  toStore,
  type WorkflowServerOptions,
} from "./settings.ts";
import { Streams } from "./streams.ts";
import { Watchdog } from "./watchdog.ts";

export interface ServeOptions {
  /** Default: `WORKFLOWS_SERVER_HOST`, else `0.0.0.0`: reachable from other machines. */
  readonly host?: string | undefined;
  /** Default: `WORKFLOWS_SERVER_PORT`, else 8080. 0 picks a free one. */
  readonly port?: number | string | undefined;
  /** Wins over the constructor's. */
  readonly store?: string | Store | undefined;
  /** Where log lines go, if the constructor was told nothing about them. */
  readonly log?: Log | undefined;
}

/** Where a server listens, and what it keeps. */
export interface Serving {
  readonly url: URL;
  readonly workflows: readonly string[];
  readonly store: StoreAbout;
  /** What is let go of after its end, and when. */
  readonly retention: Retention;
  readonly isAuthenticated: boolean;
}

/** What a server is made of from its start on. */
interface Core {
  readonly runtime: Runtime;
  readonly app: App;
  /** Resolves when the store is open and unfinished runs go on. */
  readonly opening: Promise<void>;
  /** The same, for those who do not wait any more when the server closes. */
  readonly opened: Promise<void>;
}

/** Under this name the CLI hears of every server that an author's file makes. */
const onCreate: unique symbol = Symbol.for("workflows-server.onCreate");

export class WorkflowServer implements AsyncDisposable {
  readonly #options: WorkflowServerOptions;
  readonly #settings: Settings;
  readonly #workflows = new Map<string, Definition>();
  readonly #authored = new Map<Definition, AnyWorkflow>();
  readonly #shutdown = new AbortController();
  #log: Log | null;
  #core: Core | null = null;
  #isReady = false;
  #listener: Listener | null = null;
  #watchdog: Watchdog | null = null;
  #stopWatching: () => void = () => {};
  #closed: Promise<void> | null = null;

  /** Throws `config_invalid`. */
  constructor(options: WorkflowServerOptions = {}) {
    this.#options = options;
    this.#settings = toSettings(options, process.env);
    this.#log = options.log ?? null;
    const hook = (globalThis as { [onCreate]?: (server: WorkflowServer) => void })[onCreate];
    hook?.(this);
  }

  /**
   * Offers a workflow under a name, which becomes part of its URLs. Throws `definition_invalid`
   * with every mistake that the workflow has, or when the name is taken.
   */
  addWorkflow(name: string, workflow: AnyWorkflow, options: AddWorkflowOptions = {}): this {
    checkRegistration(name, workflow, options);
    if (this.#workflows.has(name)) {
      throw unregistered(
        `Two workflows are called \`${name}\`. Add one of them under another name.`,
      );
    }
    if (this.#core) {
      throw unregistered(
        `Workflow \`${name}\` comes too late: the server has started. Add it before.`,
      );
    }
    const definition = workflow.define(name, options.additionalEvents);
    this.#workflows.set(name, definition);
    this.#authored.set(definition, workflow);
    return this;
  }

  /** Names of all workflows, in the order of their registration. */
  get workflowNames(): readonly string[] {
    return [...this.#workflows.keys()];
  }

  /** Answers a request. Mount it anywhere; the first one starts the server. */
  readonly fetch = async (request: Request): Promise<Response> =>
    await this.#answer(request, unknownConnection);

  /** Opens the store and lets every unfinished run go on. Resolves when that is done. */
  async start(): Promise<void> {
    if (this.#closed) throw closed();
    await this.#begin().opened;
  }

  /** Starts, and listens. Throws `config_invalid` for an address that cannot be had. */
  async serve(options: ServeOptions = {}): Promise<Serving> {
    if (this.#closed) throw closed();
    const address = toAddress(options, process.env);
    this.#log ??= options.log ?? null;
    this.#watch();
    const { runtime, opened } = this.#begin(options.store);
    try {
      this.#listener ??= listen(address, (request, by) => this.#answer(request, by));
      await opened;
    } catch (error) {
      await this.close();
      throw error;
    }
    return {
      url: this.#listener.url,
      workflows: this.workflowNames,
      store: runtime.store.about,
      retention: this.#settings.retention,
      isAuthenticated: this.#settings.auth !== null,
    };
  }

  /**
   * Ends streams, stops runs where they are, and lets go of port and store. Runs go on at the next
   * start.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ---

  /** Who serves looks after the thread, unless somebody has stopped it to look at it. */
  #watch(): void {
    const { blockedMs } = this.#settings;
    const isDebugged =
      process.execArgv.some((arg) => arg.startsWith("--inspect")) || !!process.env["BUN_INSPECT"];
    if (this.#watchdog || blockedMs === false || isDebugged) return;
    this.#watchdog = new Watchdog({
      log: (...line) => (this.#log ?? silentLog)(...line),
      endMs: blockedMs,
      culpritPath: () => this.#core?.runtime.culpritPath,
    });
    this.#stopWatching = watchThread(this.#watchdog);
  }

  #begin(store?: string | Store): Core {
    if (this.#closed && !this.#core) throw closed();
    this.#core ??= this.#create(store);
    return this.#core;
  }

  #create(storeOption: string | Store | undefined): Core {
    const log: Log = (...line) => {
      try {
        // Asked for with every line: `serve` may name a log after the first request has come.
        (this.#log ?? silentLog)(...line);
      } catch {
        // A log that cannot write must not fail what it is told of; and whom could we tell?
      }
    };
    const { store, durability } = this.#options;
    const runtime = new Runtime({
      store: toStore(storeOption ?? store, process.env, durability),
      log,
      idleMs: this.#settings.idleMs,
      concurrency: this.#settings.concurrency,
      retention: this.#settings.retention,
    });
    for (const [definition, workflow] of this.#authored) runtime.register(workflow, definition);
    const opening = runtime.open();
    const opened = unlessAborted(opening, this.#shutdown.signal).then(() => {
      this.#isReady = true;
    });
    opened.catch(() => {}); // Told to whoever starts, and to every request.
    const app = createApp({
      runtime,
      log,
      settings: this.#settings,
      streams: new Streams(),
      workflows: this.#workflows,
      isReady: () => this.#isReady,
      shutdown: this.#shutdown.signal,
    });
    return { runtime, app, opening, opened };
  }

  #answer(request: Request, connection: Connection): Promise<Response> {
    const { app, opened } = this.#begin();
    return app(request, opened, connection);
  }

  async #close(): Promise<void> {
    this.#isReady = false;
    this.#shutdown.abort();
    const stopped = this.#listener?.close();
    if (this.#core) await settled(this.#core.opening);
    await this.#core?.runtime.close();
    await stopped;
    this.#stopWatching();
    this.#watchdog?.[Symbol.dispose]();
  }
}

// ---

/** Of a request that somebody else's server has taken. */
const unknownConnection: Connection = {
  isFramed: false,
  keepOpen: () => ({ [Symbol.dispose]: () => {} }),
};

/** A start that failed has nothing to stop, and one that does not end is not waited for. */
async function settled(opening: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = systemClock.at(systemClock.now() + shutdownMs, late.resolve);
  await Promise.race([opening.catch(() => {}), late.promise]);
  cancel();
}

function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void =>
      reject(new WorkflowError("shutting_down", "The server is shutting down."));
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject);
  });
}

function closed(): WorkflowError {
  return new WorkflowError("shutting_down", "The server is closed. Make a new one.");
}
