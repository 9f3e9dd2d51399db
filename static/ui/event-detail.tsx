/** One event in full. */
import type { VNode } from "preact";

import { fromWireValue } from "../../src/protocol/wire-value.ts";
import { formatClock, pretty } from "../model/words.ts";
import type { EventRow, LiveRun } from "../state/live-run.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { JsonTree } from "./json-tree.tsx";

export interface EventDetailProps {
  readonly event: EventRow;
  readonly run: LiveRun;
  readonly step: string | undefined;
}

export function EventDetail({ event, run, step }: EventDetailProps): VNode {
  const store = useStore();
  const { sequence, envelope, at } = event;
  const last = run.events.at(-1)?.sequence;
  const isLast = sequence === last && run.trace?.state.status !== "running";
  return (
    <section class="detail" aria-label={`Event ${sequence}`}>
      <div class="detail-head">
        <h3>{envelope.type}</h3>
        <Button
          label="Close the event"
          icon="close"
          isIconOnly
          onClick={() => store.navigate({ event: undefined })}
        />
      </div>
      <p class="quiet">
        Event {sequence}
        {at !== undefined && ` · ${formatClock(at)}`}
        {step !== undefined && ` · step ${step}`}
        {envelope.types && envelope.types.length > 0 && ` · ${envelope.types.join(" < ")}`}
      </p>
      <div class="actions">
        <Button
          label="Copy JSON"
          icon="copy"
          onClick={() => store.copy(pretty(envelope), "the event")}
        />
        <Button label="Look back" icon="delayed" onClick={() => store.navigate({ at: sequence })} />
        <Button
          label="Fork after it"
          icon="fork"
          isDisabled={isLast || run.isReadOnly}
          onClick={() =>
            (store.dialog.value = {
              kind: "fork",
              point: {
                request: { after_sequence: sequence },
                title: `after event ${sequence}`,
                input: null,
              },
            })
          }
        />
      </div>
      <div class="detail-body" tabIndex={0} role="group" aria-label="Fields of the event">
        <JsonTree key={sequence} value={fromWireValue(envelope.value)} label="Fields" depth={3} />
      </div>
    </section>
  );
}
