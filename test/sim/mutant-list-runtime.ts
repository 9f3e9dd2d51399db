/** As in `mutant-list-engine.ts`, for the runtime and the store. */
import type { Row } from "./mutant-list-engine.ts";

/** By file, from `src`. */
export const runtimeMutants: Readonly<Record<string, readonly Row[]>> = {
  "runtime/loop": [
    [
      "if (job?.attempt === attempt) this.#culprit = culprit;",
      "",
      "any progress of a run acquits the step that ends processes",
    ],
    [
      "if (this.#culprit && this.#culprit.job !== tick.job) return false;",
      "if (this.#culprit && this.#culprit.job === tick.job) return false;",
      "a step that ends processes is never acquitted",
    ],
    [
      'if (tick.kind === "effect_returned") return !this.#culprit;',
      "",
      "a run whose effects return is taken for one that gets nowhere",
    ],
    [
      "if (isSnapshotDue) this.#ticksSinceSnapshot = 0;",
      "",
      "after the first snapshot each commit has one",
    ],
    [
      "if (isSnapshotDue) commit.snapshot = toSnapshot(this.#state);",
      "",
      "no state is ever stored whole",
    ],
    [
      "if (isProgress) commit.isProgress = true;",
      "",
      "a run that gets on is blamed for deaths long ago",
    ],
    [
      "if (outcome) commit.outcome = outcome;\n    else if",
      "if",
      "the store does not learn that a run is over",
    ],
  ],
  "runtime/live-runs": [
    [
      "if (isEnding) this.#prunedEarly.set(summary.runId, summary.handlerId);",
      "if (isEnding) this.#ports.changes.deleted(summary.handlerId);",
      "a run that is deleted as it ends is shown for ever",
    ],
    ["    changes.changed(run, false);\n", "", "nobody is told that a run has ended"],
    ["if (crashes >= crashesMax", "if (crashes >= crashesMax - 1", "a run is given up too early"],
    ["if (crashes >= crashesMax", "if (crashes > crashesMax", "a run ends the process too often"],
    ["live.resume();\n", "", "a run that was loaded stands still"],
    [
      "const epoch = await store.claim(runId);",
      "const epoch = 1;",
      "nobody is told that a run was taken over",
    ],
    [
      "    this.#retryLater(runId, error);\n  }\n\n  /** A run",
      "  }\n\n  /** A run",
      "a run whose store failed never comes back",
    ],
  ],
  "runtime/recovery": [
    [
      "const crashes = run.crashes + 1;",
      "const { crashes } = run;",
      "no end of the process is held against a run",
    ],
  ],
  "runtime/retention": [
    ["clock.now() - keepMs", "clock.now() + keepMs", "runs go before they have been kept"],
    [
      "if (!isStopped) cancel = clock.at(clock.now() + intervalMs, () => void prune());",
      "",
      "what need not be kept is looked for once",
    ],
  ],
  "runtime/deletion": [
    [
      "  if (isDeleted) changes.deleted(handlerId);\n",
      "",
      "nobody is told that a handler is deleted",
    ],
  ],
  "runtime/handler-changes": [
    [
      "      reader.owed.delete(handlerId);\n      reader.owed.set(handlerId, change);\n",
      "      if (!reader.owed.has(handlerId)) reader.owed.set(handlerId, change);\n",
      "who is slow is told what was first",
    ],
  ],
  "runtime/live-run": [
    [
      "    this.#isAskingNext = isAsking(this.loop.state);\n    return",
      "    return",
      "nobody is told that a run asks",
    ],
  ],
  "runtime/runtime": [
    [
      'if (event && !edited) loop.tell({ kind: "event_received", event, target: null });',
      'if (event && !edited) void started.then(() => loop.tell({ kind: "event_received", event, target: null }), () => {});',
      "the event of a fork is lost when the process dies",
    ],
    [
      "const edited = event ? findEdited(story.state, event) : null;",
      "const edited = null;",
      "the event of a fork is sent in, whoever is at work on one",
    ],
    [
      "forkedFrom: { runId: from.runId, sequence },",
      "forkedFrom: { runId: from.runId, sequence: 0 },",
      "the store does not know where a fork begins",
    ],
    [
      "    const { sequence } = story;\n",
      "    const { sequence } = story;\n    await this.#runs.find(from);\n",
      "a run is brought to memory to be forked",
    ],
  ],
  "runtime/fork": [
    ["starts[attempt - 1]", "starts[attempt]", "a fork by step begins an attempt late"],
    ["starts.at(-1)", "starts[0]", "a fork by step begins at its first attempt"],
    ["if (last >= to) break;", "if (last > to) break;", "a fork begins a tick late"],
    [
      "[...running, ...queue]",
      "[...queue, ...running]",
      "the event of a fork replaces one that waits in line",
    ],
  ],
  "runtime/held": [
    [
      "suspicionOf(run) >= killsMax;",
      "suspicionOf(run) >= killsMax - 1;",
      "a run has to wait before it is suspect",
    ],
    ["!wasClosed && suspicionOf", "suspicionOf", "a run has to wait after a stop in order"],
    ["void goOnLater(ports, runs.filter(isHeld));", "", "who is held back never goes on"],
    [
      "runs.slice(index * length, (index + 1) * length)",
      "runs.slice(index * length + 1, (index + 1) * length)",
      "a suspect is left aside",
    ],
  ],
  "runtime/child": [
    [
      "if (isInternal || isTerminal) continue;",
      "if (isInternal) continue;",
      "the end of a child looks like the end of its parent",
    ],
  ],
  "runtime/invocation": [
    [
      "this.#controller?.abort(reason);\n    this.#over?.reject(reason);",
      "this.#controller?.abort(reason);",
      "a function that does not look at its signal holds its step",
    ],
  ],
  "runtime/timers": [
    [
      "for (const cancel of this.#cancels.values()) cancel();\n",
      "",
      "timers of a run that is gone go on",
    ],
  ],
  "runtime/alarms": [
    ["    if (isStoreCutOff) this.#probeLater();\n", "", "nobody looks whether the store is back"],
    ["cancel?.();\n", "", "an alarm rings twice"],
    [
      "for (const { cancel } of this.#alarms.values()) cancel();\n",
      "",
      "alarms ring in a process that was closed",
    ],
  ],
  "runtime/waker": [
    [
      "if (at === null || at >= this.#at || this.#isStopped) return;",
      "if (at === null || at <= this.#at || this.#isStopped) return;",
      "a run that rests is woken late, or never",
    ],
    ["this.#at = Infinity;\n    try {", "try {", "runs that rest are woken once, and no more"],
    ["for (const runId of due) wake(runId);\n", "", "nobody who rests is woken"],
  ],
  "runtime/admission": [
    [
      "if (this.#inside.size >= this.#limit) return false;",
      "if (this.#inside.size > this.#limit) return false;",
      "one run more than may be is under way",
    ],
    [
      "return count < limit;",
      "return count <= limit;",
      "one run of a workflow more than may be is under way",
    ],
    ["return admit(next);", "return;", "whose turn it is is not told"],
  ],
  "runtime/step-context": [
    [
      'if (keys.has(key)) throw keyReused(invocation, "run", key);',
      'if (!keys.has(key)) throw keyReused(invocation, "run", key);',
      "every effect is refused",
    ],
    ["if (kept) return kept.value;", "", "an effect is done again"],
  ],
  "store/memory": [
    [
      "      if (idempotency) this.#starts.delete(idempotency.key);\n",
      "",
      "the key of a run that is gone is not free",
    ],
    [
      '.filter((run) => run.status !== "running" && this.#isCurrent(run))',
      ".filter((run) => this.#isCurrent(run))",
      "handlers go whose run goes on",
    ],
    ["if (isProgress) run.crashes = run.kills = 0;", "", "deaths are never forgotten"],
    ["return ++run.epoch;", "return run.epoch;", "two processes hold one run"],
    [
      "ticks.slice(snapshot?.covered ?? 0)",
      "ticks.slice(0)",
      "what a snapshot covers is replayed on it",
    ],
    ["covered: run.ticks.length }", "covered: run.ticks.length - 1 }", "a snapshot is a tick late"],
    [
      "const start = Math.max(after + 1 - run.firstSequence, 0);",
      "const start = Math.max(after - run.firstSequence, 0);",
      "a reader gets an event twice",
    ],
  ],
  "store/rules": [
    [
      "Math.min(Math.max(tooOld, tooMany), pruneHandlersMax)",
      "Math.min(Math.max(tooOld, tooMany + 1), pruneHandlersMax)",
      "one handler too many goes",
    ],
    [
      'if (previous?.status === "running") {',
      'if (previous?.status === "running" && !run.forkedFrom) {',
      "a fork takes the handler of a run that goes on",
    ],
    [
      "return epoch === newest ? undefined",
      "return newest !== undefined ? undefined",
      "whoever held a run may still write to it",
    ],
    ["sequence: sequence++,", "sequence: (sequence += 2) - 2,", "events are not numbered densely"],
  ],
  "store/feed": [
    [
      "    this.#channels.delete(runId);\n    for (const wake",
      "    for (const wake",
      "who comes to a deleted run reads what others still have of it",
    ],
    [
      "if (!oldest || cursor + 1 < oldest.sequence) return undefined;",
      "if (!oldest) return undefined;",
      "a reader who is behind misses what it has not seen",
    ],
    ["cursor = last.sequence;\n", "", "a reader reads the same for ever"],
  ],
};
