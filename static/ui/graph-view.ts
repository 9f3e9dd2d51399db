/**
 * What a reader does with the view of a graph: where it is looked at from, which nodes were moved,
 * and which one has the focus.
 */
import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";

import { boundsOf, type GraphModel, placeOf } from "../model/graph-model.ts";
import type { GraphState } from "../model/graph-state.ts";
import type { Point } from "../model/layout.ts";
import { recall, remember } from "../state/memory.ts";
import { usePointers } from "./graph-pointers.ts";
import { type Camera, fitCamera, reveal, type Size, zoomAt } from "./pan-zoom.ts";

export interface GraphViewOptions {
  readonly model: GraphModel;
  /** Under which moved nodes are remembered; undefined: they are not. */
  readonly storageKey: string | undefined;
  readonly state: GraphState;
  /** Whether the run goes on: then what is at work is kept in view. */
  readonly isLive: boolean;
  /** Id of the node of the chosen step. */
  readonly chosen: string | undefined;
  readonly onChoose: (id: string | undefined) => void;
}

export interface GraphView {
  readonly svg: RefObject<SVGSVGElement | null>;
  readonly camera: Signal<Camera>;
  readonly size: Signal<Size>;
  readonly moved: Signal<ReadonlyMap<string, Point>>;
  /** The one node that the Tab key comes to. */
  readonly focusable: string | undefined;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly fit: () => void;
  /** Brings a node into view. */
  readonly look: (id: string | undefined) => void;
  /** The same, and gives it the focus. */
  readonly focus: (id: string) => void;
  readonly zoom: (factor: number) => void;
  readonly reset: () => void;
}

export function useGraphView(options: GraphViewOptions): GraphView {
  const { model, storageKey, chosen, onChoose } = options;
  const moved = useMoved(model, storageKey);
  const camera = useSignal<Camera>({ x: 0, y: 0, scale: 1 });
  const size = useSignal<Size>({ width: 0, height: 0 });
  const focused = useSignal<string | undefined>(undefined);
  const svg = useRef<SVGSVGElement>(null);
  const isTouched = useRef(false);
  // Another drawing is begun at its beginning.
  useLayoutEffect(() => void (isTouched.current = false), [model]);
  const fit = (): void => {
    isTouched.current = false;
    camera.value = fitCamera(boundsOf(model, moved.peek()), size.peek());
  };
  useSize(svg, model, size, () => !isTouched.current && fit());
  const move = (id: string, place: Point): void => {
    moved.value = new Map([...moved.value, [id, place]]);
    const places = [...moved.value].map(([name, { x, y }]) => [name, { x, y }] as const);
    if (storageKey !== undefined) remember(storageKey, Object.fromEntries(places));
  };
  const toggle = (id: string | undefined): void => {
    const isStep = id !== undefined && model.byId.get(id)?.kind === "step";
    onChoose(isStep && id !== chosen ? id : undefined);
  };
  usePointers({
    svg,
    camera,
    onTouch: () => (isTouched.current = true),
    placeOf: (id) => placeOf(model, moved.peek(), id),
    onMove: move,
    onTap: (id) => {
      focused.value = id;
      toggle(id);
    },
  });
  const look = (id: string | undefined): void => {
    if (id === undefined || !model.byId.has(id)) return;
    const { x, y } = placeOf(model, moved.peek(), id);
    camera.value = reveal(camera.peek(), x, y, size.peek());
  };
  useEffect(() => look(chosen), [chosen, model]);
  const working = [...options.state.steps].findLast(([, { running }]) => running > 0)?.[0];
  // A run is followed until a reader looks elsewhere.
  useEffect(() => {
    if (options.isLive && !isTouched.current) look(model.steps.get(working ?? "")?.id);
  }, [working, model, options.isLive]);
  const wanted = useRef<string | undefined>(undefined);
  const focus = (id: string): void => {
    wanted.current = id;
    focused.value = id;
    look(id);
  };
  // It may have been out of view, and not drawn until now.
  useLayoutEffect(() => {
    const id = wanted.current;
    if (id === undefined) return;
    wanted.current = undefined;
    svg.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(id)}"]`)?.focus();
  }, [focused.value]);
  const isThere = focused.value !== undefined && model.byId.has(focused.value);
  return {
    svg,
    camera,
    size,
    moved,
    focusable: isThere ? focused.value : model.nodes[0]?.id,
    onKeyDown: (event) => onNodeKey(event, { model, moved: moved.value, move, focus, toggle }),
    fit,
    look(id) {
      isTouched.current = true;
      look(id);
    },
    focus,
    zoom(factor) {
      isTouched.current = true;
      const { width, height } = size.value;
      camera.value = zoomAt(camera.value, factor, width / 2, height / 2);
    },
    reset() {
      moved.value = new Map();
      if (storageKey !== undefined) remember(storageKey, undefined);
      fit();
    },
  };
}

// ---

type Places = Record<string, { x: number; y: number }>;

interface NodeKeys {
  readonly model: GraphModel;
  readonly moved: ReadonlyMap<string, Point>;
  readonly move: (id: string, place: Point) => void;
  readonly focus: (id: string) => void;
  readonly toggle: (id: string) => void;
}

const keyStep = 12;

function onNodeKey(event: KeyboardEvent, { model, moved, move, focus, toggle }: NodeKeys): void {
  const id = (event.target as Element).getAttribute("data-node");
  const direction = directions[event.key];
  if (id === null) return;
  if (event.key === "Enter" || event.key === " ") toggle(id);
  else if (!direction) return;
  else if (event.shiftKey) {
    const { x, y } = placeOf(model, moved, id);
    move(id, { x: x + direction.x * keyStep, y: y + direction.y * keyStep });
  } else {
    const next = nearest(model, moved, id, direction);
    if (next !== undefined) focus(next);
  }
  event.preventDefault();
}

function useMoved(
  model: GraphModel,
  storageKey: string | undefined,
): Signal<ReadonlyMap<string, Point>> {
  const moved = useSignal<ReadonlyMap<string, Point>>(new Map());
  useMemo(() => {
    const known = storageKey === undefined ? {} : recall<Places>(storageKey, {});
    const kept = Object.entries(known);
    moved.value = new Map(kept.filter(([id]) => model.byId.has(id)));
  }, [model]);
  return moved;
}

function useSize(
  svg: RefObject<SVGSVGElement | null>,
  model: GraphModel,
  size: Signal<Size>,
  onSize: () => void,
): void {
  const latest = useRef(onSize);
  latest.current = onSize;
  useLayoutEffect(() => {
    const element = svg.current;
    if (!element) return;
    const measure = (): void => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
      if (element.clientWidth > 0) latest.current();
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [model]);
}

const directions: Readonly<Record<string, Point>> = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
};

/** The node that lies nearest in a direction; what lies aside counts as farther. */
function nearest(
  model: GraphModel,
  moved: ReadonlyMap<string, Point>,
  id: string,
  direction: Point,
): string | undefined {
  const from = placeOf(model, moved, id);
  let best: { id: string; cost: number } | undefined;
  for (const node of model.nodes) {
    const { x, y } = placeOf(model, moved, node.id);
    const along = (x - from.x) * direction.x + (y - from.y) * direction.y;
    const aside = Math.abs((x - from.x) * direction.y) + Math.abs((y - from.y) * direction.x);
    if (along <= 4) continue;
    const cost = along + aside * 2;
    if (!best || cost < best.cost) best = { id: node.id, cost };
  }
  return best?.id;
}
