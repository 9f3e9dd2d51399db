/**
 * A run as the model has it: a list of jobs that is changed in place, without any thought of speed,
 * storage or sharing.
 */
import type { Published } from "../../../src/engine/change.ts";
import type { Command } from "../../../src/engine/command.ts";
import type { Collected, Job, JobPlace, RunState, Scope } from "../../../src/engine/state.ts";
import type { Timer } from "../../../src/engine/tick.ts";
import type { Definition } from "../../../src/workflow/definition.ts";
import type { Event } from "../../../src/workflow/event.ts";

type Editable<T> = { -readonly [Field in keyof T]: T[Field] };

export interface ModelJob extends Editable<Job> {
  place: JobPlace | "nowhere";
  /** In each place jobs stand in the order in which they have come there. */
  cameAs: number;
}

/** What an event hands down to the jobs that follow from it. */
export type Line = Pick<Job, "scopes" | "recoveries">;

export interface OfJob {
  readonly step: string;
  readonly job: number;
  readonly attempt: number;
}

interface Aside extends Collected {
  readonly step: string;
  readonly buffer: string;
}

interface KeptForJoin {
  readonly step: string;
  readonly scope: number;
  readonly event: Event;
}

const places = ["queue", "running", "delayed", "waiting"] as const;

export class ModelRun {
  readonly definition: Definition;
  readonly steps: readonly string[];
  /** All that is not about jobs, buffers and joins. */
  readonly facts: Editable<Omit<RunState, "steps" | "scopes" | "nextScope" | "waitedFor">>;
  jobs: ModelJob[] = [];
  buffers: Aside[] = [];
  joining: KeptForJoin[] = [];
  /** Open fan-outs; 0 is the whole run. */
  scopes: Map<number, Editable<Omit<Scope, "id" | "jobs" | "joining">>>;
  nextScope = 1;
  now = 0;
  /** What people read of a failure is taken as the engine has it. */
  said = "";
  events: Published[] = [];
  commands: Command[] = [];
  #arrivals = 0;

  constructor(definition: Definition) {
    this.definition = definition;
    this.steps = [...definition.steps.keys()];
    this.facts = {
      ...{ status: "running", at: 0, startedAt: null, deadlineAt: null, queued: null, early: [] },
      ...{ nextJob: 1, children: [], parent: null, store: {}, unclaimed: [] },
      ...{ result: null, failure: null },
    };
    this.scopes = new Map([[0, { outer: [], step: null }]]);
  }

  /** In the shape that the engine gives its state. */
  toState(): RunState {
    const steps = this.steps.map((step) => [step, this.#toStep(step)] as const);
    const scopes = [...this.scopes].map(([id, scope]) => {
      const jobs = this.jobs.filter((job) => job.scopes.includes(id)).length;
      const kept = this.joining.filter((entry) => entry.scope === id);
      const joining = [...Map.groupBy(kept, ({ step }) => step)].map(
        ([step, entries]) => [step, entries.map(({ event }) => event)] as const,
      );
      return { id, ...scope, jobs, joining: Object.fromEntries(joining) };
    });
    const asked = this.jobs
      .flatMap((job) => job.waits)
      .filter(({ answer, isTimedOut }) => !answer && !isTimedOut);
    const waitedFor = [...Map.groupBy(asked, ({ type }) => type)].map(
      ([type, waits]) => [type, waits.length] as const,
    );
    return {
      ...{ ...this.facts, nextScope: this.nextScope, waitedFor: Object.fromEntries(waitedFor) },
      ...{ steps: Object.fromEntries(steps), scopes },
    };
  }

  // --- jobs

  add(step: string, events: readonly Event[], isBatch: boolean, line: Line): void {
    const { scopes, recoveries } = line;
    const job: ModelJob = {
      ...{ id: this.facts.nextJob++, step, events, isBatch, scopes, recoveries, attempt: 1 },
      ...{ firstAttemptAt: null, lastFailure: null, worker: null, retryAt: null },
      ...{
        isStarted: false,
        hasActed: false,
        effects: [],
        batches: {},
        waits: [],
        place: "nowhere",
        cameAs: 0,
      },
    };
    this.jobs.push(job);
    this.queue(job);
  }

  queue(job: ModelJob): void {
    job.retryAt = null;
    this.move(job, "queue");
    this.fillSlots(job.step);
    if (job.place === "queue") this.tellStep(job, "preparing");
  }

  fillSlots(step: string): void {
    const { workers = 0 } = this.definition.steps.get(step) ?? {};
    for (let slot = 0; slot < workers; slot++) {
      const isTaken = this.jobsIn("running", step).some((job) => job.worker === slot);
      const [next] = this.jobsIn("queue", step);
      if (isTaken || !next) continue;
      this.move(next, "running");
      Object.assign(next, { worker: slot, isStarted: true });
      next.firstAttemptAt ??= this.now;
      this.tellStep(next, "running");
      this.order(next);
    }
  }

  move(job: ModelJob, place: ModelJob["place"]): void {
    Object.assign(job, { place, cameAs: ++this.#arrivals, worker: null });
  }

  /** Takes it out for good. */
  remove(job: ModelJob, output: string | null): void {
    this.tellStep(job, "not_running", output);
    this.jobs = this.jobs.filter((other) => other !== job);
  }

  jobsIn(place: JobPlace, step: string): readonly ModelJob[] {
    return this.jobs
      .filter((job) => job.place === place && job.step === step)
      .sort((a, b) => a.cameAs - b.cameAs);
  }

  find(step: string, id: number): ModelJob | undefined {
    return this.jobs.find((job) => job.id === id && job.step === step);
  }

  atWork({ step, job: id, attempt }: OfJob): ModelJob | undefined {
    const job = this.find(step, id);
    return job?.isStarted && job.attempt === attempt ? job : undefined;
  }

  get isIdle(): boolean {
    return !this.facts.queued && this.jobs.every(({ place }) => place === "waiting");
  }

  familyOf(type: string): string | undefined {
    return this.definition.eventTypes.get(type)?.family;
  }

  // --- what is told and ordered

  tell(type: string, data: object): void {
    this.events.push({ event: { type, data }, isTerminal: false });
  }

  tellStep(job: ModelJob, state: string, output: string | null = null): void {
    const { step, worker, events } = job;
    const accepted = this.definition.steps.get(step)?.accepts[0];
    this.tell("StepStateChanged", {
      name: step,
      step_state: state,
      worker_id: worker === null ? "<enqueued>" : `${worker}`,
      input_event_name: events[0]?.type ?? accepted ?? "NoneType",
      output_event_name: output,
    });
  }

  order({ step, id }: ModelJob): void {
    this.commands.push({ kind: "run_step", step, job: id });
  }

  setTimer(timer: Timer, at: number): void {
    this.commands.push({ kind: "set_timer", timer, at });
  }

  // --- ends

  /** A failure of the run, and of no step. */
  fail(name: string): void {
    const { startedAt } = this.facts;
    const [job] = this.steps.flatMap((step) => this.jobsIn("running", step));
    const data = {
      step_name: job?.step ?? "",
      exception: { exception_type: name, exception_message: this.said },
      attempts: job?.attempt ?? 0,
      elapsed_seconds: (this.now - (startedAt ?? this.now)) / 1000,
    };
    const failure = { name, message: this.said };
    this.end("failed", { type: "WorkflowFailedEvent", data }, failure);
  }

  end(status: RunState["status"], event: Event, failure: RunState["failure"] = null): void {
    const result = status === "completed" ? event : null;
    Object.assign(this.facts, { status, failure, result, deadlineAt: null });
    Object.assign(this.facts, { queued: null, early: [], unclaimed: [] });
    Object.assign(this, { jobs: [], buffers: [], joining: [], nextScope: 1 });
    this.scopes = new Map([[0, { outer: [], step: null }]]);
    this.events.push({ event, isTerminal: true });
    this.commands.push({ kind: "finish_run" });
  }

  // ---

  #toStep(step: string): RunState["steps"][string] {
    const [queue = [], running = [], delayed = [], waiting = []] = places.map((place) =>
      this.jobsIn(place, step).map(({ place: _, cameAs: __, ...job }) => job),
    );
    const aside = this.buffers.filter((entry) => entry.step === step);
    const buffers = [...Map.groupBy(aside, ({ buffer }) => buffer)].map(
      ([name, entries]) => [name, entries.map(({ job, event }) => ({ job, event }))] as const,
    );
    return { queue, running, delayed, waiting, buffers: Object.fromEntries(buffers) };
  }
}
