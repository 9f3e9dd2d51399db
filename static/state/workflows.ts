/** What the server tells of its workflows: read once each, when first looked at. */
import { type Signal, signal } from "@preact/signals";

import type { DefinitionBody, GraphBody, SchemaBody } from "../../src/client/bodies.ts";
import type { Client } from "../../src/client/client.ts";
import { type Definition, toDefinition } from "../model/definition.ts";
import { messageOf } from "./message.ts";

export interface WorkflowInfo {
  readonly name: string;
  readonly graph: GraphBody;
  readonly schema: SchemaBody;
  readonly body: DefinitionBody;
  readonly definition: Definition;
}

export type Loaded<T> =
  | { readonly kind: "loading" }
  | { readonly kind: "ready"; readonly value: T }
  | { readonly kind: "failed"; readonly message: string };

export interface Workflows {
  readonly names: Signal<readonly string[] | null>;
  info(name: string): Signal<Loaded<WorkflowInfo>>;
  definition(name: string): Promise<Definition>;
  load(): Promise<void>;
}

export function createWorkflows(client: Client): Workflows {
  const names: Signal<readonly string[] | null> = signal(null);
  const infos = new Map<string, Signal<Loaded<WorkflowInfo>>>();
  const reading = new Map<string, Promise<WorkflowInfo>>();
  const read = async (name: string): Promise<WorkflowInfo> => {
    const [graph, schema, body] = await Promise.all([
      client.getGraph(name),
      client.getSchema(name),
      client.getDefinition(name),
    ]);
    return { name, graph, schema, body, definition: toDefinition(body) };
  };
  const readOnce = (name: string): Promise<WorkflowInfo> => {
    const promise = reading.get(name) ?? read(name);
    reading.set(name, promise);
    promise.catch(() => reading.delete(name)); // To be asked again.
    return promise;
  };
  return {
    names,
    info(name) {
      const known = infos.get(name);
      if (known && known.peek().kind !== "failed") return known;
      const info: Signal<Loaded<WorkflowInfo>> = signal({ kind: "loading" });
      infos.set(name, info);
      readOnce(name).then(
        (value) => (info.value = { kind: "ready", value }),
        (error: unknown) => (info.value = { kind: "failed", message: messageOf(error) }),
      );
      return info;
    },
    definition: async (name) => (await readOnce(name)).definition,
    async load() {
      names.value = await client.listWorkflows();
    },
  };
}
