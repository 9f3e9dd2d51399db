/** A field to search by, with its word for who cannot see the lens. */
import type { RefObject, VNode } from "preact";

import { Icon } from "./icons.tsx";

export interface SearchBoxProps {
  readonly id?: string;
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly input?: RefObject<HTMLInputElement | null>;
  readonly onInput: (value: string) => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

export function SearchBox({ label, input, onInput, ...attributes }: SearchBoxProps): VNode {
  return (
    <label class="search">
      <Icon name="search" />
      <span class="visually-hidden">{label}</span>
      <input
        {...attributes}
        {...(input && { ref: input })}
        type="search"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}
