/** What a reader has done to runs: asked of the server, told, and shown. */
import type { Signal } from "@preact/signals";

import type { HandlerBody, Json, JsonObject } from "../../src/client/bodies.ts";
import type { Client, ForkRequest } from "../../src/client/client.ts";
import { parseRoute, type Route } from "../model/route.ts";
import type { HandlerBook } from "./handler-book.ts";
import { remember } from "./memory.ts";

export interface Actions {
  start(workflow: string, input: JsonObject): Promise<void>;
  rerun(handler: HandlerBody): Promise<void>;
  /** What a run was started with. */
  inputOf(handler: HandlerBody): Promise<JsonObject>;
  cancel(handlerId: string): Promise<void>;
  delete(handlerId: string): Promise<void>;
  send(type: string, value: Json, step: string | null): Promise<void>;
  fork(request: ForkRequest): Promise<void>;
}

export interface ActionParts {
  readonly client: Client;
  readonly handlers: HandlerBook;
  readonly route: Signal<Route>;
  readonly navigate: (patch: Partial<Route>) => void;
  readonly openRun: (handlerId: string) => void;
  readonly tell: (text: string) => void;
}

export function createActions(parts: ActionParts): Actions {
  const { client, handlers, route, navigate, openRun, tell } = parts;
  const show = (handler: HandlerBody): void => {
    handlers.put(handler);
    openRun(handler.handler_id);
  };
  const inputOf = async (handler: HandlerBody): Promise<JsonObject> => {
    const { ticks } = await client.getJournal(handler.handler_id, 0);
    const event = ticks[0]?.["event"] as { readonly data?: JsonObject } | undefined;
    return event?.data ?? {};
  };
  return {
    inputOf,
    async start(workflow, input) {
      const handler = await client.start(workflow, input);
      remember(`input:${workflow}`, input);
      show(handler);
    },
    async rerun(handler) {
      show(await client.start(handler.workflow_name, await inputOf(handler)));
      tell("Started again with the same input.");
    },
    async cancel(handlerId) {
      await client.cancel(handlerId);
      tell("The run was cancelled.");
    },
    async delete(handlerId) {
      await client.delete(handlerId);
      handlers.remove(handlerId);
      if (route.value.run === handlerId) navigate(parseRoute(""));
      tell("The run was deleted.");
    },
    async send(type, value, step) {
      const id = route.value.run;
      if (id === undefined) return;
      await client.send(id, { type, value }, step);
      tell(`Sent ${type}.`);
    },
    async fork(request) {
      const id = route.value.run;
      if (id === undefined) return;
      show(await client.fork(id, request));
      tell("The fork is under way.");
    },
  };
}
