/** All runs of all workflows, newest first, as they come and go. */
import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useCallback, useEffect, useRef } from "preact/hooks";

import type { HandlerBody } from "../../src/client/bodies.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { Empty } from "./empty.tsx";
import { Menu } from "./menu.tsx";
import { isAsking, runMenu, RunRow } from "./run-row.tsx";
import { SearchBox } from "./search-box.tsx";
import { Select } from "./select.tsx";
import { VirtualList } from "./virtual-list.tsx";

const rowHeight = 56;
/** While a filter finds fewer, older runs are looked through: in such pages, up to so many. */
const foundMin = 20;
const searchLength = 1_000;
const searchedMax = 20_000;
const asking = "asks you";
const statuses = [asking, "running", "completed", "failed", "cancelled"];

interface OpenMenu {
  readonly handler: HandlerBody;
  readonly x: number;
  readonly y: number;
}

export function Runs(): VNode {
  const store = useStore();
  const { handlers, route, dialog } = store;
  const menu = useSignal<OpenMenu | null>(null);
  const query = useSignal("");
  const status = useSignal("");
  const workflow = useSignal("");
  const shown = useComputed(() => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    return handlers.list.value.filter((handler) => {
      if (status.value === asking ? !isAsking(store, handler) : !isOf(status.value, handler)) {
        return false;
      }
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
  const isFiltered = query.value !== "" || status.value !== "" || workflow.value !== "";
  const isSearching =
    isFiltered && list.length < foundMin && handlers.hasMore.value && known < searchedMax;
  // A filter is asked of all runs, not only of those that somebody has scrolled to.
  const isReading = handlers.isReading.value;
  useEffect(() => {
    if (isSearching && !isReading) handlers.loadMore(searchLength).catch(store.report);
  }, [isSearching, isReading, known]);
  const openMenu = (index: number, x: number, y: number): void => {
    const handler = list[index];
    if (handler) menu.value = { handler, x, y };
  };
  const closeMenu = useCallback(() => (menu.value = null), []);
  return (
    <section class="panel runs" aria-labelledby="runs-title">
      <div class="panel-head">
        <h2 id="runs-title">Runs</h2>
        <span class="count">
          {list.length === known ? known : `${list.length} of ${known}`}
          {handlers.hasMore.value ? "+" : ""}
        </span>
        <span class="header-space" />
        <Asking status={status} />
        <OpenFile />
      </div>
      <Filters query={query} status={status} workflow={workflow} />
      {list.length === 0 ? (
        <NoRuns
          isFiltered={known > 0}
          isLoaded={handlers.isLoaded.value}
          searched={isSearching ? known : null}
        />
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
          actions={(index, isChosen) => (
            <Button
              label="Actions on this run"
              icon="more"
              isIconOnly
              tabIndex={isChosen ? 0 : -1}
              onClick={(event) => {
                event.stopPropagation();
                const { right, bottom } = event.currentTarget.getBoundingClientRect();
                openMenu(index, right, bottom);
              }}
            />
          )}
          onMenu={openMenu}
          onDelete={(index) => {
            const id = list[index]?.handler_id;
            if (id !== undefined) dialog.value = { kind: "delete", handlerId: id };
          }}
          onNearEnd={() => void handlers.loadMore().catch(store.report)}
        />
      )}
      {menu.value && (
        <Menu
          key={menu.value.handler.handler_id}
          label={`Actions on ${menu.value.handler.workflow_name}`}
          items={runMenu(store, menu.value.handler)}
          x={menu.value.x}
          y={menu.value.y}
          onClose={closeMenu}
        />
      )}
    </section>
  );
}

// ---

function isOf(status: string, handler: HandlerBody): boolean {
  return status === "" || handler.status === status;
}

/** A run that was exported, here or elsewhere, to be looked at again. */
function OpenFile(): VNode {
  const store = useStore();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button
        label="Open a run from a file"
        icon="upload"
        isIconOnly
        onClick={() => input.current?.click()}
      />
      <input
        ref={input}
        id="run-file"
        hidden
        type="file"
        accept=".json,application/json"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = ""; // To be chosen once more.
          if (file) store.openFile(file);
        }}
      />
    </>
  );
}

/** How many runs want something from a reader; a press shows these alone. */
function Asking({ status }: { readonly status: Signal<string> }): VNode | null {
  const { handlers } = useStore();
  const count = handlers.asking.value.size;
  if (count === 0 && status.value !== asking) return null;
  return (
    <button
      type="button"
      class="badge is-asking"
      aria-pressed={status.value === asking}
      title="Show only runs that wait for an answer"
      onClick={() => (status.value = status.value === asking ? "" : asking)}
    >
      {count.toLocaleString("en")}
      {handlers.hasMore.value ? "+" : ""} {count === 1 ? "asks" : "ask"} you
    </button>
  );
}

interface FiltersProps {
  readonly query: Signal<string>;
  readonly status: Signal<string>;
  readonly workflow: Signal<string>;
}

function Filters({ query, status, workflow }: FiltersProps): VNode {
  const { workflows } = useStore();
  return (
    <div class="filters">
      <SearchBox
        id="run-search"
        label="Find runs"
        placeholder="Id, workflow, error"
        value={query.value}
        onInput={(value) => (query.value = value)}
      />
      <div class="filter-row">
        <Select
          aria-label="Status"
          value={status.value}
          options={[["", "Status"], ...statuses]}
          onChoose={(value) => (status.value = value)}
        />
        <Select
          aria-label="Workflow of runs"
          value={workflow.value}
          options={[["", "Workflow"], ...(workflows.names.value ?? [])]}
          onChoose={(value) => (workflow.value = value)}
        />
      </div>
    </div>
  );
}

interface NoRunsProps {
  readonly isFiltered: boolean;
  readonly isLoaded: boolean;
  /** How many runs were looked through so far; null: all that there are. */
  readonly searched: number | null;
}

function NoRuns(props: NoRunsProps): VNode {
  const { workflow, dialog, key } = useStore();
  if (props.searched !== null) {
    return (
      <Empty title={`Looking through ${props.searched.toLocaleString("en")} runs and more …`} />
    );
  }
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
