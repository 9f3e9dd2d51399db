/** What steps need of the runtime to run other workflows. */
import type { StoredEvent } from "../store/event.ts";
import type { RunSummary } from "../store/store.ts";
import type { AnyWorkflow, Definition } from "../workflow/definition.ts";
import type { Event } from "../workflow/event.ts";

export interface ChildPorts {
  definitionOf(workflow: AnyWorkflow): Definition | undefined;
  /** Starts a run with this id, unless there is one. */
  ensure(child: ChildRun): Promise<void>;
  ended(runId: string): Promise<RunSummary>;
  cancel(runId: string): Promise<void>;
  follow(runId: string, after: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]>;
}

export interface ChildRun {
  readonly workflowName: string;
  readonly event: Event;
  readonly runId: string;
  readonly handlerId: string;
  readonly parent: { readonly runId: string; readonly handlerId: string };
}
