/** A button with an icon, a word, or both; an icon alone has its word for who cannot see it. */
import type { TargetedMouseEvent, VNode } from "preact";

import { Icon, type IconName } from "./icons.tsx";

export interface ButtonProps {
  readonly label: string;
  readonly icon?: IconName;
  readonly isIconOnly?: boolean;
  readonly kind?: "primary" | "danger" | "plain";
  readonly isDisabled?: boolean;
  readonly isPressed?: boolean;
  readonly type?: "button" | "submit";
  readonly title?: string;
  readonly tabIndex?: number;
  /** It opens a menu. */
  readonly hasMenu?: boolean;
  readonly onClick?: (event: TargetedMouseEvent<HTMLButtonElement>) => void;
}

export function Button(props: ButtonProps): VNode {
  const {
    label,
    icon,
    isIconOnly,
    kind = "plain",
    isDisabled,
    isPressed,
    type,
    title,
    tabIndex,
    hasMenu,
    onClick,
  } = props;
  return (
    <button
      type={type ?? "button"}
      class={`button is-${kind}${isIconOnly ? " is-icon" : ""}`}
      disabled={isDisabled ?? false}
      aria-label={label}
      aria-pressed={isPressed}
      title={title ?? (isIconOnly ? label : undefined)}
      tabIndex={tabIndex}
      aria-haspopup={hasMenu ? "menu" : undefined}
      onClick={onClick}
    >
      {icon && <Icon name={icon} />}
      {!isIconOnly && <span>{label}</span>}
    </button>
  );
}
