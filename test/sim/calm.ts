/**
 * The calm after the faults: everything that can move moves, the outside gives what is waited for,
 * time passes, and what still only waits is cancelled in the end. By then every run has ended, and
 * nothing is left in memory. Whatever stands still before its time is noted as stuck.
 */
import { resume } from "../../src/engine/resume.ts";
import { isIdle, type Job } from "../../src/engine/state.ts";
import { isOpen } from "../../src/engine/wait.ts";
import { send } from "./actions.ts";
import type { Call, Process } from "./process.ts";
import { visit } from "./visits.ts";
import type { KnownRun, World } from "./world.ts";

/** More than any workload needs, so that one that never comes to rest is found. */
const stepsMax = 6_000;
/** Longer than any run has to wait until it is taken up again. */
const patienceMs = 600_000;
/** How often the outside sends something before it gives up and cancels. */
const sendsMax = 12;

export function calm(world: World): void {
  world.disk.isCalm = true;
  world.record({ kind: "calmed" });
  const process = settleOnOne(world);
  // Who has met a full disk looks for it again and again, also after its own death.
  const { weights, retention } = world.plan;
  if (weights.cut > 0 || retention) world.clock.leaveTo(process);
  for (const { run } of world.runs.values()) {
    world.ask(process, { what: "end", run }, () => process.runtime.ended(run));
  }
  const sends = new Map<string, number>();
  const since = world.clock.latest;
  for (let step = 0; step < stepsMax; step++) {
    world.settle();
    if (!process.isAlive) return stuck(world, "-", "The last process has died.");
    if (moveOn(world, process)) continue;
    const running = [...world.runs.values()].filter(({ state }) => state.status === "running");
    if (running.length === 0) return rest(world, process);
    const idler = running.find((run) => whoHoldsSlot(process, run));
    if (idler) return stuck(world, idler.run, "A step holds its slot, and only waits.");
    // A run may have to wait for a second try of its store, or for a trial of its own.
    const isPatient = world.clock.nextAt !== null && world.clock.now < since + patienceMs;
    const reason = running
      .map((run) => [run, isPatient ? undefined : whyStuck(world, process, run)] as const)
      .find(([, why]) => why !== undefined);
    if (reason) return stuck(world, reason[0].run, reason[1] ?? "");
    if (!nudge(world, process, running, sends)) return;
  }
  stuck(world, "-", `After ${stepsMax} steps the world has not come to rest.`);
}

// ---

/** One process is left, and it has claimed every run: another has none of them any more. */
function settleOnOne(world: World): Process {
  const [last] = world.living.filter(({ isOpen }) => isOpen).slice(-1);
  const isAlone = world.living.length === 1 && last !== undefined;
  const hasAll = [...world.disk.leases].every(
    ([run, { process }]) => process === last?.id || !last || startedSince(world, run, last),
  );
  const isLasting = world.plan.retention === null;
  if (isLasting && isAlone && hasAll && last.knowsAll && !wasRobbed(world, last)) return last;
  for (const process of world.living) process.die("before the calm");
  return world.boot();
}

/** A run whose first process is gone, and that nobody has claimed since, has ended before. */
function startedSince(world: World, run: string, _process: Process): boolean {
  return world.runs.get(run)?.state.status !== "running";
}

/** Whether another process has ever lived beside it. */
function wasRobbed({ entries }: World, process: Process): boolean {
  const booted = entries.findIndex(
    (entry) => entry.kind === "booted" && entry.process === process.id,
  );
  const others = entries
    .slice(booted)
    .some(
      (entry) => "process" in entry && entry.process !== process.id && entry.kind === "claimed",
    );
  return others;
}

/** What needs neither the outside nor the passing of time. */
function moveOn({ clock, gates, readers, followers }: World, process: Process): boolean {
  if (clock.turnCount > 0) {
    for (let count = clock.turnCount; count > 0; count--) clock.turn();
    return true;
  }
  const open = gates.find((gate) => gate.process === process);
  if (open) {
    process.open(open.gate, "on");
    return true;
  }
  const slow = readers.find((reader) => reader.isSlow);
  if (slow) {
    slow.goOn();
    return true;
  }
  const slowFollower = followers.find((follower) => follower.isSlow);
  if (slowFollower) {
    slowFollower.goOn();
    return true;
  }
  if (clock.dueCount === 0) return false;
  clock.fire(0);
  return true;
}

/** Time passes, the outside sends, or it cancels. */
function nudge(
  world: World,
  process: Process,
  running: readonly KnownRun[],
  sends: Map<string, number>,
): boolean {
  const { clock, chance, readers } = world;
  const away = readers.find((reader) => !reader.isAttached && !reader.isDone);
  if (away) {
    away.attach(process, () => false);
    return true;
  }
  if (world.plan.weights.visit > 0 && chance.happens(0.7) && visit(world)) return true;
  // A child that outlives its parent is not touched: it has to end by itself.
  const waiting = running.filter(
    (run) => isIdle(run.state) && !isOrphan(world, run) && (sends.get(run.run) ?? 0) < sendsMax,
  );
  const isSoon = clock.nextAt !== null && clock.nextAt < clock.now + 60_000;
  const canSend = waiting.length > 0 && process.isOpen;
  if (clock.nextAt !== null && (!canSend || chance.happens(isSoon ? 0.5 : 0.05))) {
    world.moveTo(Math.max(clock.nextAt, clock.now));
    return true;
  }
  if (canSend) {
    const run = chance.pick(waiting);
    sends.set(run.run, (sends.get(run.run) ?? 0) + 1);
    send(process, run, world);
    return true;
  }
  const [last] = running;
  if (!last || !process.isOpen) {
    stuck(world, "-", "The process does not open.");
    return false;
  }
  return cancel(world, process, running);
}

/** With no timer left anywhere, all that is idle has left memory. */
function cancel(world: World, process: Process, running: readonly KnownRun[]): boolean {
  const orphan = running.find((run) => isOrphan(world, run));
  if (orphan) {
    stuck(world, orphan.run, "It outlives its parent.");
    return false;
  }
  for (const { run, state } of running) {
    const isInMemory = process.runtime.inspect(run) !== undefined;
    if (isIdle(state) && isInMemory && world.plan.idleMs !== null) {
      stuck(world, run, "It is idle, and stays in memory for ever.");
      return false;
    }
    if (resume(state).some((command) => command.kind === "set_timer")) {
      stuck(world, run, "It waits for a timer that is not set.");
      return false;
    }
  }
  const run = running.find(({ state }) => state.parent === null) ?? running[0];
  if (run) world.cancel(process, run);
  return true;
}

/** Its parent has ended. One that was deleted is not known any more, and does not count. */
function isOrphan({ runs }: World, { state }: KnownRun): boolean {
  const parent = runs.get(state.parent?.runId ?? "");
  return parent !== undefined && parent.state.status !== "running";
}

/** Every run has ended: what is left? */
function rest(world: World, process: Process): void {
  const { clock, runs, readers } = world;
  while (clock.nextAt !== null || clock.turnCount > 0) {
    if (clock.nextAt !== null) clock.moveTo(Math.max(clock.nextAt, clock.now));
    if (!moveOn(world, process)) break;
    world.settle();
  }
  for (const { run } of runs.values()) {
    if (process.runtime.inspect(run)) stuck(world, run, "It has ended, and is kept in memory.");
  }
  for (const reader of readers) {
    if (!reader.isDone && !reader.isAttached) reader.attach(process, () => false);
  }
  world.settle();
  while (moveOn(world, process)) world.settle();
  for (const reader of readers) {
    if (!reader.isDone) stuck(world, reader.run, `Reader ${reader.id} waits for more.`);
  }
  process.close();
  for (let step = 0; step < 20 && process.isAlive; step++) {
    world.settle();
    moveOn(world, process);
  }
  if (process.isAlive) stuck(world, "-", "The last process does not close.");
}

// --- what stands still

/** With no gate, turn or due timer left: a reason why the run waits, if it has no right to. */
function whyStuck(world: World, process: Process, { run, state }: KnownRun): string | undefined {
  if (state.queued) return isCrowded(world, run) ? undefined : "It waits for a turn that is free.";
  for (const { queue, running, delayed } of Object.values(state.steps)) {
    for (const job of running) {
      const calls = [...process.calls].filter(
        (call) => call.run === run && call.job === job.id && call.attempt === job.attempt,
      );
      if (calls.length === 0) return `Nobody works on job ${job.id} of step ${job.step}.`;
      if (!calls.some((call) => mayWait(world, process, call, job))) {
        return `Job ${job.id} of step ${job.step} waits for what has come.`;
      }
    }
    if (queue.length > 0 && running.length === 0) return "A job waits for a slot that is free.";
    if (delayed.length > 0 && world.clock.nextAt === null) return "Nothing ends a delay.";
  }
  return undefined;
}

/**
 * A job that works, as the engine sees it, and whose function does nothing but wait for what it had
 * been waiting for before it was called again.
 */
function whoHoldsSlot(process: Process, { run, state }: KnownRun): Job | undefined {
  return Object.values(state.steps)
    .flatMap((step) => step.running)
    .find((job) => {
      const call = [...process.calls].findLast(
        (other) => other.run === run && other.job === job.id && other.attempt === job.attempt,
      );
      const busy = [...(call?.pending ?? [])].filter(([, count]) => count > 0);
      const isAtGate = process.gates.some((gate) => gate.call === call);
      const answered = job.waits.filter((wait) => !isOpen(wait)).length;
      const isOnlyWaiting = !isAtGate && busy.length === 1 && busy[0]?.[0] === "wait";
      return call && isOnlyWaiting && answered === call.answered && answered < job.waits.length;
    });
}

function isCrowded({ runs }: World, run: string): boolean {
  return [...runs.values()].some(
    (other) => other.run !== run && other.state.status === "running" && !other.state.queued,
  );
}

/** Whether what a function waits for is still to come. */
function mayWait(world: World, process: Process, call: Call, job: Job): boolean {
  const { pending } = call;
  const hung = process.gates.filter((gate) => gate.isHung);
  // A step that may take so long, and no longer, does not hang for ever.
  if (hung.some((gate) => gate.call === call)) return call.step.timeoutMs === null;
  if (pending.get("child")) {
    const children = [...world.runs.values()].filter(
      ({ state }) => state.parent?.runId === call.run,
    );
    if (children.some(({ state }) => state.status === "running")) return true;
  }
  if (pending.get("wait") && job.waits.some(isOpen)) return true;
  return Boolean(pending.get("edit")) && hung.some((gate) => gate.call.run === call.run);
}

function stuck(world: World, run: string, reason: string): void {
  world.record({ kind: "stuck", run, reason });
}
