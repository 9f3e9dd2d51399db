/** The runs that are looked at: the one in the address, and the one that it is compared with. */
import { computed, effect, type Signal, signal } from "@preact/signals";

import type { HandlerBody } from "../../src/client/bodies.ts";
import type { Client } from "../../src/client/client.ts";
import type { Route } from "../model/route.ts";
import type { FileRuns } from "./file-runs.ts";
import type { HandlerBook } from "./handler-book.ts";
import { LiveRun } from "./live-run.ts";
import type { Workflows } from "./workflows.ts";

export interface OpenRuns {
  readonly run: Signal<LiveRun | null>;
  readonly other: Signal<LiveRun | null>;
  /** Begins anew with both, such as after a key was given. */
  open(): void;
}

export interface OpenRunsParts {
  readonly client: Client;
  readonly workflows: Workflows;
  readonly handlers: HandlerBook;
  readonly files: FileRuns;
  readonly route: Signal<Route>;
}

export function createOpenRuns(parts: OpenRunsParts): OpenRuns {
  const { client, workflows, handlers, files, route } = parts;
  const run: Signal<LiveRun | null> = signal(null);
  const other: Signal<LiveRun | null> = signal(null);
  const follow = (box: Signal<LiveRun | null>, id: string | undefined): void => {
    box.peek()?.[Symbol.dispose]();
    box.value = null;
    if (id === undefined) return;
    const fromServer = {
      client,
      handlerId: id,
      loadDefinition: (workflow: string) => workflows.definition(workflow),
      onHandler: (handler: HandlerBody) => handlers.put(handler),
    };
    const opened = new LiveRun(files.optionsOf(id) ?? fromServer);
    box.value = opened;
    void opened.follow();
  };
  const runId = computed(() => route.value.run);
  const otherId = computed(() => route.value.other);
  const listed = computed(() => {
    const known = handlers.list.value.find(({ handler_id: id }) => id === runId.value);
    return known?.run_id ?? null;
  });
  let isOpen = false;
  const followLater = (box: Signal<LiveRun | null>, id: string | undefined): void => {
    // Not within the effect, which would then wait for what the run changes.
    if (isOpen) queueMicrotask(() => follow(box, id));
  };
  effect(() => followLater(run, runId.value));
  effect(() => followLater(other, otherId.value));
  // A handler that goes on with a new run has a new story.
  effect(() => {
    const id = listed.value;
    const open = run.peek();
    const shown = open?.handlerId === runId.peek() ? open?.handler.peek()?.run_id : null;
    if (id && shown && shown !== id) followLater(run, runId.peek());
  });
  effect(() => {
    const id = handlers.deleted.value;
    for (const open of [run.peek(), other.peek()]) if (open?.handlerId === id) open?.setGone();
  });
  return {
    run,
    other,
    open() {
      isOpen = true;
      follow(run, runId.peek());
      follow(other, otherId.peek());
    },
  };
}
