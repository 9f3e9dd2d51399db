/** A menu beside what it is of: moved through by keys, gone with Escape or a press elsewhere. */
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { Icon, type IconName } from "./icons.tsx";

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly isDanger?: boolean;
  readonly onChoose: () => void;
}

export interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  /** Where its corner is to be, in the window. */
  readonly x: number;
  readonly y: number;
  readonly onClose: () => void;
}

/** To the edges of the window. */
const margin = 8;

export function Menu({ label, items, x, y, onClose }: MenuProps): VNode {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef(document.activeElement);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const { offsetWidth: width, offsetHeight: height } = element;
    element.style.left = `${Math.max(Math.min(x, innerWidth - width - margin), margin)}px`;
    element.style.top = `${Math.max(Math.min(y, innerHeight - height - margin), margin)}px`;
    element.querySelector<HTMLElement>("button")?.focus();
  }, [x, y]);
  useEffect(() => {
    const close = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) onClose();
    };
    const events = ["pointerdown", "wheel", "resize"] as const;
    for (const name of events) addEventListener(name, close, { capture: true });
    return () => {
      for (const name of events) removeEventListener(name, close, { capture: true });
    };
  }, [onClose]);
  const leave = (): void => {
    onClose();
    if (before.current instanceof HTMLElement) before.current.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const buttons = [...(box.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: (at + 1) % buttons.length,
      ArrowUp: (at + buttons.length - 1) % buttons.length,
      Home: 0,
      End: buttons.length - 1,
    };
    const next = moves[event.key];
    // What lies under it has keys of its own.
    event.stopPropagation();
    if (next !== undefined) buttons[next]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") leave();
    else return;
    event.preventDefault();
  };
  return (
    <div ref={box} class="menu" role="menu" aria-label={label} onKeyDown={onKeyDown}>
      {items.map(({ label: text, icon, isDanger, onChoose }) => (
        <button
          key={text}
          type="button"
          role="menuitem"
          tabIndex={-1}
          class={isDanger ? "is-danger" : ""}
          onClick={() => {
            leave();
            onChoose();
          }}
        >
          <Icon name={icon} />
          {text}
        </button>
      ))}
    </div>
  );
}
