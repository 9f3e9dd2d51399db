/** All commands in a list that is searched by typing. */
import { useComputed, useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { commandsOf } from "./commands.ts";
import { useStore } from "./context.ts";
import { DialogBox } from "./dialog.tsx";

const shownMax = 12;

export function Palette({ onClose }: { readonly onClose: () => void }): VNode {
  const store = useStore();
  const query = useSignal("");
  const chosen = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const found = useComputed(() => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    return commandsOf(store)
      .filter(({ isAvailable }) => isAvailable !== false)
      .filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)))
      .slice(0, shownMax);
  });
  const list = found.value;
  const run = (index: number): void => {
    onClose();
    list[index]?.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") chosen.value = Math.min(chosen.value + 1, list.length - 1);
    else if (event.key === "ArrowUp") chosen.value = Math.max(chosen.value - 1, 0);
    else if (event.key === "Enter") run(chosen.value);
    else return;
    event.preventDefault();
  };
  return (
    <DialogBox title="Commands" onClose={onClose}>
      <input
        ref={input}
        role="combobox"
        aria-label="Find a command"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={list.length > 0 ? `command-${chosen.value}` : undefined}
        placeholder="What do you want to do?"
        value={query.value}
        onInput={(event) => {
          query.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="palette-list" class="palette" role="listbox" aria-label="Commands">
        {list.map(({ id, title, keys }, index) => (
          <li
            key={id}
            id={`command-${index}`}
            role="option"
            aria-selected={index === chosen.value}
            onClick={() => run(index)}
          >
            <span>{title}</span>
            {keys !== undefined && <kbd>{keys}</kbd>}
          </li>
        ))}
      </ul>
      {list.length === 0 && <p class="quiet">No command is called that.</p>}
    </DialogBox>
  );
}
