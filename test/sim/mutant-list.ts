/**
 * Wrong edits of a line each, that a simulation worth its name must notice. `find` occurs exactly
 * once in its file; when the file changes, so does the edit.
 */
import { engineMutants } from "./mutant-list-engine.ts";
import { runtimeMutants } from "./mutant-list-runtime.ts";

export interface Mutant {
  /** From the root of the project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What goes wrong with it. */
  readonly why: string;
  /** Only this workload is simulated: what goes wrong is rare, and goes wrong there. */
  readonly workload?: string;
}

function inEngine(file: string, find: string, replace: string, why: string): Mutant {
  return { file: `src/engine/${file}.ts`, find, replace, why };
}

function inRuntime(
  file: string,
  find: string,
  replace: string,
  why: string,
  workload?: string,
): Mutant {
  return { file: `src/runtime/${file}.ts`, find, replace, why, ...(workload && { workload }) };
}

const wide: readonly Mutant[] = Object.entries({ ...engineMutants, ...runtimeMutants }).flatMap(
  ([file, rows]) =>
    rows.map(([find, replace, why]) => ({ file: `src/${file}.ts`, find, replace, why })),
);

export const mutants: readonly Mutant[] = [
  ...wide,
  // --- reduce
  inEngine(
    "reduce",
    'if (state.status !== "running") return change;',
    'if (state.status === "completed") return change;',
    "a cancelled or failed run still moves",
  ),
  inEngine(
    "reduce",
    "if (!found || effectPlaces.find(found.job.effects, key) >= 0) return;",
    "if (!found) return;",
    "an effect is kept a second time",
  ),
  inEngine(
    "reduce",
    "if (!known || tick.sequence <= known.cursor) return;",
    "if (!known || tick.sequence < known.cursor) return;",
    "an event of a child is shown again after a restart",
  ),
  inEngine(
    "reduce",
    "  endScopes(change, lineage.scopes, lineage);\n}\n\nfunction childTold",
    "}\n\nfunction childTold",
    "a join of events from outside never gets them",
  ),
  inEngine(
    "reduce",
    "for (const { event, target } of early) receive(change, event, target);",
    "for (const { event, target } of early.slice(1)) receive(change, event, target);",
    "the first event that came before its run's turn is lost",
  ),
  inEngine(
    "reduce",
    "route(change, tick.event, tick.target, sender);",
    "route(change, tick.event, null, sender);",
    "a targeted send goes to all",
  ),
  inEngine(
    "reduce",
    "change.state = { ...change.state, at: tick.at };",
    "change.state = { ...change.state };",
    "time goes back when the clock is set back",
  ),
  // --- steps
  inEngine("steps", "  admit(change, tick.step);\n", "", "a slot that is free is left empty"),
  inEngine(
    "steps",
    "attempt: job.attempt + 1,",
    "attempt: job.attempt,",
    "attempts are not counted, so a late answer of the last one counts",
  ),
  inEngine(
    "steps",
    'if (found?.place !== "delayed" || (found.job.retryAt ?? 0) > change.at) return;',
    'if (found?.place !== "delayed") return;',
    "a retry that is early is heeded",
  ),
  inEngine(
    "steps",
    "    waits: answeredWaits(job),\n",
    "    waits: job.waits,\n",
    "the next attempt inherits waits that nobody waits for",
  ),
  inEngine(
    "steps",
    "if (catcher !== undefined && count <= ",
    "if (catcher !== undefined && count <= 1 + ",
    "a failure is caught once too often",
  ),
  inEngine(
    "steps",
    "const recoveries = { ...job.recoveries, [catcher]: count };",
    "const recoveries = { ...job.recoveries };",
    "recoveries are not counted, and go on for ever",
  ),
  inEngine(
    "steps",
    "{ scopes: job.scopes, recoveries });",
    "{ scopes: [], recoveries });",
    "what is caught leaves its fan-out, which ends too early",
  ),
  inEngine("steps", "  countJob(change, job.scopes, -1);\n", "", "a fan-out never ends"),
  inEngine(
    "steps",
    '    change.commands.push({ kind: "set_timer", timer, at: retryAt });',
    '    change.commands.push({ kind: "set_timer", timer, at: retryAt - 1 });',
    "a retry is a millisecond early",
  ),
  // --- queue
  inEngine(
    "queue",
    'return must(definition.steps.get(step), "A queue belongs to a step.").workers;',
    'return must(definition.steps.get(step), "A queue belongs to a step.").workers + 1;',
    "a step works on one job more than it may",
  ),
  inEngine(
    "queue",
    "    isStarted: false,\n    hasActed",
    "    isStarted: true,\n    hasActed",
    "a queued job listens to ticks",
  ),
  inEngine("queue", "taken.indexOf(0)", "taken.lastIndexOf(1)", "two jobs share a slot"),
  inEngine(
    "queue",
    "start(change, next, queue.slice(1));",
    "start(change, next, queue.slice(0, -1));",
    "the last job leaves the queue, and the first is started twice",
  ),
  // --- waits
  inEngine(
    "wait",
    'if (place !== "running") return; // Another wait',
    'if (place === "queue") return; // Another wait',
    "a job that waits twice is in two places",
  ),
  inEngine(
    "wait",
    "candidate) => isOpen(candidate) && isMatch(candidate, event));",
    "candidate) => isMatch(candidate, event));",
    "the second answer goes to the first wait",
  ),
  inEngine(
    "wait",
    "(wait.deadlineAt ?? Infinity) > change.at) return;",
    "false) return;",
    "a wait ends before its time",
  ),
  inEngine(
    "wait",
    "unclaimed: unclaimed.toSpliced(index, 1)",
    "unclaimed",
    "an event that came early answers every wait",
  ),
  inEngine(
    "wait",
    "if (isOpen(known)) suspend(change, found.job, found.place);",
    "",
    "a wait that is opened again after a restart keeps its slot",
  ),
  inEngine(
    "wait",
    '  if (place === "running") {\n    change.commands',
    '  if (place === "queue") {\n    change.commands',
    "a function is not told of an answer that came before its question was stored",
  ),
  // --- routes
  inEngine(
    "route",
    " || answered.has(step)) continue",
    ") continue",
    "an answer is given to its step as input, too",
  ),
  inEngine(
    "route",
    'if (family === "stop") return;',
    "",
    "a stop event from outside is kept for a wait",
  ),
  // --- joins
  inEngine(
    "join",
    "if (!scope || scope.jobs > 0) return;",
    "if (!scope || scope.jobs > 1) return;",
    "a join does not wait for the last branch",
  ),
  inEngine(
    "join",
    "keep(change, step, id, batch ? without(events, batch) : events);",
    "keep(change, step, id, batch ? [] : events);",
    "what is left over from a batch is lost",
  ),
  inEngine(
    "join",
    "joinsAfter(definition, source, split);",
    "joinsAfter(definition, source);",
    "an inner join is told of nothing when the outer fan-out ends",
  ),
  inEngine(
    "join",
    "return [...outer, id];",
    "return [id];",
    "a fan-out within a fan-out does not keep the outer one open",
  ),
  inEngine(
    "join",
    "for (const step of due) keep(change, step, id, []);",
    "for (const step of change.definition.joins) keep(change, step, id, []);",
    "half a pair is lost when the run has nothing else to do",
  ),
  // --- buffers
  inEngine(
    "collect",
    "const left = batch ? entries.filter((entry) => !taken.has(entry)) : entries;",
    "const left = entries;",
    "a buffer is never emptied",
  ),
  inEngine(
    "collect",
    "if (brought.some((other) => isEqualEvent(other, event)) || !isWanted(before, tick)) return;",
    "if (!isWanted(before, tick)) return;",
    "a function that runs again brings its event again",
  ),
  inEngine(
    "collect",
    "[type, list.values()]",
    "[type, { take: () => list.values().take(1) }]",
    "one event stands for two in a batch",
  ),
  // --- ends and restarts
  inEngine(
    "finish",
    'result: status === "completed" ? event : null,',
    "result: event,",
    "a failed run has a result",
  ),
  inEngine(
    "finish",
    "if (deadlineAt === null || deadlineAt > change.at) return;",
    "if (deadlineAt === null) return;",
    "a deadline that is early is heeded",
  ),
  inEngine(
    "resume",
    "for (const { id: job } of running) commands",
    "for (const { id: job } of running.slice(1)) commands",
    "a restart forgets a step that was under way",
  ),
  inEngine(
    "resume",
    "of [...queue, ...running, ...waiting]) {",
    "of [...queue, ...running]) {",
    "a restart forgets how long to wait",
  ),
  inEngine(
    "change",
    "return found?.job.isStarted && found.job.attempt === tick.attempt ? found : undefined;",
    "return found?.job.isStarted ? found : undefined;",
    "an attempt that is over is listened to",
  ),
  inEngine(
    "change",
    "{ [place]: jobs.toSpliced(placeOf(jobs, job), 1) }",
    "{ [place]: jobs.slice(1) }",
    "another job is taken out",
  ),
  inEngine(
    "fork",
    "steps: mapJobs(state, (job) => edit(shiftJob(job, shift))),",
    "steps: mapJobs(state, (job) => edit(job)),",
    "what was timed before the fork is due at once",
  ),
  // --- the loop
  inRuntime(
    "loop",
    "if (attempt === this.#attemptOf(command)) this.#ports.perform(command);",
    "this.#ports.perform(command);",
    "the next attempt starts before its failure is stored",
    "talk",
  ),
  inRuntime(
    "loop",
    "const at = Math.max(this.#state.at, this.#ports.clock.now());",
    "const at = this.#ports.clock.now();",
    "the time of a run goes back with the clock",
  ),
  inRuntime(
    "loop",
    "    this.stop(error);\n    this.#ports.failed(error);",
    "    this.stop(error);",
    "nobody hears of a commit that failed",
  ),
  inRuntime(
    "runtime",
    "    else await live.loop.stored;\n",
    "",
    "a cancellation that is not stored yet is granted",
  ),
  inRuntime(
    "admission",
    "const isAdmitted = this.#inside.has(runId) || this.#hasRoom",
    "const isAdmitted = this.#hasRoom",
    "a run whose turn came while it was not in memory waits for ever",
    "queue",
  ),
  inRuntime(
    "invocation",
    "if (!wait || (answer === null && !isTimedOut)) return;",
    "if (!wait || answer === null) return;",
    "a function never hears that its wait is over",
  ),
  inRuntime("loop", "this.#rest = rest;\n", "", "the store does not learn that a run goes on"),
  inRuntime(
    "loop",
    "  resume(): void {\n    for (const command of resume(this.#state))",
    "  resume(): void {\n    for (const command of resume(this.#state).slice(1))",
    "a restart forgets the first of what was under way",
  ),
  // --- the runtime
  inRuntime(
    "step-context",
    "if (invocation.isOver) throw invocation.signal.reason;",
    "",
    "a function that is over does what the next attempt has done",
    "effects",
  ),
  inRuntime(
    "run-step",
    "if (Number.isFinite(seconds)) return",
    "if (seconds !== null) return",
    "a policy that answers nonsense delays its step for ever",
  ),
  inRuntime(
    "child",
    "  await endOrphan(invocation, runId);\n",
    "",
    "a child that is started while its parent ends goes on",
    "family",
  ),
  inRuntime(
    "live-runs",
    "if (this.#ports.registry.get(run.workflowName)) await this.#find(run, false);",
    "if (!isTerminal(run.status)) await this.#find(run, false);",
    "a run that ended in a commit that failed keeps its place",
    "queue",
  ),
  inRuntime(
    "live-runs",
    "      this.#bury(live.summary);\n",
    "",
    "a run that has ended comes back for a late word, and stays",
  ),
  inRuntime(
    "live-runs",
    "if (this.#stopReason !== undefined) throw this.#stopReason; // While",
    "// While",
    "a run that was being loaded goes on in a process that was closed",
  ),
  inRuntime(
    "live-run",
    "    this.loop.resume();\n    this.#watchIdleness();",
    "    this.loop.resume();",
    "a run that is brought back for nothing stays in memory",
  ),
  inRuntime(
    "step-context",
    "  if (invocation.isLetGo) await invocation.bringBack();\n",
    "",
    "a function that was left behind does what the next call has done",
    "aside",
  ),
  inRuntime(
    "runtime",
    "await this.#endOrphans();",
    "",
    "a child that rests outlives its parent when the process dies",
    "family",
  ),
  inRuntime(
    "runtime",
    'if (loop.state.queued) loop.tell({ kind: "run_admitted" });',
    "",
    "a fork of a run that waited for its turn never has one",
    "queue",
  ),
];
