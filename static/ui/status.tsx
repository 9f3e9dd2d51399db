/** A status as an icon, a colour and a word. */
import type { VNode } from "preact";

import { Icon, type IconName } from "./icons.tsx";

const icons: Readonly<Record<string, IconName>> = {
  running: "running",
  completed: "completed",
  succeeded: "completed",
  failed: "failed",
  cancelled: "cancelled",
  dropped: "cancelled",
  waiting: "waiting",
  queued: "queued",
  delayed: "delayed",
};

export function Status({ status }: { readonly status: string }): VNode {
  return (
    <span class={`status is-${status}`}>
      <Icon name={icons[status] ?? "queued"} />
      {status === "dropped" ? "stopped" : status}
    </span>
  );
}
