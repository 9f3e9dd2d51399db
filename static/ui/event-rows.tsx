/** An event on one line: what it is, the gist of it, and when. */
import type { VNode } from "preact";

import { fromWireValue } from "../../src/protocol/wire-value.ts";
import { formatMs, preview } from "../model/words.ts";
import type { EventRow } from "../state/live-run.ts";

function familyOf({ envelope }: EventRow): string {
  const names = [envelope.type, ...(envelope.types ?? [])];
  if (envelope.type === "WorkflowFailedEvent" || envelope.type === "WorkflowTimedOutEvent")
    return "error";
  if (names.includes("StopEvent")) return "stop";
  if (names.includes("InputRequiredEvent")) return "question";
  return names.includes("InternalDispatchEvent") ? "internal" : "plain";
}

export function rowClass(row: EventRow | undefined, at: number | undefined): string {
  if (!row) return "";
  return `is-${familyOf(row)}${at !== undefined && row.sequence > at ? " is-later" : ""}`;
}

const marks: Readonly<Record<string, string>> = {
  error: "✕",
  stop: "■",
  question: "?",
  internal: "·",
  plain: "●",
};

export function EventLine(props: {
  readonly event: EventRow;
  readonly firstAt: number | undefined;
}): VNode {
  const { event, firstAt } = props;
  const time =
    event.at !== undefined && firstAt !== undefined ? `+${formatMs(event.at - firstAt)}` : "";
  return (
    <div class="event-row">
      <span class="event-sequence">{event.sequence}</span>
      <span class="event-mark" aria-hidden="true">
        {marks[familyOf(event)]}
      </span>
      <span class="event-type">{event.envelope.type}</span>
      <span class="event-preview">{summaryOf(event)}</span>
      <span class="event-time">{time}</span>
    </div>
  );
}

/** Of what the engine says all the time, the gist. */
function summaryOf({ envelope }: EventRow): string {
  const data = fromWireValue(envelope.value);
  const text = (key: string): string => (typeof data[key] === "string" ? data[key] : "");
  if (envelope.type === "StepLogged") return `${text("level")} ${text("message")}`;
  if (envelope.type !== "StepStateChanged") return preview(data, 90);
  const [name, input, output] = [text("name"), text("input_event_name"), text("output_event_name")];
  const states: Readonly<Record<string, string>> = {
    preparing: `${name} queued · ${input}`,
    running: `${name} began · ${input}`,
  };
  const ended = output === "" ? `${name} stopped` : `${name} ended · ${output}`;
  return states[text("step_state")] ?? ended;
}
