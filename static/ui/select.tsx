/** A choice of one among a few. */
import type { JSX, VNode } from "preact";

type Attributes = Pick<
  JSX.IntrinsicElements["select"],
  "id" | "disabled" | "aria-label" | "aria-invalid" | "aria-required" | "aria-describedby"
>;

export interface SelectProps extends Attributes {
  readonly value: string;
  /** Values with what they are called; a value alone is called by itself. */
  readonly options: readonly (string | readonly [value: string, title: string])[];
  readonly onChoose: (value: string) => void;
}

export function Select({ value, options, onChoose, ...attributes }: SelectProps): VNode {
  return (
    <select {...attributes} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
      {options.map((option) => {
        const [own, title] = typeof option === "string" ? [option, option] : option;
        return (
          <option key={own} value={own}>
            {title}
          </option>
        );
      })}
    </select>
  );
}
