/** Runs that were opened from files, each read as from a server that has nothing but this run. */
import type { Client } from "../../src/client/client.ts";
import { toDefinition } from "../model/definition.ts";
import { parseRunFile, type RunFile } from "../model/run-file.ts";
import type { LiveRunOptions } from "./live-run.ts";
import type { WorkflowInfo } from "./workflows.ts";

const prefix = "file:";

export class FileRuns {
  readonly #files = new Map<string, RunFile>();

  /** Returns the id under which it is open from now on. Throws what is wrong with the file. */
  async add(file: File): Promise<string> {
    const id = prefix + file.name;
    this.#files.set(id, parseRunFile(await file.text(), file.name));
    return id;
  }

  /** How to follow it; undefined: this is the id of a run on the server. */
  optionsOf(handlerId: string): LiveRunOptions | undefined {
    if (!handlerId.startsWith(prefix)) return undefined;
    const file = this.#files.get(handlerId);
    const info = file && toInfo(file);
    return {
      client: file ? sourceOf(file) : nothing,
      handlerId,
      loadDefinition: async () => (info ?? gone()).definition,
      onHandler: () => {},
      info: info ?? null,
      isReadOnly: true,
    };
  }
}

// ---

type Source = Pick<Client, "getJournal" | "followEvents">;

function sourceOf(file: RunFile): Source {
  return {
    getJournal: async (_, after) => ({
      handler: file.handler,
      forked_from: null,
      first_sequence: file.first_sequence,
      ticks: file.ticks.slice(after),
    }),
    async *followEvents(_, __, onState) {
      onState?.("open");
      yield file.events.map(({ sequence, ...envelope }) => ({ sequence, envelope }));
    },
  };
}

/** A link to a file, after the page was loaded anew. */
const nothing: Source = {
  getJournal: async () => gone(),
  async *followEvents() {
    gone();
  },
};

function gone(): never {
  throw new Error("Files stay open until the page is loaded anew: open this one once more.");
}

function toInfo({ handler, workflow }: RunFile): WorkflowInfo {
  const { graph, schema, definition: body } = workflow;
  return { name: handler.workflow_name, graph, schema, body, definition: toDefinition(body) };
}
