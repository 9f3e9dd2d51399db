/**
 * `ctx.runWorkflow`: a child is a run of its own, started once per attempt and key. Its id follows
 * from its parent's, so a step that runs again after a restart finds the child that it had started.
 */
import { WorkflowError } from "../base/errors.ts";
import { toJson } from "../base/json.ts";
import type { ChildOptions } from "../workflow/context.ts";
import { type AnyWorkflow, type Definition, toStartEvent } from "../workflow/definition.ts";
import type { Invocation } from "./invocation.ts";
import { outlast } from "./outlast.ts";

/** `started` counts what the function has started of each workflow. */
export async function runWorkflow(
  invocation: Invocation,
  started: Map<AnyWorkflow, number>,
  workflow: AnyWorkflow,
  input: unknown,
  { key, events = false }: ChildOptions,
): Promise<unknown> {
  const { children, runId: parentId, handlerId } = invocation.ports;
  const definition = mustDefinition(invocation, workflow);
  const count = (started.get(workflow) ?? 0) + 1;
  started.set(workflow, count);
  const workflowName = definition.name;
  const name = key ?? `${workflowName}#${count}`;
  const effect = `child:${name}`;
  const kept = invocation.effectOf(effect);
  if (kept) return kept.value;
  const { id: job, attempt } = invocation.job;
  const runId = [parentId, job, attempt, toIdPart(name, key !== undefined)].join(".");
  const ids = { workflowName, runId, handlerId: runId };
  const event = toStartEvent(definition, input);
  const parent = { runId: parentId, handlerId };
  // Known to the parent before it exists: whoever ends the parent ends it too.
  await invocation.submit({ kind: "child_started", ...ids });
  await outlast(invocation, () => children.ensure({ ...ids, event, parent }));
  await endOrphan(invocation, runId);
  const value = toJson(await resultOf(invocation, runId, events), "result");
  await invocation.submit({ kind: "effect_returned", key: effect, value });
  return value;
}

// ---

/** What an id may have of a name. Of two keys that differ in the rest alone, each has its hash. */
function toIdPart(name: string, isKey: boolean): string {
  const plain = name.replace(/[^\w-]/g, "-");
  if (plain === name || !isKey) return plain;
  return `${plain}-${new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 12)}`;
}

function mustDefinition({ ports, step }: Invocation, workflow: AnyWorkflow): Definition {
  const definition = step.children.includes(workflow) && ports.children.definitionOf(workflow);
  if (definition) return definition;
  throw new WorkflowError(
    "event_undeclared",
    `Step \`${step.name}\` runs a workflow that it does not name. Put it in the \`children\` of the step.`,
  );
}

/** Its parent may have ended, or given up on it, while it was started: nobody else ends it then. */
async function endOrphan({ ports, job }: Invocation, runId: string): Promise<void> {
  const { loop, children } = ports;
  if (loop.job(job.step, job.id)?.attempt === job.attempt) return;
  await loop.stored; // Else its parent goes on from where it was, and finds it again.
  await children.cancel(runId);
}

async function resultOf(
  invocation: Invocation,
  runId: string,
  showsEvents: boolean,
): Promise<unknown> {
  const { children } = invocation.ports;
  const { signal } = invocation;
  const onAbort = (): void => {
    // Its step took too long, and will start another if it is tried again. When the run ends, or
    // the process does, whoever ends it sees to its children.
    const isTimeout =
      signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    if (isTimeout) void children.cancel(runId);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    if (showsEvents) await showEvents(invocation, runId);
    return await outlast(invocation, () => children.result(runId));
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Shows the child's events, but for its last, which would look like the end of this run. */
async function showEvents(invocation: Invocation, runId: string): Promise<void> {
  const { children, loop } = invocation.ports;
  const shown = loop.state.children.find((child) => child.runId === runId)?.cursor ?? -1;
  for await (const batch of children.follow(runId, shown, invocation.signal)) {
    for (const { sequence, json, isInternal, isTerminal } of batch) {
      if (isInternal || isTerminal) continue;
      invocation.tell({ kind: "child_shown", runId, sequence, envelope: json });
    }
  }
}
