/** Everything that can be done, by name: for the palette, the shortcuts and the help. */
import type { Store } from "../state/store.ts";
import { tabs } from "../model/route.ts";

export interface Command {
  readonly id: string;
  readonly title: string;
  readonly keys?: string;
  readonly isAvailable?: boolean;
  readonly run: () => unknown;
}

export function commandsOf(store: Store): readonly Command[] {
  return [...pageCommands(store), ...runCommands(store), ...placeCommands(store)];
}

/** Single keys, wherever nothing is being typed. */
export function onShortcut(event: KeyboardEvent, store: Store): void {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    store.dialog.value = { kind: "palette" };
    return;
  }
  const target = event.target as Element | null;
  const isTyping = target?.closest("input, textarea, select, dialog") !== null;
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || store.dialog.value) return;
  const command = commandsOf(store).find(({ keys }) => keys === event.key);
  if (!command || command.isAvailable === false) return;
  event.preventDefault();
  command.run();
}

// ---

function pageCommands(store: Store): readonly Command[] {
  const { dialog, workflow, handlers, theme } = store;
  const name = workflow.value;
  const move = (by: number): void => {
    const list = handlers.list.value;
    const at = list.findIndex(({ handler_id: id }) => id === store.route.value.run);
    const next = list[Math.min(Math.max(at + by, 0), list.length - 1)];
    if (next) store.openRun(next.handler_id);
  };
  const find = (selector: string): HTMLElement | null => document.querySelector(selector);
  return [
    {
      id: "run",
      title: `Run ${name ?? "a workflow"}`,
      keys: "r",
      isAvailable: name !== undefined,
      run: () => name !== undefined && (dialog.value = { kind: "run", workflow: name }),
    },
    { id: "next", title: "Next run", keys: "j", run: () => move(1) },
    { id: "previous", title: "Previous run", keys: "k", run: () => move(-1) },
    { id: "find", title: "Filter events", keys: "/", run: () => find("#event-search")?.focus() },
    { id: "find-run", title: "Find a run", keys: "g", run: () => find("#run-search")?.focus() },
    {
      id: "open-file",
      title: "Open a run from a file",
      run: () => find("#run-file")?.click(),
    },
    {
      id: "fit",
      title: "Fit the graph",
      keys: "f",
      run: () => find('[aria-label^="Fit the graph"]')?.click(),
    },
    {
      id: "node",
      title: "Find a node of the graph",
      keys: "n",
      run: () => find('[aria-label^="Find a node"]')?.click(),
    },
    {
      id: "theme",
      title: "Change the theme",
      run: () => (theme.value = theme.value === "dark" ? "light" : "dark"),
    },
    {
      id: "palette",
      title: "All commands",
      keys: "Ctrl+K",
      run: () => (dialog.value = { kind: "palette" }),
    },
    {
      id: "help",
      title: "Help and shortcuts",
      keys: "?",
      run: () => (dialog.value = { kind: "help" }),
    },
  ];
}

/** What can be done with the run in view; nothing where there is none. */
function runCommands(store: Store): readonly Command[] {
  const { dialog, run } = store;
  const handler = run.value?.handler.value;
  const showTabs = tabs.map((tab, index) => ({
    id: `tab-${tab}`,
    title: `Show ${tab === "steps" ? "step data" : tab}`,
    keys: String(index + 1),
    run: () => store.navigate({ tab }),
  }));
  if (!handler) return [];
  const looks = [...lookCommands(store), ...showTabs];
  if (run.value?.isReadOnly) return looks;
  const { handler_id: id } = handler;
  const isRunning = handler.status === "running";
  return [
    {
      id: "send",
      title: "Send an event",
      keys: "s",
      isAvailable: isRunning,
      run: () => (dialog.value = { kind: "send" }),
    },
    ...looks,
    {
      id: "cancel",
      title: "Cancel this run",
      isAvailable: isRunning,
      run: () => (dialog.value = { kind: "cancel", handlerId: id }),
    },
    {
      id: "rerun",
      title: "Run again with the same input",
      run: () => store.rerun(handler, false),
    },
    {
      id: "rerun-edited",
      title: "Run again with other input",
      run: () => store.rerun(handler, true),
    },
    {
      id: "delete",
      title: "Delete this run",
      run: () => (dialog.value = { kind: "delete", handlerId: id }),
    },
  ];
}

/** From event to event, without the mouse. */
function lookCommands(store: Store): readonly Command[] {
  const look = (by: number): void => {
    const events = store.run.value?.events ?? [];
    const [first, last] = [events[0]?.sequence, events.at(-1)?.sequence];
    if (first === undefined || last === undefined) return;
    const at = Math.max((store.route.value.at ?? last) + by, first);
    store.navigate({ at: at >= last ? undefined : at });
  };
  return [
    { id: "back", title: "Look back by one event", keys: "[", run: () => look(-1) },
    { id: "forward", title: "Look forward by one event", keys: "]", run: () => look(1) },
  ];
}

const runsListed = 50;

function placeCommands(store: Store): readonly Command[] {
  const { workflows, handlers } = store;
  return [
    ...(workflows.names.value ?? []).map((name) => ({
      id: `workflow-${name}`,
      title: `Open workflow ${name}`,
      run: () => store.openWorkflow(name),
    })),
    ...handlers.list.value.slice(0, runsListed).map((run) => ({
      id: `open-${run.handler_id}`,
      title: `Open run ${run.workflow_name} ${run.handler_id} (${run.status})`,
      run: () => store.openRun(run.handler_id),
    })),
  ];
}
