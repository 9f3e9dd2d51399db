/** A run in the list: what it is, how it stands, and what can be done with it. */
import type { VNode } from "preact";

import type { HandlerBody } from "../../src/client/bodies.ts";
import { formatAgo, formatMs } from "../model/words.ts";
import type { Store } from "../state/store.ts";
import { useStore } from "./context.ts";
import type { MenuItem } from "./menu.tsx";
import { Status } from "./status.tsx";

export interface RunRowProps {
  readonly handler: HandlerBody;
  readonly now: number;
}

export function RunRow({ handler, now }: RunRowProps): VNode {
  const store = useStore();
  return (
    <div class="run-row">
      <div class="run-line">
        <span class="run-name">{handler.workflow_name}</span>
        {isAsking(store, handler) && <span class="badge is-asking">asks you</span>}
        <span class="run-time">{formatAgo(now - Date.parse(handler.started_at))}</span>
      </div>
      <div class="run-line">
        <Status status={shownStatus(store, handler)} />
        <span class="run-id">{handler.handler_id}</span>
        <span class="run-time">{formatMs(durationOf(handler, now))}</span>
      </div>
    </div>
  );
}

/** What the server says of all runs, and what is known earlier of the one that is open. */
export function isAsking(store: Store, { handler_id: id, status }: HandlerBody): boolean {
  if (status !== "running") return false;
  const { run, handlers } = store;
  const open = run.value?.handlerId === id ? run.value.openQuestions.value.length : 0;
  return open > 0 || handlers.asking.value.has(id);
}

/** What wants something is not at work. */
export function shownStatus(store: Store, handler: HandlerBody): string {
  return isAsking(store, handler) ? "waiting" : handler.status;
}

/** From the start to the end, or to now. */
export function durationOf(handler: HandlerBody, now: number): number {
  const end = handler.completed_at ?? (handler.status === "running" ? null : handler.updated_at);
  return Math.max((end === null ? now : Date.parse(end)) - Date.parse(handler.started_at), 0);
}

export function runMenu(store: Store, handler: HandlerBody): readonly MenuItem[] {
  const { dialog, route, run } = store;
  const { handler_id: id, workflow_name: workflow, status } = handler;
  const open = run.value?.handler.value;
  const isComparable = open?.workflow_name === workflow && open.handler_id !== id;
  return [
    { label: "Run again", icon: "again", onChoose: () => store.rerun(handler, false) },
    {
      label: "Run again with other input",
      icon: "edit",
      onChoose: () => store.rerun(handler, true),
    },
    ...(isComparable && route.value.other !== id
      ? ([
          {
            label: "Compare the open run with it",
            icon: "compare",
            onChoose: () => store.navigate({ tab: "compare", other: id }),
          },
        ] as const)
      : []),
    { label: "Copy its id", icon: "copy", onChoose: () => store.copy(id, "the id") },
    ...(status === "running"
      ? ([
          {
            label: "Cancel …",
            icon: "stop",
            isDanger: true,
            onChoose: () => (dialog.value = { kind: "cancel", handlerId: id }),
          },
        ] as const)
      : []),
    {
      label: "Delete …",
      icon: "trash",
      isDanger: true,
      onChoose: () => (dialog.value = { kind: "delete", handlerId: id }),
    },
  ];
}
