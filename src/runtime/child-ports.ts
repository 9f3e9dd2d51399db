/** What steps need of the runtime to run other workflows. */
import type { Parent } from "../engine/state.ts";
import type { StoredEvent } from "../store/event.ts";
import type { AnyWorkflow, Definition } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";

export interface ChildPorts {
  definitionOf(workflow: AnyWorkflow): Definition | undefined;
  /** Starts a run with this id, unless there is one. */
  ensure(child: {
    readonly workflowName: string;
    readonly event: Event;
    readonly runId: string;
    readonly handlerId: string;
    readonly parent: Parent;
  }): Promise<void>;
  /** Throws `RunFailedError` when it has failed or was cancelled. */
  result(runId: string): Promise<unknown>;
  /** Resolves when it has ended, however often that has to be tried, or the process stops. */
  cancel(runId: string): Promise<void>;
  follow(runId: string, after: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]>;
}
