/**
 * More wrong edits of the engine, one or more for each branch of consequence: what a stranger would try. As in
 * `mutant-list.ts`, the text to be replaced occurs exactly once in its file.
 */
export type Row = readonly [find: string, replace: string, why: string];

/** By file, from `src`. */
export const engineMutants: Readonly<Record<string, readonly Row[]>> = {
  "engine/reduce": [
    ["if (!queued) return;", "", "a run that is admitted again starts again"],
    ["queued: null, early: [], startedAt", "queued: null, startedAt", "early events come twice"],
    ["change.at + timeoutMs", "change.at - timeoutMs", "a deadline is over before it begins"],
    [
      "if (!queued || !isForStep) return receive",
      "if (!queued) return receive",
      "an event that is for nobody is kept as early",
    ],
    [
      "const isNews = !isIdle(state) || ",
      "const isNews = ",
      "a run that comes to rest does not say so",
    ],
    [
      "change.events.push({ event: tick.event, isTerminal: false });",
      "change.events.push({ event: tick.event, isTerminal: true });",
      "what a step writes looks like the end",
    ],
    [
      "if (!known) change.state = { ...change.state, children",
      "change.state = { ...change.state, children",
      "a child is noted twice",
    ],
    [
      "  change.state = { ...change.state };\n  route",
      "  route",
      "an event that nobody took is sent again by a function that starts again",
    ],
    [
      "!job.hasActed) updateJob",
      "job.hasActed) updateJob",
      "a function that starts again does all of it again",
    ],
  ],
  "engine/steps": [
    [
      'for (const event of events) {\n    if (familyOf(change, event) === "stop")',
      'for (const event of events.toReversed()) {\n    if (familyOf(change, event) === "stop")',
      "of several stop events the last is the end",
    ],
    [
      "const recoveries = { ...job.recoveries, [catcher]: count };",
      "const recoveries = { [catcher]: count };",
      "a step that catches forgets what others have caught",
    ],
    [
      "countJob(change, job.scopes, -1);\n  dropWaits(change, job);",
      "countJob(change, job.scopes, -1);",
      "a job that has ended is thought to wait",
    ],
    [
      "takeJob(change, job, place);\n  dropWaits(change, job);",
      "takeJob(change, job, place);",
      "a job that is tried again is thought to ask what it asked",
    ],
    [
      "leave(change, job, found.place, nameOf(events));\n",
      "",
      "a step that has ended is still at work",
    ],
    [
      'familyOf(change, event) === "stop"',
      'familyOf(change, event) !== "stop"',
      "a run ends with its first step",
    ],
    ["if (tick.retryAt !== null)", "if (tick.retryAt === null)", "who gives up tries again"],
    [
      "if (retryAt <= change.at) enqueue",
      "if (retryAt < change.at) enqueue",
      "a retry that is due now waits for a timer",
    ],
    ["lastFailure: failure,", "lastFailure: null,", "the next attempt does not know why it is one"],
    [
      "route(change, event, null, lineage);\n  }\n  endScopes",
      "route(change, event, null, lineage);\n  }\n  if (!tick.isFanOut) endScopes",
      "a list of none never ends",
    ],
    [
      "worker: null,\n    isStarted: false,",
      "worker: null,\n    isStarted: true,",
      "a failed attempt is still listened to",
    ],
    [
      "(job.recoveries[catcher] ?? 0) + 1;",
      "(job.recoveries[catcher] ?? 1) + 1;",
      "a failure is caught once too seldom",
    ],
    [
      "const recoveries = { ...job.recoveries, [catcher]",
      "const recoveries = { [catcher]",
      "who catches forgets that others have caught",
    ],
  ],
  "engine/queue": [
    ["attempt: 1,", "attempt: 0,", "attempts are counted from 0"],
    [
      "jobs: scope.jobs + by",
      "jobs: scope.jobs + 1",
      "who leaves a fan-out is counted as one more",
    ],
    [
      "firstAttemptAt: next.firstAttemptAt ?? change.at,",
      "firstAttemptAt: change.at,",
      "the time of a job begins anew with each attempt",
    ],
    [
      '  putJob(change, queued, "queue");\n  admit(change, job.step);',
      '  putJob(change, queued, "queue");',
      "nobody is let in when he comes",
    ],
  ],
  "engine/wait": [
    [
      "if (!wait) continue;",
      "if (!wait) break;",
      "an answer does not come by a job that waits for nothing",
    ],
    ["if (wait.type !== event.type) return false;", "", "a wait takes any event"],
    ["if (!early) suspend(change, job, found.place);", "", "who waits keeps its slot"],
    [
      "(target === null || target === step) && isMatch(wait, event)",
      "isMatch(wait, event)",
      "an early event for another step is taken",
    ],
    [
      "if (target !== null && step !== target) continue;",
      "",
      "a targeted event answers all who wait",
    ],
    ["{ ...wait, isTimedOut: true }", "{ ...wait }", "a wait that is over stays open"],
    [
      "return job.waits.filter((wait) => wait.answer !== null);",
      "return [];",
      "the next attempt asks again",
    ],
    ["at: wait.deadlineAt });", "at: wait.deadlineAt + 1 });", "a wait lasts a millisecond longer"],
    [
      'kind: "run_step", step: job.step, job: job.id });',
      'kind: "run_step", step: job.step, job: job.id + 1 });',
      "another function is told of an answer",
    ],
  ],
  "engine/join": [
    [
      'const scopes = join.kind === "each" ? lineage.scopes : outOf(scope);',
      "const scopes = outOf(scope);",
      "a pair leaves its fan-out",
    ],
    [
      "return take !== null && events.length >= take",
      "return take !== null && events.length > take",
      "so many are one more",
    ],
    [
      "const batch = types.flatMap(",
      "const batch = types.toReversed().flatMap(",
      "a pair comes the wrong way round",
    ],
    ["nextScope: id + 1 };", "nextScope: id };", "two fan-outs share a scope"],
    ["else closeScope(change, id);", "", "a fan-out that is over may end again"],
    [
      "return expected.includes(step) || Object",
      "return Object",
      "a join is not told that there was nothing for it",
    ],
    [
      "(id === 0 || served.includes(step))",
      "id === 0",
      "a join that has had so many is given the rest",
    ],
    [
      'for (const id of outer) note(change, id, "split", step);',
      "",
      "an inner join is told again when the outer fan-out ends",
    ],
    [
      "for (const id of scopes.toReversed()) {",
      "for (const id of scopes) {",
      "the outer fan-out ends before the inner one",
    ],
  ],
  "engine/level": [
    ["return last.length > 0 ? last : joins;", "return joins;", "an inner join is told early"],
    [
      "[...catchersOf(place, step), ...next];\n  });\n}\n\n/** The steps that take what the",
      "next;\n  });\n}\n\n/** The steps that take what the",
      "a join of failures is not told that there were none",
    ],
  ],
  "engine/collect": [
    [
      "Object.hasOwn(found.job.batches, tick.buffer)) return;",
      "false) return;",
      "a job completes a second batch",
    ],
    [
      "const { [buffer]: _, ...others } = buffers;",
      "const others = {};",
      "a buffer that is taken from empties the others",
    ],
    [
      "if (entries.length < countOf(expected, null)) return undefined;",
      "if (entries.length <= countOf(expected, null)) return undefined;",
      "a batch takes one more than it needs",
    ],
  ],
  "engine/finish": [
    [
      "change.events.push({ event, isTerminal: true });",
      "change.events.push({ event, isTerminal: false });",
      "no event is the last",
    ],
    [
      '  change.commands.push({ kind: "finish_run" });\n',
      "",
      "an end is not heeded: what is under way goes on",
    ],
    [
      "    store,\n    children,\n    parent,\n    result",
      "    children,\n    parent,\n    result",
      "what a handler knew is forgotten with its run",
    ],
    [
      "    children,\n    parent,\n    result",
      "    parent,\n    result",
      "children outlive their parent",
    ],
    [
      "if (definition.isOpen || isWaiting || ",
      "if (isWaiting || ",
      "a run that the outside may move is given up",
    ],
  ],
  "engine/resume": [
    [
      "if (state.deadlineAt !== null) {",
      "if (state.deadlineAt === null) {",
      "a restart forgets the deadline",
    ],
    ["at: retryAt });", "at: retryAt - 1 });", "after a restart a retry is early"],
    [
      "if (wait.deadlineAt === null || !isOpen(wait)) continue;",
      "if (wait.deadlineAt === null) continue;",
      "a wait that is over is timed again",
    ],
    [
      "first = Math.min(first, command.at);",
      "first = command.at;",
      "a run that rests is woken for its last timer",
    ],
  ],
  "engine/fork": [
    [
      "const shift = tick.at - state.at;",
      "const shift = state.at - tick.at;",
      "time is shifted the wrong way",
    ],
    ["    children: [],\n", "", "a fork ends the children of the other run"],
    ["edited?.job === job.id && ", "", "an edit changes every job of the step"],
    [
      "isEdited ? { ...job, events: [edited.event] } : job",
      "job",
      "the event of a fork replaces none",
    ],
  ],
  "engine/route": [
    ["slice(-unclaimedEventsMax)", "slice(0, 0)", "no event is kept for a wait"],
    ["{ event, target }]", "{ event, target: null }]", "an event for one step is kept for all"],
    [
      "let isTaken = answered.size > 0;",
      "let isTaken = false;",
      "an answer is kept for a second wait",
    ],
  ],
  "engine/change": [
    [
      "stepState(change, job.step)[place].concat(job)",
      "[job].concat(stepState(change, job.step)[place])",
      "who comes last is served first",
    ],
    ["jobs.with(placeOf(jobs, job), job)", "jobs.with(0, job)", "another job is changed"],
  ],
  "engine/store": [
    [
      "value.length + Number(key)",
      "value.length - Number(key)",
      "items are not counted from the end",
    ],
    [
      "filter(([name]) => name !== key));",
      "filter(([name]) => name === key));",
      "what is removed stays, and the rest goes",
    ],
  ],
};
