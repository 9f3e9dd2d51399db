/** What an endpoint is handed, and what it may use. */
import { WorkflowError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { RequestUrl } from "../http/request-url.ts";
import type { PathParams } from "../http/router.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { RunRecord } from "../store/store.ts";
import type { Definition } from "../workflow/definition.ts";
import type { Settings } from "./settings.ts";
import type { Streams } from "./streams.ts";

export interface Services {
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly log: Log;
  readonly streams: Streams;
  /** Registered workflows, in the order of their registration. */
  readonly workflows: ReadonlyMap<string, Definition>;
  readonly isReady: () => boolean;
  /** Aborted when streams have to end. */
  readonly shutdown: AbortSignal;
}

/** What a request came by. */
export interface Connection {
  /** Whether it was read by a parser of HTTP, which holds a body to the length that it declares. */
  readonly isFramed: boolean;
  /** Lets it be silent for as long as it takes, until the result is disposed of. */
  keepOpen(): Disposable;
}

export class Call {
  readonly request: Request;
  readonly connection: Connection;
  readonly params: PathParams;
  readonly #url: RequestUrl;

  constructor(request: Request, connection: Connection, params: PathParams, url: RequestUrl) {
    this.request = request;
    this.connection = connection;
    this.params = params;
    this.#url = url;
  }

  get query(): URLSearchParams {
    return this.#url.query;
  }
}

export type Endpoint = (services: Services, call: Call) => Response | Promise<Response>;

/** Throws `workflow_not_found`. */
export function mustWorkflow({ workflows }: Services, name: string | undefined): Definition {
  const definition = workflows.get(name ?? "");
  if (definition) return definition;
  throw new WorkflowError("workflow_not_found", "Workflow not found");
}

/** Throws `handler_not_found`. */
export async function mustHandler(
  { runtime }: Services,
  id: string | undefined,
): Promise<RunRecord> {
  const run = await runtime.store.getHandler(id ?? "");
  if (run) return run;
  throw new WorkflowError("handler_not_found", "Handler not found");
}
