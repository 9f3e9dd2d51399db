/** What lies over the graph: how it is looked at, a search, what the marks of a comparison mean. */
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { GraphModel } from "../model/graph-model.ts";
import { formatCount } from "../model/words.ts";
import { Button } from "./button.tsx";
import type { GraphChoices } from "./graph-options.ts";
import type { GraphView } from "./graph-view.ts";
import { SearchBox } from "./search-box.tsx";

export interface GraphToolsProps {
  readonly model: GraphModel;
  readonly view: GraphView;
  readonly choices: GraphChoices;
  /** Id of the node of the chosen step. */
  readonly chosen: string | undefined;
  /** Whether there is a comparison to be drawn. */
  readonly isComparable: boolean;
}

export function GraphTools(props: GraphToolsProps): VNode {
  const { model, view, choices, chosen, isComparable } = props;
  const { isStepsOnly, isDown, isWrapped, hasOverlay, around, folded, search } = choices;
  return (
    <div class="graph-tools" role="group" aria-label="View of the graph">
      <Button label="Zoom in" icon="plus" isIconOnly onClick={() => view.zoom(1.25)} />
      <Button label="Zoom out" icon="minus" isIconOnly onClick={() => view.zoom(0.8)} />
      <Button label="Fit the graph (f)" icon="fit" isIconOnly onClick={view.fit} />
      <Button
        label="Find a node (n)"
        icon="search"
        isIconOnly
        isPressed={search.value !== null}
        onClick={() => (search.value = search.value === null ? "" : null)}
      />
      <Button
        label="From top to bottom"
        icon="downward"
        isIconOnly
        isPressed={isDown.value}
        onClick={() => (isDown.value = !isDown.value)}
      />
      <Button
        label="Wrap long chains"
        icon="wrap"
        isIconOnly
        isPressed={isWrapped.value}
        onClick={() => (isWrapped.value = !isWrapped.value)}
      />
      <Button
        label="Steps only"
        isPressed={isStepsOnly.value}
        onClick={() => (isStepsOnly.value = !isStepsOnly.value)}
      />
      {chosen !== undefined && around.value?.id !== chosen && (
        <Button
          label="Neighbours only"
          title={`Show ${model.byId.get(chosen)?.name ?? chosen} and what is next to it`}
          onClick={() => (around.value = { id: chosen, steps: 1 })}
        />
      )}
      {chosen !== undefined && (
        <Button
          label={folded.value.has(chosen) ? "Unfold" : "Fold"}
          title={`What follows ${model.byId.get(chosen)?.name ?? chosen}, and nothing else`}
          isPressed={folded.value.has(chosen)}
          onClick={() => (folded.value = toggled(folded.value, chosen))}
        />
      )}
      {folded.value.size > 0 && (
        <Button label="Unfold all" onClick={() => (folded.value = new Set())} />
      )}
      {isComparable && (
        <Button
          label="Differences"
          isPressed={hasOverlay.value}
          onClick={() => (hasOverlay.value = !hasOverlay.value)}
        />
      )}
      {view.moved.value.size > 0 && <Button label="Reset places" onClick={view.reset} />}
    </div>
  );
}

function toggled(set: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return set.has(id) ? new Set([...set].filter((each) => each !== id)) : new Set([...set, id]);
}

/** Says that only a part of the graph is shown, and how to see more of it. */
export function AroundBar(props: {
  readonly model: GraphModel;
  readonly choices: GraphChoices;
}): VNode | null {
  const { model, choices } = props;
  const around = choices.around.value;
  if (!around) return null;
  const { id, steps } = around;
  return (
    <div class="graph-bar">
      <span>
        <strong>{model.byId.get(id)?.name ?? id}</strong> and what is{" "}
        {steps === 1 ? "next to it" : `up to ${steps} steps away`}
      </span>
      <Button label="Farther" onClick={() => (choices.around.value = { id, steps: steps + 1 })} />
      <Button label="Show all" onClick={() => (choices.around.value = null)} />
    </div>
  );
}

/** Enter goes from one to the next, Escape closes. */
export function NodeSearch(props: {
  readonly model: GraphModel;
  readonly view: GraphView;
  readonly choices: GraphChoices;
}): VNode | null {
  const { model, view, choices } = props;
  const { search } = choices;
  const at = useRef(-1);
  const input = useRef<HTMLInputElement>(null);
  const isOpen = search.value !== null;
  useEffect(() => input.current?.focus(), [isOpen]);
  if (search.value === null) return null;
  const found = findNodes(model, search.value);
  const close = (): void => {
    search.value = null;
  };
  const go = (by: number): void => {
    if (found.length === 0) return;
    at.current = (at.current + by + found.length) % found.length;
    view.look(found[at.current]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      const id = found[at.current];
      close();
      if (id !== undefined) view.focus(id);
    } else return;
    event.preventDefault();
  };
  return (
    <div class="graph-bar">
      <SearchBox
        input={input}
        label="Find a node"
        placeholder="Step or event"
        value={search.value}
        onInput={(value) => {
          search.value = value;
          at.current = -1;
          view.look(findNodes(model, value)[0]);
        }}
        onKeyDown={onKeyDown}
      />
      <span class="quiet" role="status">
        {search.value === "" ? "" : formatCount(found.length, "node")}
      </span>
      <Button label="Close the search" icon="close" isIconOnly onClick={close} />
    </div>
  );
}

/** Ids of nodes with all of the words; none where there are no words. */
export function findNodes(model: GraphModel, query: string | null): readonly string[] {
  const words = (query ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const textOf = (id: string, label: string): string => `${id} ${label}`.toLowerCase();
  return model.nodes
    .filter(({ id, label }) => words.every((word) => textOf(id, label).includes(word)))
    .map(({ id }) => id);
}

export function OverlayLegend(): VNode {
  return (
    <ul class="overlay-legend" aria-label="What the marks mean">
      {(["A", "B"] as const).map((run) => (
        <li key={run} class={`diff-only-${run.toLowerCase()}`}>
          <svg width="22" height="8" aria-hidden="true">
            <path d="M0 4h22" />
          </svg>
          only in {run}
        </li>
      ))}
      <li>▲ slower in B</li>
      <li>▼ faster in B</li>
    </ul>
  );
}
