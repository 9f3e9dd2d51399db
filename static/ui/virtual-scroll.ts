/** How a long list is scrolled: to what is chosen, and with its end while more comes. */
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { isAtEnd, scrollToRow, type View } from "../model/virtual.ts";

export interface ScrollOptions {
  readonly count: number;
  readonly rowHeight: number;
  /** Index of the chosen row, or -1. */
  readonly chosen: number;
  /** Stay at the end while more comes, until a reader scrolls up. */
  readonly isSticky?: boolean;
  /** Told how many rows have come below what is in view. */
  readonly onBehind?: (rows: number) => void;
  /** Changes when the list is to go to its end. */
  readonly toEnd?: number;
  readonly onNearEnd?: () => void;
}

export interface Scroll {
  readonly box: RefObject<HTMLDivElement>;
  readonly view: View;
  readonly onScroll: () => void;
}

const nearEndPixels = 400;

export function useScroll(options: ScrollOptions): Scroll {
  const { count, rowHeight, chosen, isSticky, onBehind, toEnd, onNearEnd } = options;
  const box = useRef<HTMLDivElement>(null) as RefObject<HTMLDivElement>;
  const top = useSignal(0);
  const height = useSignal(400);
  const isStuck = useRef(isSticky ?? false);
  const seen = useRef(count);
  const view = { scrollTop: top.value, height: height.value, rowHeight, count };

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => (height.value = element.clientHeight));
    observer.observe(element);
    height.value = element.clientHeight;
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !isSticky) return;
    if (isStuck.current) {
      element.scrollTop = count * rowHeight;
      top.value = element.scrollTop;
      seen.current = count;
    }
    seen.current = Math.min(seen.current, count);
    onBehind?.(count - seen.current);
  }, [count, isSticky, height.value]);
  useEffect(() => {
    if (!toEnd || !box.current) return;
    isStuck.current = true;
    box.current.scrollTop = count * rowHeight;
  }, [toEnd]);
  useEffect(() => {
    const element = box.current;
    if (chosen < 0 || !element) return;
    const next = scrollToRow({ ...view, scrollTop: element.scrollTop }, chosen);
    if (next === element.scrollTop) return;
    isStuck.current = false;
    element.scrollTop = next;
  }, [chosen]);

  const onScroll = (): void => {
    const element = box.current;
    if (!element) return;
    const { scrollTop, clientHeight } = element;
    top.value = scrollTop;
    isStuck.current = isAtEnd({ ...view, scrollTop, height: clientHeight });
    if (isStuck.current && isSticky) {
      seen.current = count;
      onBehind?.(0);
    }
    if (scrollTop + clientHeight > count * rowHeight - nearEndPixels) onNearEnd?.();
  };
  return { box, view, onScroll };
}
