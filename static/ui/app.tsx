/** The page: a bar on top, three panels under it, and whatever lies over them. */
import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { keptSignal } from "../state/memory.ts";
import type { Pane, Store } from "../state/store.ts";
import { Button } from "./button.tsx";
import { onShortcut } from "./commands.ts";
import { StoreContext, useStore } from "./context.ts";
import { Dialogs } from "./dialogs.tsx";
import { Empty } from "./empty.tsx";
import { Events } from "./events.tsx";
import { Guarded } from "./guarded.tsx";
import { Header } from "./header.tsx";
import { KeyForm } from "./key-form.tsx";
import { Questions } from "./questions.tsx";
import { RunView } from "./run-view.tsx";
import { Runs } from "./runs.tsx";
import { Split } from "./split.tsx";

export function App({ store }: { readonly store: Store }): VNode {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => onShortcut(event, store);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [store]);
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const drop = (event: DragEvent): void => {
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault(); // Else the browser would leave the page for it.
      store.openFile(file);
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, [store]);
  const theme = store.theme.value;
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return (
    <StoreContext.Provider value={store}>
      <Header />
      {store.key.isWanted.value ? (
        <main class="main is-locked">
          <KeyForm />
        </main>
      ) : (
        <Panels />
      )}
      <Dialogs />
      <NoticeBar />
    </StoreContext.Provider>
  );
}

// ---

function Panels(): VNode {
  const { pane, run, route } = useStore();
  const left = useMemo(() => keptSignal("left", 280), []);
  const right = useMemo(() => keptSignal("right", 380), []);
  const open = run.value;
  return (
    <main
      class="main"
      data-pane={pane.value}
      style={{ "--left": `${left.value}px`, "--right": `${right.value}px` }}
    >
      <PaneSwitch pane={pane} />
      <Runs />
      <Split label="Width of the runs" size={left} min={200} max={520} />
      <section class="panel middle" aria-label="Workflow">
        <Guarded what={`${route.value.run} ${route.value.workflow}`}>
          <RunView />
        </Guarded>
      </section>
      <Split label="Width of the events" size={right} min={260} max={800} isAfter />
      <div class="panel right">
        {open ? (
          <Guarded what={open.handlerId}>
            <Questions run={open} />
            <Events run={open} key={open.handlerId} />
          </Guarded>
        ) : (
          <section class="panel events" aria-labelledby="events-title">
            <div class="panel-head">
              <h2 id="events-title">Events</h2>
            </div>
            <Empty title="No run is open">
              <p>Start one, or choose one on the left: all of its events will stand here.</p>
            </Empty>
          </section>
        )}
      </div>
    </main>
  );
}

/** On a narrow screen one panel is shown at a time. */
function PaneSwitch({ pane }: { readonly pane: Signal<Pane> }): VNode {
  const { run } = useStore();
  const asks = run.value?.openQuestions.value.length ?? 0;
  const names: readonly (readonly [Pane, string])[] = [
    ["runs", "Runs"],
    ["run", "Graph"],
    ["events", "Events"],
  ];
  return (
    <nav class="panes" aria-label="Panels">
      {names.map(([name, title]) => (
        <button
          key={name}
          type="button"
          aria-current={pane.value === name ? "true" : undefined}
          onClick={() => (pane.value = name)}
        >
          {title}
          {name === "events" && asks > 0 && (
            <span class="badge is-asking">
              {asks}
              <span class="visually-hidden"> to answer</span>
            </span>
          )}
        </button>
      ))}
    </nav>
  );
}

function NoticeBar(): VNode {
  const { notice } = useStore();
  const shown = notice.value;
  useEffect(() => {
    if (!shown || shown.isError) return;
    const timer = setTimeout(() => (notice.value = null), 4_000);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div class="notice-place" role="status" aria-label="Messages">
      {shown && (
        <div class={shown.isError ? "notice is-error" : "notice"}>
          <span>{shown.text}</span>
          <Button label="Dismiss" icon="close" isIconOnly onClick={() => (notice.value = null)} />
        </div>
      )}
    </div>
  );
}
