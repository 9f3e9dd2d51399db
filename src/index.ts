/** What authors import: `import { … } from "workflows-server"`. */
export { FatalError, RetryError, RunFailedError, WorkflowError } from "./base/errors.ts";
export type { ErrorCode, Failure } from "./base/errors.ts";
export type { Json, JsonObject } from "./base/json.ts";
export type { Log, LogFields, LogLevel } from "./base/log.ts";
export { RunHandle } from "./runtime/run-handle.ts";
export type { StreamOptions } from "./runtime/run-handle.ts";
export { Workflow } from "./runtime/workflow.ts";
export type { RunOptions } from "./runtime/workflow.ts";
export { WorkflowServer } from "./server/server.ts";
export type { AddWorkflowOptions } from "./server/registration.ts";
export type { ServeOptions, Serving } from "./server/server.ts";
export type { Auth, WorkflowServerOptions } from "./server/settings.ts";
export { MemoryStore } from "./store/memory.ts";
export { SqliteStore } from "./store/sqlite.ts";
export type { Store } from "./store/store.ts";
export {
  HumanResponseEvent,
  InputRequiredEvent,
  StartEvent,
  StepFailedEvent,
  StepLogged,
  StepStateChanged,
  StopEvent,
  UnhandledEvent,
  WorkflowCancelledEvent,
  WorkflowFailedEvent,
  WorkflowIdleEvent,
  WorkflowForkedEvent,
  WorkflowQueuedEvent,
  WorkflowTimedOutEvent,
} from "./workflow/builtin.ts";
export type { Attempt, StateStore, StepContext, WaitOptions } from "./workflow/context.ts";
export type { AnyWorkflow } from "./workflow/definition.ts";
export type { CatchOptions, StepOptions, WorkflowOptions } from "./workflow/draft.ts";
export { defineEvent } from "./workflow/event.ts";
export type { AnyEventType, Event, EventOf, EventType } from "./workflow/event.ts";
export { toMermaid } from "./workflow/mermaid.ts";
export { collect, each } from "./workflow/join.ts";
export type { Collect, Each } from "./workflow/join.ts";
export { defineResource } from "./workflow/resource.ts";
export type { Resource, ResourceScope } from "./workflow/resource.ts";
export { retryPolicy } from "./workflow/retry.ts";
export type { FailedAttempt, RetryFunction, RetryOptions, RetryPolicy } from "./workflow/retry.ts";
