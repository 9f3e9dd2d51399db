/** Pointers on the graph: one on a node drags it, one beside pans, two scale; the wheel scales. */
import type { Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { Point } from "../model/layout.ts";
import { type Camera, zoomAt } from "./pan-zoom.ts";

export interface PointerOptions {
  readonly svg: RefObject<SVGSVGElement | null>;
  readonly camera: Signal<Camera>;
  readonly onTouch: () => void;
  readonly placeOf: (id: string) => Point;
  readonly onMove: (id: string, place: Point) => void;
  /** A press that moved nothing; without a node, beside all of them. */
  readonly onTap: (id: string | undefined) => void;
}

/** A hand trembles: less than this is no drag. */
const slack = 4;

interface Drag {
  readonly id: string | undefined;
  readonly start: Point;
  readonly origin: Point;
  isMoving: boolean;
}

export function usePointers(options: PointerOptions): void {
  const latest = useRef(options);
  latest.current = options;
  useEffect(() => {
    const element = options.svg.current;
    if (!element) return;
    const listeners = new AbortController();
    const { signal } = listeners;
    const pointers = new Map<number, Point>();
    let drag: Drag | null = null;
    element.addEventListener("wheel", (event) => onWheel(event, element, latest.current), {
      signal,
      passive: false,
    });
    element.addEventListener(
      "pointerdown",
      (event) => {
        if (event.button !== 0) return;
        element.setPointerCapture(event.pointerId);
        pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        drag = pointers.size === 1 ? startDrag(event, latest.current) : null;
      },
      { signal },
    );
    element.addEventListener(
      "pointermove",
      (event) => {
        const before = pointers.get(event.pointerId);
        if (!before) return;
        const now = { x: event.clientX, y: event.clientY };
        if (pointers.size === 2) pinch(pointers, event.pointerId, now, element, latest.current);
        else if (drag) continueDrag(drag, now, latest.current);
        pointers.set(event.pointerId, now);
      },
      { signal },
    );
    const end = (event: PointerEvent): void => {
      pointers.delete(event.pointerId);
      if (event.type === "pointerup" && drag && !drag.isMoving) latest.current.onTap(drag.id);
      drag = null;
    };
    element.addEventListener("pointerup", end, { signal });
    element.addEventListener("pointercancel", end, { signal });
    return () => listeners.abort();
  }, []);
}

// ---

function onWheel(event: WheelEvent, element: Element, { camera, onTouch }: PointerOptions): void {
  event.preventDefault();
  onTouch();
  const { left, top } = element.getBoundingClientRect();
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  const factor = Math.exp(-event.deltaY * lines * 0.0015);
  camera.value = zoomAt(camera.value, factor, event.clientX - left, event.clientY - top);
}

function startDrag(event: PointerEvent, { camera, placeOf }: PointerOptions): Drag {
  const node = (event.target as Element).closest("[data-node]");
  const id = node?.getAttribute("data-node") ?? undefined;
  const { x, y } = camera.value;
  return {
    id,
    start: { x: event.clientX, y: event.clientY },
    origin: id === undefined ? { x, y } : placeOf(id),
    isMoving: false,
  };
}

function continueDrag(drag: Drag, now: Point, { camera, onTouch, onMove }: PointerOptions): void {
  const [dx, dy] = [now.x - drag.start.x, now.y - drag.start.y];
  if (!drag.isMoving && Math.hypot(dx, dy) < slack) return;
  drag.isMoving = true;
  onTouch();
  const { scale } = camera.value;
  if (drag.id === undefined) {
    camera.value = { scale, x: drag.origin.x + dx, y: drag.origin.y + dy };
  } else onMove(drag.id, { x: drag.origin.x + dx / scale, y: drag.origin.y + dy / scale });
}

function pinch(
  pointers: ReadonlyMap<number, Point>,
  id: number,
  now: Point,
  element: Element,
  { camera, onTouch }: PointerOptions,
): void {
  const before = pointers.get(id);
  const other = [...pointers].find(([key]) => key !== id)?.[1];
  if (!before || !other) return;
  onTouch();
  const factor =
    Math.hypot(now.x - other.x, now.y - other.y) /
    Math.max(Math.hypot(before.x - other.x, before.y - other.y), 1);
  const { left, top } = element.getBoundingClientRect();
  const [x, y] = [(now.x + other.x) / 2 - left, (now.y + other.y) / 2 - top];
  camera.value = zoomAt(camera.value, factor, x, y);
}
