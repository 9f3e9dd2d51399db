/** A part of the page that may break without the rest: it says so, and how to go on. */
import type { ComponentChildren, VNode } from "preact";
import { useErrorBoundary, useRef } from "preact/hooks";

import { parseRoute } from "../model/route.ts";
import { messageOf } from "../state/message.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { Empty } from "./empty.tsx";

export interface GuardedProps {
  /** What is shown: when that is another thing, it is tried again. */
  readonly what: string;
  readonly children: ComponentChildren;
}

export function Guarded({ what, children }: GuardedProps): VNode {
  const store = useStore();
  const broken = useRef<string | null>(null);
  const [error] = useErrorBoundary(() => {
    broken.current = what;
  }) as [unknown, () => void];
  if (error === undefined || broken.current !== what) return <>{children}</>;
  return (
    <Empty title="This cannot be shown">
      <p>{messageOf(error)}</p>
      <p>What the server sent, or a file says, is not what this page knows how to draw.</p>
      <Button label="Show the workflows" onClick={() => store.navigate(parseRoute(""))} />
    </Empty>
  );
}
