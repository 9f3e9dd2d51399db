/** All runs of all workflows, newest first, as they come and go. */
import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { VNode } from "preact";

import type { HandlerBody } from "../../src/client/bodies.ts";
import { formatAgo, formatMs } from "../model/words.ts";
import { useStore } from "./context.ts";
import { Empty } from "./empty.tsx";
import { Icon } from "./icons.tsx";
import { Status } from "./status.tsx";
import { VirtualList } from "./virtual-list.tsx";

const rowHeight = 56;
const statuses = ["running", "completed", "failed", "cancelled"];

export function Runs(): VNode {
  const store = useStore();
  const { handlers, route } = store;
  const query = useSignal("");
  const status = useSignal("");
  const workflow = useSignal("");
  const shown = useComputed(() => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    return handlers.list.value.filter((handler) => {
      if (status.value !== "" && handler.status !== status.value) return false;
      if (workflow.value !== "" && handler.workflow_name !== workflow.value) return false;
      const text =
        `${handler.handler_id} ${handler.workflow_name} ${handler.error ?? ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  });
  const list = shown.value;
  const known = handlers.list.value.length;
  const row = (index: number): VNode | null => {
    const handler = list[index];
    return handler ? <RunRow handler={handler} now={store.now.value} /> : null;
  };
  return (
    <section class="panel runs" aria-labelledby="runs-title">
      <div class="panel-head">
        <h2 id="runs-title">Runs</h2>
        <span class="count">
          {list.length === known ? known : `${list.length} of ${known}`}
          {handlers.hasMore.value ? "+" : ""}
        </span>
      </div>
      <Filters query={query} status={status} workflow={workflow} />
      {list.length === 0 ? (
        <NoRuns isFiltered={known > 0} isLoaded={handlers.isLoaded.value} />
      ) : (
        <VirtualList
          id="run"
          label="Runs, newest first"
          count={list.length}
          rowHeight={rowHeight}
          chosen={list.findIndex(({ handler_id: id }) => id === route.value.run)}
          onChoose={(index) => {
            const handler = list[index];
            if (handler) store.openRun(handler.handler_id);
          }}
          keyOf={(index) => list[index]?.handler_id ?? index}
          row={row}
          onNearEnd={() => void handlers.loadMore().catch(store.report)}
        />
      )}
    </section>
  );
}

/** From the start to the end, or to now. */
export function durationOf(handler: HandlerBody, now: number): number {
  const end = handler.completed_at ?? (handler.status === "running" ? null : handler.updated_at);
  return Math.max((end === null ? now : Date.parse(end)) - Date.parse(handler.started_at), 0);
}

// ---

interface FiltersProps {
  readonly query: Signal<string>;
  readonly status: Signal<string>;
  readonly workflow: Signal<string>;
}

function Filters({ query, status, workflow }: FiltersProps): VNode {
  const { workflows } = useStore();
  return (
    <div class="filters">
      <label class="search">
        <Icon name="search" />
        <span class="visually-hidden">Find runs</span>
        <input
          id="run-search"
          type="search"
          placeholder="Id, workflow, error"
          value={query.value}
          onInput={(event) => (query.value = event.currentTarget.value)}
        />
      </label>
      <div class="filter-row">
        <select
          aria-label="Status"
          value={status.value}
          onChange={(event) => (status.value = event.currentTarget.value)}
        >
          <option value="">Any status</option>
          {statuses.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <select
          aria-label="Workflow of runs"
          value={workflow.value}
          onChange={(event) => (workflow.value = event.currentTarget.value)}
        >
          <option value="">Any workflow</option>
          {(workflows.names.value ?? []).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

function RunRow({ handler, now }: { readonly handler: HandlerBody; readonly now: number }): VNode {
  const { run } = useStore();
  const isOpen = run.value?.handlerId === handler.handler_id;
  const asks = isOpen && run.value ? run.value.openQuestions.value.length : 0;
  return (
    <div class="run-row">
      <div class="run-line">
        <span class="run-name">{handler.workflow_name}</span>
        {asks > 0 && <span class="badge is-asking">asks you</span>}
        <span class="run-time">{formatAgo(now - Date.parse(handler.started_at))}</span>
      </div>
      <div class="run-line">
        <Status status={handler.status} />
        <span class="run-id">{handler.handler_id}</span>
        <span class="run-time">{formatMs(durationOf(handler, now))}</span>
      </div>
    </div>
  );
}

function NoRuns(props: { readonly isFiltered: boolean; readonly isLoaded: boolean }): VNode {
  const { workflow, dialog, key } = useStore();
  if (props.isFiltered) {
    return (
      <Empty title="No run fits this filter">
        <p>Change the words, the status or the workflow above.</p>
      </Empty>
    );
  }
  if (key.isWanted.value) return <Empty title="Runs are shown to who has the key" />;
  if (!props.isLoaded) return <Empty title="Reading runs …" />;
  const name = workflow.value;
  return (
    <Empty title="No runs yet">
      <p>Each run of each workflow will stand here, whoever starts it.</p>
      {name !== undefined && (
        <button
          type="button"
          class="link"
          onClick={() => (dialog.value = { kind: "run", workflow: name })}
        >
          Run {name}
        </button>
      )}
    </Empty>
  );
}
