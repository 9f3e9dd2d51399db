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

export class Workflows {
  readonly names: Signal<readonly string[] | null> = signal(null);
  readonly #client: Client;
  readonly #infos = new Map<string, Signal<Loaded<WorkflowInfo>>>();
  readonly #reading = new Map<string, Promise<WorkflowInfo>>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Also asks once more for what there was no answer to before. */
  async load(): Promise<void> {
    this.names.value = await this.#client.listWorkflows();
    for (const [name, info] of this.#infos) {
      if (info.peek().kind === "failed") this.#fill(name, info);
    }
  }

  info(name: string): Signal<Loaded<WorkflowInfo>> {
    const known = this.#infos.get(name);
    if (known) return known;
    const info: Signal<Loaded<WorkflowInfo>> = signal({ kind: "loading" });
    this.#infos.set(name, info);
    this.#fill(name, info);
    return info;
  }

  async definition(name: string): Promise<Definition> {
    return (await this.#readOnce(name)).definition;
  }

  #fill(name: string, info: Signal<Loaded<WorkflowInfo>>): void {
    this.#readOnce(name).then(
      (value) => (info.value = { kind: "ready", value }),
      (error: unknown) => (info.value = { kind: "failed", message: messageOf(error) }),
    );
  }

  #readOnce(name: string): Promise<WorkflowInfo> {
    const promise = this.#reading.get(name) ?? this.#read(name);
    this.#reading.set(name, promise);
    promise.catch(() => this.#reading.delete(name)); // To be asked again.
    return promise;
  }

  async #read(name: string): Promise<WorkflowInfo> {
    const [graph, schema, body] = await Promise.all([
      this.#client.getGraph(name),
      this.#client.getSchema(name),
      this.#client.getDefinition(name),
    ]);
    return { name, graph, schema, body, definition: toDefinition(body) };
  }
}
