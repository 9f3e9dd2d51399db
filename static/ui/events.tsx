/** All events of the run in view: found, filtered, followed, and looked at one by one. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";

import { type Times, timesOf, withTimes } from "../model/filter.ts";
import type { EventRow, LiveRun } from "../state/live-run.ts";
import { keptSignal } from "../state/memory.ts";
import { Button } from "./button.tsx";
import { useStore } from "./context.ts";
import { Empty } from "./empty.tsx";
import { EventDetail } from "./event-detail.tsx";
import { type EventFilter, stepOf, useEventFilter } from "./event-filter.ts";
import { EventLine, rowClass } from "./event-rows.tsx";
import { Icon } from "./icons.tsx";
import { SearchBox } from "./search-box.tsx";
import { Split } from "./split.tsx";
import { TypeChips } from "./type-chips.tsx";
import { VirtualList } from "./virtual-list.tsx";

const rowHeight = 30;

export function Events({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  const { event: sequence, query = "" } = store.route.value;
  const { events, firstError } = run;
  // Lists grow in place: what is drawn of them is told so.
  const version = run.eventsVersion.value;
  const filter = useEventFilter(run, query);
  const count = filter.indexes.length;
  const chosen = sequence === undefined ? -1 : run.indexOf(sequence);
  const event = events[chosen];
  return (
    <section class="panel events" aria-labelledby="events-title">
      <div class="panel-head">
        <h2 id="events-title">Events</h2>
        <span class="count">
          {count === events.length ? count : `${count} of ${events.length}`}
        </span>
        <span class="header-space" />
        {firstError !== undefined && (
          <Button label="First error" onClick={() => store.navigate({ event: firstError })} />
        )}
        <Connection run={run} />
      </div>
      <Filters run={run} version={version} query={query} filter={filter} />
      <List run={run} version={version} indexes={filter.indexes} chosen={chosen} />
      {event && <Detail event={event} run={run} />}
    </section>
  );
}

// ---

function Filters(props: {
  readonly run: LiveRun;
  readonly version: number;
  readonly query: string;
  readonly filter: EventFilter;
}): VNode {
  const store = useStore();
  const { hasInternal, hidden, problem } = props.filter;
  return (
    <div class="filters">
      <SearchBox
        id="event-search"
        label="Filter events"
        placeholder="word  -word  /pattern/"
        value={props.query}
        onInput={(value) => store.navigate({ query: value || undefined })}
      />
      {problem && <p class="error">{problem}</p>}
      <TypeChips
        run={props.run}
        version={props.version}
        hasInternal={hasInternal.value}
        hidden={hidden}
      />
      <div class="filter-row is-spread">
        <label class="check is-small">
          <input
            type="checkbox"
            checked={hasInternal.value}
            onInput={(event) => (hasInternal.value = event.currentTarget.checked)}
          />
          Internal events
        </label>
        <TimeRange query={props.query} />
      </div>
    </div>
  );
}

/** From when to when, counted from the start: the same words as in the filter. */
function TimeRange({ query }: { readonly query: string }): VNode {
  const store = useStore();
  const times = timesOf(query);
  const input = (side: keyof Times, label: string, placeholder: string): VNode => (
    <label class="check is-small">
      {label}
      <input
        type="text"
        class="time-input"
        inputMode="decimal"
        placeholder={placeholder}
        value={times[side]}
        title="Since the start: 2s, 200ms, 1m30s"
        onInput={(event) => {
          const next = withTimes(query, { ...times, [side]: event.currentTarget.value.trim() });
          store.navigate({ query: next || undefined });
        }}
      />
    </label>
  );
  return (
    <span class="times" role="group" aria-label="Time since the start">
      {input("from", "From", "0s")}
      {input("to", "to", "end")}
    </span>
  );
}

function List(props: {
  readonly run: LiveRun;
  readonly version: number;
  readonly indexes: readonly number[];
  readonly chosen: number;
}): VNode {
  const store = useStore();
  const behind = useSignal(0);
  const toEnd = useSignal(0);
  const { run, indexes, chosen } = props;
  const { events } = run;
  const at = store.route.value.at;
  const digits = String(events.at(-1)?.sequence ?? 0).length;
  const eventAt = (index: number): EventRow | undefined => events[indexes[index] ?? -1];
  const line = (index: number): VNode | undefined => {
    const event = eventAt(index);
    return event && <EventLine event={event} firstAt={events[0]?.at} />;
  };
  return (
    <div class="events-body" style={{ "--digits": digits }}>
      {indexes.length === 0 ? (
        <NoEvents isFiltered={events.length > 0} isOver={run.connection.value === "ended"} />
      ) : (
        <VirtualList
          id="event"
          label="Events in order"
          count={indexes.length}
          rowHeight={rowHeight}
          chosen={chosen < 0 ? -1 : indexes.indexOf(chosen)}
          onChoose={(index) => store.navigate({ event: eventAt(index)?.sequence })}
          keyOf={(index) => eventAt(index)?.sequence ?? index}
          rowClass={(index) => rowClass(eventAt(index), at)}
          row={line}
          isSticky
          onBehind={(count) => (behind.value = count)}
          toEnd={toEnd.value}
        />
      )}
      {behind.value > 0 && (
        <button type="button" class="pill" onClick={() => toEnd.value++}>
          {behind.value} new <Icon name="down" />
        </button>
      )}
    </div>
  );
}

function Detail({ event, run }: { readonly event: EventRow; readonly run: LiveRun }): VNode {
  const height = useMemo(() => keptSignal("detail-height", 280), []);
  const max = Math.max(innerHeight - 320, 160);
  return (
    <>
      <Split label="Height of the event" size={height} min={100} max={max} isHorizontal isAfter />
      <div class="detail-place" style={{ "--detail-height": `${height.value}px` }}>
        <EventDetail event={event} run={run} step={stepOf(event, run)} />
      </div>
    </>
  );
}

function Connection({ run }: { readonly run: LiveRun }): VNode {
  const words = {
    opening: "reading",
    open: "following",
    lost: "connection lost",
    ended: "complete",
  };
  const state = run.connection.value;
  return <span class={`server is-${state}`}>{words[state]}</span>;
}

function NoEvents(props: { readonly isFiltered: boolean; readonly isOver: boolean }): VNode {
  if (props.isFiltered) {
    return (
      <Empty title="No event is shown">
        <p>The run has events that the filter, the types or the internal switch leave out.</p>
      </Empty>
    );
  }
  return <Empty title={props.isOver ? "This run has shown no events" : "No events yet"} />;
}
