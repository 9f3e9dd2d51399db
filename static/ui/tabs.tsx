/** What is known of a run, in four views. */
import type { VNode } from "preact";

import { type Tab, tabs } from "../model/route.ts";
import type { LiveRun } from "../state/live-run.ts";
import { Compare } from "./compare.tsx";
import { useStore } from "./context.ts";
import { Result } from "./result.tsx";
import { Steps } from "./steps.tsx";
import { Timeline } from "./timeline.tsx";

const titles: Readonly<Record<Tab, string>> = {
  result: "Result",
  timeline: "Timeline",
  steps: "Step data",
  compare: "Compare",
};

export function RunTabs({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  const chosen = store.route.value.tab ?? "result";
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const next = tabs[(tabs.indexOf(chosen) + move + tabs.length) % tabs.length];
    store.navigate({ tab: next });
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label="About this run" onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab}
            id={`tab-${tab}`}
            type="button"
            role="tab"
            aria-selected={tab === chosen}
            aria-controls="tab-panel"
            tabIndex={tab === chosen ? 0 : -1}
            onClick={() => store.navigate({ tab })}
          >
            {titles[tab]}
          </button>
        ))}
      </div>
      <div
        id="tab-panel"
        class="tab-panel"
        role="tabpanel"
        aria-labelledby={`tab-${chosen}`}
        tabIndex={0}
        key={run.handlerId}
      >
        {chosen === "result" && <Result run={run} />}
        {chosen === "timeline" && <Timeline run={run} />}
        {chosen === "steps" && <Steps run={run} />}
        {chosen === "compare" && <Compare run={run} />}
      </div>
    </div>
  );
}
