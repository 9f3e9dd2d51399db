/** The middle: the graph of the workflow in view, with the run in view, if there is one, in it. */
import { useComputed } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { emptyGraphState, type GraphState, toGraphState } from "../model/graph-state.ts";
import { type Overlay, toOverlay } from "../model/overlay.ts";
import { tickOfSequence } from "../model/trace.ts";
import type { LiveRun } from "../state/live-run.ts";
import { keptSignal } from "../state/memory.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { Empty } from "./empty.tsx";
import { Graph } from "./graph.tsx";
import { createGraphChoices } from "./graph-options.ts";
import { RunBar } from "./run-bar.tsx";
import { Scrubber } from "./scrubber.tsx";
import { Split } from "./split.tsx";
import { RunTabs } from "./tabs.tsx";
import { WorkflowAbout } from "./workflow-about.tsx";

export function RunView(): VNode {
  const store = useStore();
  const { workflow, workflows, route, run: openRun } = store;
  const name = workflow.value;
  const run = openRun.value;
  const choices = useMemo(createGraphChoices, []);
  // What is near to a step of one workflow is nothing in another.
  useEffect(() => {
    choices.around.value = null;
    choices.folded.value = new Set();
    choices.search.value = null;
  }, [name]);
  const tabsHeight = useMemo(() => keptSignal("tabs-height", 300), []);
  if (run?.problem.value) return <RunProblem message={run.problem.value} />;
  if (name === undefined) return <NoWorkflow />;
  const info = run?.info
    ? ({ kind: "ready", value: run.info } as const)
    : workflows.info(name).value;
  if (info.kind === "loading") return <Empty title="Reading the workflow …" />;
  if (info.kind === "failed") {
    return (
      <Empty title={`The workflow “${name}” cannot be shown`}>
        <p>{info.message}</p>
        <p>Choose another one above; this one may have been renamed or removed.</p>
      </Empty>
    );
  }
  const max = Math.max(innerHeight - 260, 200);
  return (
    <div class="run-view" style={{ "--tabs-height": `${tabsHeight.value}px` }}>
      {run && <RunBar run={run} />}
      <div class="graph-place">
        <LiveGraph
          run={run}
          draw={(state, overlay) => (
            <Graph
              info={info.value}
              state={state}
              overlay={overlay}
              isRun={run !== null}
              isLive={run?.handler.value?.status === "running"}
              chosenStep={route.value.step}
              onChooseStep={(step) =>
                store.navigate({ step, ...(step !== undefined && run && { tab: "steps" }) })
              }
              choices={choices}
            />
          )}
        />
      </div>
      {run && <Scrubber run={run} />}
      <Split
        label="Height of the tabs"
        size={tabsHeight}
        min={120}
        max={max}
        isHorizontal
        isAfter
      />
      <div class="tabs-place">
        {run ? <RunTabs run={run} /> : <WorkflowAbout info={info.value} />}
      </div>
    </div>
  );
}

// ---

function LiveGraph(props: {
  readonly run: LiveRun | null;
  readonly draw: (state: GraphState, overlay: Overlay | null) => VNode;
}): VNode {
  const { route, other: otherRun } = useStore();
  const { run } = props;
  const at = route.value.at;
  const version = run?.traceVersion.value;
  const state = useMemo(() => {
    const trace = run?.trace;
    if (!trace) return emptyGraphState;
    return toGraphState(trace, at === undefined ? trace.ticks.length : tickOfSequence(trace, at));
  }, [run, version, at]);
  const other = route.value.tab === "compare" ? otherRun.value : null;
  const otherVersion = other?.traceVersion.value;
  const overlay = useMemo(
    () => (run?.trace && other?.trace ? toOverlay(run.trace, other.trace) : null),
    [run, other, version, otherVersion],
  );
  return props.draw(state, overlay);
}

function RunProblem({ message }: { readonly message: string }): VNode {
  const store = useStore();
  const id = useComputed(() => store.route.value.run);
  return (
    <Empty title="This run cannot be shown">
      <p>
        {message} ({id})
      </p>
      <p>It may have been deleted, or the link is of another server.</p>
      <Button
        label="Show the workflows"
        onClick={() => store.navigate({ run: undefined, workflow: undefined })}
      />
    </Empty>
  );
}

function NoWorkflow(): VNode {
  const { workflows, key, handlers, route } = useStore();
  if (key.isWanted.value) return <Empty title="This server asks for a key" />;
  if (handlers.connection.value === "lost") {
    return (
      <Empty title="The server does not answer">
        <p>Is it still running? This page goes on by itself as soon as it is back.</p>
      </Empty>
    );
  }
  if (workflows.names.value === null || route.value.run !== undefined) {
    return <Empty title="Asking the server …" />;
  }
  return (
    <Empty title="This server has no workflow yet">
      <p>Add one where the server is made, and start it again:</p>
      <pre class="code-block">server.addWorkflow("greet", greet);</pre>
    </Empty>
  );
}
