/**
 * Everything that the page shows, in signals, and everything that it does. Components read the one
 * and call the other; none of them speaks to the server by itself.
 */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";

import type { HandlerBody, JsonObject } from "../../src/client/bodies.ts";
import type { Client, ForkRequest } from "../../src/client/client.ts";
import { ClientError } from "../../src/client/error.ts";
import { formatRoute, parseRoute, type Route } from "../model/route.ts";
import { type Actions, createActions } from "./actions.ts";
import { FileRuns } from "./file-runs.ts";
import { HandlerBook } from "./handler-book.ts";
import type { LiveRun } from "./live-run.ts";
import { keptSignal } from "./memory.ts";
import { messageOf } from "./message.ts";
import { createOpenRuns } from "./open-runs.ts";
import { Workflows } from "./workflows.ts";

export type Dialog =
  | { readonly kind: "run"; readonly workflow: string; readonly initial?: JsonObject }
  | { readonly kind: "send"; readonly type?: string }
  | { readonly kind: "fork"; readonly point: ForkPoint }
  | { readonly kind: "cancel" | "delete"; readonly handlerId: string }
  | { readonly kind: "palette" | "help" };

export interface ForkPoint {
  readonly request: ForkRequest;
  /** What the fork begins with, in words. */
  readonly title: string;
  /** The input that may be edited. */
  readonly input: { readonly type: string; readonly value: JsonObject } | null;
}

export interface Notice {
  readonly text: string;
  readonly isError: boolean;
}

export type Pane = "runs" | "run" | "events";

export interface Store extends Omit<Actions, "rerun"> {
  readonly client: Client;
  readonly workflows: Workflows;
  readonly handlers: HandlerBook;
  readonly route: Signal<Route>;
  readonly workflow: ReadonlySignal<string | undefined>;
  readonly run: ReadonlySignal<LiveRun | null>;
  readonly other: ReadonlySignal<LiveRun | null>;
  readonly dialog: Signal<Dialog | null>;
  readonly notice: Signal<Notice | null>;
  readonly now: Signal<number>;
  readonly pane: Signal<Pane>;
  readonly theme: Signal<"system" | "light" | "dark">;
  readonly key: KeyState;
  navigate(patch: Partial<Route>): void;
  openRun(handlerId: string): void;
  openWorkflow(name: string): void;
  /** Opens a run that this page has exported, to be looked at. */
  openFile(file: File): void;
  rerun(handler: HandlerBody, isEdited: boolean): void;
  /** Shows what went wrong with something that a reader asked for. */
  report(error: unknown): void;
  tell(text: string): void;
  copy(text: string, what: string): Promise<void>;
}

export interface KeyState {
  readonly isWanted: Signal<boolean>;
  readonly isWrong: Signal<boolean>;
  readonly isSet: ReadonlySignal<boolean>;
  use(key: string): void;
}

export function createStore(client: Client, keyBox: Signal<string>): Store {
  const workflows = new Workflows(client);
  const handlers = new HandlerBook(client);
  const place = createPlace();
  const messages = createMessages(keyBox);
  const { route, navigate, openRun } = place;
  const { report, tell } = messages;
  const files = new FileRuns();
  const runs = createOpenRuns({ client, workflows, handlers, files, route });
  const actions = createActions({ client, handlers, route, navigate, openRun, tell });
  const dialog: Signal<Dialog | null> = signal(null);
  const now = signal(Date.now());
  let connection = new AbortController();
  const connect = (): void => {
    connection.abort();
    connection = new AbortController();
    handlers.follow(connection.signal).catch(report);
    runs.open();
  };
  setInterval(() => (now.value = Date.now()), 1_000);
  // Asked again when a server is back that may have other workflows now.
  effect(() => {
    if (handlers.connection.value === "open") workflows.load().catch(report);
  });
  connect();
  return {
    client,
    workflows,
    handlers,
    workflow: computed(() => {
      const { workflow, run } = route.value;
      const first = run === undefined ? workflows.names.value?.[0] : undefined;
      return workflow ?? runs.run.value?.handler.value?.workflow_name ?? first;
    }),
    run: runs.run,
    other: runs.other,
    dialog,
    now,
    theme: keptSignal<"system" | "light" | "dark">("theme", "system"),
    ...place,
    ...messages,
    ...actions,
    key: {
      ...messages.key,
      use(value) {
        keyBox.value = value;
        messages.key.isWanted.value = false;
        connect();
      },
    },
    openFile(file) {
      const open = (id: string): void => {
        // The same name may stand for another run by now.
        if (route.value.run === id) navigate({ run: undefined });
        openRun(id);
      };
      files.add(file).then(open).catch(report);
    },
    rerun(handler, isEdited) {
      const edit = (initial: JsonObject): void => {
        dialog.value = { kind: "run", workflow: handler.workflow_name, initial };
      };
      const work = isEdited ? actions.inputOf(handler).then(edit) : actions.rerun(handler);
      work.catch(report);
    },
    async copy(text, what) {
      try {
        // Without TLS there is no clipboard, but at addresses of this machine.
        await navigator.clipboard.writeText(text);
        tell(`Copied ${what}.`);
      } catch {
        report(new Error("This browser does not let pages copy here."));
      }
    },
  };
}

// ---

type Place = Pick<Store, "route" | "pane" | "navigate" | "openRun" | "openWorkflow">;

/** Where a reader is, which the address says. */
function createPlace(): Place {
  const route = signal(parseRoute(location.hash));
  const pane: Signal<Pane> = signal(route.value.run === undefined ? "runs" : "run");
  const read = (): void => {
    route.value = parseRoute(location.hash);
  };
  addEventListener("popstate", read);
  addEventListener("hashchange", read);
  const navigate = (patch: Partial<Route>): void => {
    const next = { ...route.value, ...patch };
    const isPlace = next.run !== route.value.run || next.workflow !== route.value.workflow;
    history[isPlace ? "pushState" : "replaceState"](null, "", formatRoute(next));
    route.value = next;
  };
  return {
    route,
    pane,
    navigate,
    openRun(handlerId) {
      const { tab, query } = route.value;
      navigate({ ...parseRoute(""), run: handlerId, tab, query });
      pane.value = "run";
    },
    openWorkflow(name) {
      navigate({ ...parseRoute(""), workflow: name });
      pane.value = "run";
    },
  };
}

interface Messages extends Pick<Store, "notice" | "report" | "tell"> {
  readonly key: Omit<KeyState, "use">;
}

/** What a reader is told; a server that wants a key is answered with the question for one. */
function createMessages(keyBox: Signal<string>): Messages {
  const notice: Signal<Notice | null> = signal(null);
  const isWanted = signal(false);
  const isWrong = signal(false);
  const isSet = computed(() => keyBox.value !== "");
  return {
    notice,
    key: { isWanted, isWrong, isSet },
    tell(text) {
      notice.value = { text, isError: false };
    },
    report(error) {
      if (error instanceof ClientError && error.status === 401) {
        isWrong.value = isSet.value;
        isWanted.value = true;
      } else notice.value = { text: messageOf(error), isError: true };
    },
  };
}
