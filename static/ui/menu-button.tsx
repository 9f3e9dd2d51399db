/** A button that opens a menu below itself. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useCallback } from "preact/hooks";

import { Button } from "./button.tsx";
import type { IconName } from "./icons.tsx";
import { Menu, type MenuItem } from "./menu.tsx";

export interface MenuButtonProps {
  readonly label: string;
  readonly icon: IconName;
  readonly isIconOnly?: boolean;
  readonly items: readonly MenuItem[];
}

export function MenuButton({ items, ...button }: MenuButtonProps): VNode {
  const place = useSignal<{ readonly x: number; readonly y: number } | null>(null);
  const close = useCallback(() => (place.value = null), []);
  return (
    <>
      <Button
        {...button}
        hasMenu
        onClick={(event) => {
          const { left, bottom } = event.currentTarget.getBoundingClientRect();
          place.value = { x: left, y: bottom + 4 };
        }}
      />
      {place.value && <Menu label={button.label} items={items} {...place.value} onClose={close} />}
    </>
  );
}
