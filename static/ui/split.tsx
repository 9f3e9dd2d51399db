/** A line between two panels that can be moved, by pointer and by keys. */
import type { Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";

export interface SplitProps {
  readonly label: string;
  readonly size: Signal<number>;
  readonly min: number;
  readonly max: number;
  /** Whether the line runs from left to right, between what is above and below. */
  readonly isHorizontal?: boolean;
  /** Whether the panel that is sized stands after the line. */
  readonly isAfter?: boolean;
}

const keyStep = 24;

export function Split({ label, size, min, max, isHorizontal, isAfter }: SplitProps): VNode {
  const start = useRef<{ place: number; size: number } | null>(null);
  const set = (value: number): void => {
    size.value = Math.round(Math.min(Math.max(value, min), max));
  };
  const sign = isAfter ? -1 : 1;
  const placeOf = (event: PointerEvent): number => (isHorizontal ? event.clientY : event.clientX);
  const onKeyDown = (event: KeyboardEvent): void => {
    const less = isHorizontal ? "ArrowUp" : "ArrowLeft";
    const more = isHorizontal ? "ArrowDown" : "ArrowRight";
    if (event.key === less) set(size.value - sign * keyStep);
    else if (event.key === more) set(size.value + sign * keyStep);
    else if (event.key === "Home") set(min);
    else if (event.key === "End") set(max);
    else return;
    event.preventDefault();
  };
  return (
    <div
      class={isHorizontal ? "split is-horizontal" : "split"}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={isHorizontal ? "horizontal" : "vertical"}
      aria-valuenow={size.value}
      aria-valuemin={min}
      aria-valuemax={max}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { place: placeOf(event), size: size.value };
      }}
      onPointerMove={(event) => {
        if (start.current) set(start.current.size + sign * (placeOf(event) - start.current.place));
      }}
      onPointerUp={() => (start.current = null)}
      onPointerCancel={() => (start.current = null)}
    />
  );
}
