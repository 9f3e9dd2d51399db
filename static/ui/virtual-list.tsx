/**
 * A list of any length of which only what is in view is drawn: a listbox with one choice, moved
 * through by keys. It may stick to its end as more comes.
 */
import type { ComponentChildren, VNode } from "preact";

import { visibleRows } from "../model/virtual.ts";
import { type ScrollOptions, useScroll } from "./virtual-scroll.ts";

export interface VirtualListProps extends ScrollOptions {
  readonly id: string;
  readonly label: string;
  readonly onChoose: (index: number) => void;
  readonly row: (index: number) => ComponentChildren;
  readonly rowClass?: (index: number) => string;
  readonly keyOf?: (index: number) => string | number;
}

export function VirtualList(props: VirtualListProps): VNode {
  const { id, label, count, rowHeight, chosen, onChoose, row, rowClass, keyOf } = props;
  const { box, view, onScroll } = useScroll(props);
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(Math.floor(view.height / rowHeight) - 1, 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: chosen + 1,
      ArrowUp: chosen < 0 ? count - 1 : chosen - 1,
      PageDown: chosen + page,
      PageUp: chosen - page,
      Home: 0,
      End: count - 1,
    };
    const next = moves[event.key];
    if (next === undefined || count === 0) return;
    event.preventDefault();
    onChoose(Math.min(Math.max(next, 0), count - 1));
  };
  const { from, to } = visibleRows(view);
  const indexes = Array.from({ length: Math.max(to - from, 0) }, (_, offset) => from + offset);
  const isChosenDrawn = chosen >= from && chosen < to;
  return (
    <div
      class="list"
      ref={box}
      role="listbox"
      aria-label={label}
      tabIndex={0}
      aria-activedescendant={isChosenDrawn ? `${id}-${chosen}` : undefined}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <div class="list-space" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        {indexes.map((index) => (
          <div
            key={keyOf?.(index) ?? index}
            id={`${id}-${index}`}
            class={`row ${rowClass?.(index) ?? ""}`}
            role="option"
            aria-selected={index === chosen}
            aria-setsize={count}
            aria-posinset={index + 1}
            style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
            onClick={() => onChoose(index)}
          >
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  );
}
