/** What the keys do, and how to read the page. */
import type { VNode } from "preact";

import { commandsOf } from "./commands.ts";
import { useStore } from "./context.ts";
import { DialogBox } from "./dialog.tsx";

export function Help({ onClose }: { readonly onClose: () => void }): VNode {
  const store = useStore();
  const keyed = commandsOf(store).filter(({ keys }) => keys !== undefined);
  return (
    <DialogBox title="Help and shortcuts" onClose={onClose}>
      <dl class="shortcuts">
        {keyed.map(({ id, title, keys }) => (
          <div key={id}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{title}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>arrows</kbd>
          </dt>
          <dd>In the graph: go from node to node; with Shift, move the node</dd>
        </div>
      </dl>
      <h3>Filtering events</h3>
      <p>
        Words must all occur. <code>-word</code> must not. <code>/pattern/</code> is a regular
        expression; <code>step:name</code> and <code>type:Name</code> ask for one step or one type;{" "}
        <code>from:2s</code> and <code>to:1m30s</code> for a time since the start.
      </p>
      <p>
        <a href="./openapi.json">API document</a>
      </p>
    </DialogBox>
  );
}
