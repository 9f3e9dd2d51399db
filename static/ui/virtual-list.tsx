/**
 * A list of any length of which only what is in view is drawn, with one choice that is moved
 * through it by keys. It may stick to its end as more comes. Rows that can do something are those
 * of a grid, because an option may hold no button.
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
  /** Buttons of a row; those of the chosen one are reached by the Tab key. */
  readonly actions?: (index: number, isChosen: boolean) => ComponentChildren;
  /** A row is asked for its menu: by the second button of a mouse, or by a key. */
  readonly onMenu?: (index: number, x: number, y: number) => void;
  /** The Delete key on the chosen row. */
  readonly onDelete?: (index: number) => void;
}

export function VirtualList(props: VirtualListProps): VNode {
  const { id, label, count, rowHeight, chosen, onChoose, row, rowClass, keyOf } = props;
  const { actions, onMenu } = props;
  const { box, view, onScroll } = useScroll(props);
  const { from, to } = visibleRows(view);
  const indexes = Array.from({ length: Math.max(to - from, 0) }, (_, offset) => from + offset);
  const isChosenDrawn = chosen >= from && chosen < to;
  const isGrid = actions !== undefined;
  return (
    <div
      class="list"
      ref={box}
      role={isGrid ? "grid" : "listbox"}
      aria-label={label}
      aria-rowcount={isGrid ? count : undefined}
      tabIndex={0}
      aria-activedescendant={isChosenDrawn ? `${id}-${chosen}` : undefined}
      onScroll={onScroll}
      onKeyDown={(event) => onListKey(event, props, Math.floor(view.height / rowHeight))}
    >
      <div
        class="list-space"
        role={isGrid ? "rowgroup" : "presentation"}
        style={{ height: `${count * rowHeight}px` }}
      >
        {indexes.map((index) => (
          <div
            key={keyOf?.(index) ?? index}
            id={`${id}-${index}`}
            class={`row ${rowClass?.(index) ?? ""}`}
            role={isGrid ? "row" : "option"}
            aria-selected={index === chosen}
            aria-setsize={isGrid ? undefined : count}
            aria-posinset={isGrid ? undefined : index + 1}
            aria-rowindex={isGrid ? index + 1 : undefined}
            style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
            onClick={() => onChoose(index)}
            onContextMenu={(event) => {
              if (!onMenu) return;
              event.preventDefault();
              onMenu(index, event.clientX, event.clientY);
            }}
          >
            {isGrid ? (
              <>
                <div class="row-cell" role="gridcell">
                  {row(index)}
                </div>
                <div class="row-actions" role="gridcell">
                  {actions(index, index === chosen)}
                </div>
              </>
            ) : (
              row(index)
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

// ---

function onListKey(event: KeyboardEvent, props: VirtualListProps, rowsInView: number): void {
  const { id, count, chosen, onChoose, onMenu, onDelete } = props;
  const page = Math.max(rowsInView - 1, 1);
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: chosen + 1,
    ArrowUp: chosen < 0 ? count - 1 : chosen - 1,
    PageDown: chosen + page,
    PageUp: chosen - page,
    Home: 0,
    End: count - 1,
  };
  const next = moves[event.key];
  const isMenu = event.key === "ContextMenu" || (event.shiftKey && event.key === "F10");
  if (next !== undefined && count > 0) onChoose(Math.min(Math.max(next, 0), count - 1));
  else if (chosen >= 0 && isMenu && onMenu) {
    const place = document.getElementById(`${id}-${chosen}`)?.getBoundingClientRect();
    onMenu(chosen, (place?.right ?? 0) - 40, place?.bottom ?? 0);
  } else if (chosen >= 0 && event.key === "Delete" && onDelete) onDelete(chosen);
  else return;
  event.preventDefault();
}
