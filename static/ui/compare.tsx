/** Two runs next to each other: where they first differ, how long steps took, what changed. */
import { useSignal } from "@preact/signals";
import { Fragment, type VNode } from "preact";
import { useMemo } from "preact/hooks";

import type { Json } from "../../src/client/bodies.ts";
import { compareTraces, isDifferent, type Pair } from "../model/compare.ts";
import { type Difference, diffJson } from "../model/diff.ts";
import { formatMs, preview } from "../model/words.ts";
import type { LiveRun } from "../state/live-run.ts";
import { useStore } from "./context.ts";
import { Empty } from "./empty.tsx";
import { Select } from "./select.tsx";
import { Status } from "./status.tsx";

const pairsShown = 300;

export function Compare({ run }: { readonly run: LiveRun }): VNode {
  const store = useStore();
  const { route, handlers, other: otherRun } = store;
  const other = otherRun.value;
  const handler = run.handler.value;
  const all = handlers.list.value.filter(({ handler_id: id }) => id !== run.handlerId);
  const same = all.filter(({ workflow_name: name }) => name === handler?.workflow_name);
  const options = same.slice(0, 100).map(({ handler_id: id, status, started_at: startedAt }) => {
    return [id, `${id} · ${status} · ${new Date(startedAt).toLocaleTimeString()}`] as const;
  });
  const chosen = route.value.other ?? "";
  const isListed = chosen === "" || options.some(([id]) => id === chosen);
  const version = `${run.traceVersion.value} ${other?.traceVersion.value ?? ""}`;
  const comparison = useMemo(
    () => (run.trace && other?.trace ? compareTraces(run.trace, other.trace) : null),
    [run, other, version],
  );
  return (
    <div class="compare">
      <p class="compare-head">
        <span>
          <strong>A</strong> is this run.
        </span>
        <label>
          <strong>B</strong>{" "}
          <Select
            aria-label="Compare with run"
            value={chosen}
            options={[
              ["", `Choose a run of ${handler?.workflow_name ?? "this workflow"} …`],
              ...(isListed ? [] : [chosen]),
              ...options,
            ]}
            onChoose={(value) => store.navigate({ other: value || undefined })}
          />
        </label>
      </p>
      {other?.problem.value && <p class="error">{other.problem.value}</p>}
      {same.length === 0 && chosen === "" && (
        <Empty title="There is no other run of this workflow">
          <p>Run this one again, with the same or with other input, and choose it here.</p>
        </Empty>
      )}
      {comparison && other && <Outcomes key={version} a={run} b={other} />}
      {comparison && <Pairs pairs={comparison.pairs} first={comparison.first} />}
    </div>
  );
}

// ---

function Outcomes({ a, b }: { readonly a: LiveRun; readonly b: LiveRun }): VNode {
  const [left, right] = [a.handler.value, b.handler.value];
  return (
    <div class="compare-top">
      <section class="card">
        <h3>Input</h3>
        <Differences list={diffJson(inputOf(a), inputOf(b))} />
      </section>
      <section class="card">
        <h3>Result</h3>
        <p>
          A <Status status={left?.status ?? "running"} /> · B{" "}
          <Status status={right?.status ?? "running"} />
        </p>
        <Differences
          list={diffJson(
            { result: (left?.result ?? null) as Json, error: left?.error ?? null },
            { result: (right?.result ?? null) as Json, error: right?.error ?? null },
          )}
        />
      </section>
    </div>
  );
}

function inputOf(run: LiveRun): Json | undefined {
  const first = run.trace?.ticks[0];
  return first?.kind === "run_started" ? (first.event.data as Json) : undefined;
}

function Differences({ list }: { readonly list: readonly Difference[] }): VNode {
  if (list.length === 0) return <p class="quiet">The same.</p>;
  return (
    <dl class="differences">
      {list.map(({ path, a, b }) => (
        <div key={path}>
          <dt>{path || "value"}</dt>
          <dd class="diff-a">
            <span class="diff-mark">A</span> {a === undefined ? "not there" : preview(a, 200)}
          </dd>
          <dd class="diff-b">
            <span class="diff-mark">B</span> {b === undefined ? "not there" : preview(b, 200)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Pairs({
  pairs,
  first,
}: {
  readonly pairs: readonly Pair[];
  readonly first: number;
}): VNode {
  const open = useSignal<string | null>(null);
  const longest = Math.max(...pairs.map(({ aMs, bMs }) => Math.max(aMs ?? 0, bMs ?? 0)), 1);
  const firstPair = pairs[first];
  return (
    <>
      <p class="compare-first">
        {firstPair
          ? `First difference: ${firstPair.step} #${firstPair.nth}.`
          : "Both ran the same steps with the same data."}
      </p>
      <table class="pairs">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Time in A and B</th>
            <th scope="col">Difference</th>
            <th scope="col">Data</th>
          </tr>
        </thead>
        <tbody>
          {pairs.slice(0, pairsShown).map((pair, index) => {
            const key = `${pair.step} ${pair.nth}`;
            return (
              <PairRow
                key={key}
                pair={pair}
                longest={longest}
                isFirst={index === first}
                isOpen={open.value === key}
                onToggle={() => (open.value = open.value === key ? null : key)}
              />
            );
          })}
        </tbody>
      </table>
      {pairs.length > pairsShown && (
        <p class="quiet">
          The first {pairsShown} of {pairs.length} jobs are shown.
        </p>
      )}
    </>
  );
}

function PairRow(props: {
  readonly pair: Pair;
  readonly longest: number;
  readonly isFirst: boolean;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}): VNode {
  const { pair, longest, isFirst, isOpen, onToggle } = props;
  const parts = [
    ["Input", pair.input],
    ["Output", pair.output],
  ] as const;
  const different = parts.filter(([, list]) => list.length > 0);
  return (
    <>
      <tr class={isFirst ? "is-first" : ""}>
        <th scope="row">
          {pair.step} <span class="quiet">#{pair.nth}</span>
        </th>
        <td>
          <Bars pair={pair} longest={longest} />
        </td>
        <td class="number">{deltaOf(pair)}</td>
        <td>
          {different.length > 0 ? (
            <button type="button" class="link" aria-expanded={isOpen} onClick={onToggle}>
              {verdict(pair)}
            </button>
          ) : (
            <span class={isDifferent(pair) ? "" : "quiet"}>{verdict(pair)}</span>
          )}
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={4}>
            {different.map(([title, list]) => (
              <Fragment key={title}>
                <h4>{title}</h4>
                <Differences list={list} />
              </Fragment>
            ))}
          </td>
        </tr>
      )}
    </>
  );
}

function Bars({ pair, longest }: { readonly pair: Pair; readonly longest: number }): VNode {
  const bar = (name: string, ms: number | null, isThere: boolean): VNode => (
    <span class="pair-bar">
      <span>{name}</span>
      <span class="pair-track">
        {isThere && (
          <span
            class={`pair-fill is-${name}`}
            style={{ width: `${((ms ?? 0) / longest) * 100}%` }}
          />
        )}
      </span>
      <span class="pair-ms">
        {isThere ? (ms === null ? "going on" : formatMs(ms)) : "not there"}
      </span>
    </span>
  );
  return (
    <span class="pair-bars">
      {bar("A", pair.aMs, pair.a !== undefined)}
      {bar("B", pair.bMs, pair.b !== undefined)}
    </span>
  );
}

function deltaOf({ aMs, bMs }: Pair): string {
  if (aMs === null || bMs === null) return "";
  const delta = bMs - aMs;
  if (Math.abs(delta) < 1) return "±0";
  return `${delta > 0 ? "+" : "−"}${formatMs(Math.abs(delta))}`;
}

function verdict({ a, b, input, output }: Pair): string {
  if (!a) return "only in B";
  if (!b) return "only in A";
  const parts = [input.length > 0 && "input", output.length > 0 && "output"].filter(Boolean);
  if (parts.length > 0) return `${parts.join(" and ")} differ`;
  return a.end?.value === b.end?.value
    ? "same"
    : `${a.end?.value ?? "going on"}, ${b.end?.value ?? "going on"}`;
}
