/**
 * The disk that outlives processes, and the store of each process on it: the place where things go
 * wrong. A process may die before a write is done, or when it is done and not yet answered; a write
 * may fail, and may have been done all the same; reads may fail, and be answered late.
 *
 * Of a process that is dead nothing reaches the disk any more, and nothing is answered to it.
 */
import { WorkflowError } from "../../src/base/errors.ts";
import type { Clock } from "../../src/base/clock.ts";
import { Feed } from "../../src/store/feed.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import type { Commit, Culprit, Deaths, NewRun, Pruning, Store } from "../../src/store/store.ts";
import type { Chance } from "./prng.ts";
import type { Plan } from "./plan.ts";
import type { Entry } from "./trace.ts";

/** What a store needs to know of the process that has it. */
export interface Owner {
  readonly id: number;
  readonly isAlive: boolean;
  readonly clock: Clock;
  die(where: string): void;
}

/** A store as this file uses it: by the names of its methods, so that new ones need no change. */
type Methods = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

interface Write {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly done: PromiseWithResolvers<unknown>;
}

export class Disk {
  readonly data: MemoryStore = new MemoryStore({ clock: { nextTurn: (callback) => callback() } });
  /** The newest epoch of each run, and the process that claimed it. */
  readonly leases: Map<string, { readonly process: number; readonly epoch: number }> = new Map();
  /** Run to handler, of all runs ever created. */
  readonly handlers: Map<string, string> = new Map();
  /** Under which runs were started. */
  readonly #keys = new Map<string, string>();
  readonly #feeds = new Map<Owner, Feed>();
  readonly #record: (entry: Entry) => void;
  readonly #chance: Chance;
  readonly #plan: Plan;
  /** No faults any more. */
  isCalm = false;
  /** Full, for example: nothing can be written for a while, and every process is told why. */
  isCutOff = false;
  /** Whether the last process that had it has let go of it in order. */
  wasClosed = true;
  /** Whose step has ended the last process that died, if one has. */
  culprit: Culprit | undefined;

  constructor(plan: Plan, chance: Chance, record: (entry: Entry) => void) {
    this.#plan = plan;
    this.#chance = chance;
    this.#record = record;
    // Whoever writes, the readers in every process are told, as a server of many would see to.
    this.data.feed.published = (run, events) => {
      for (const [owner, feed] of this.#feeds) if (owner.isAlive) feed.published(run, events);
    };
    this.data.feed.deleted = (run) => {
      for (const [owner, feed] of this.#feeds) if (owner.isAlive) feed.deleted(run);
    };
  }

  /** The store as one process has it. */
  mount(owner: Owner): Store {
    const queue: Write[] = [];
    let isClosed = false;
    const { wasClosed, culprit } = this;
    this.wasClosed = false;
    this.culprit = undefined;
    const flush = (): void => this.#flush(owner, queue.splice(0));
    const methods: Methods = {
      open: async () => ({ wasClosed, culprit }),
      close: async () => {
        // Of one that has died while it closed, nothing reaches the disk any more.
        if (!owner.isAlive) return;
        flush();
        isClosed = true;
        this.wasClosed = true;
        this.culprit = undefined;
      },
    };
    const call = (method: string, args: readonly unknown[]): Promise<unknown> => {
      if (!owner.isAlive) return new Promise(() => {});
      if (isClosed) return Promise.reject(failed("closed"));
      if (/^(get|list|read|find|next)/.test(method)) return this.#read(owner, method, args);
      if (this.#dies(owner, `before ${method}`)) return new Promise(() => {});
      const write = { method, args, done: Promise.withResolvers<unknown>() };
      if (!this.#plan.isGrouped) this.#writeAtOnce(owner, write);
      else if (queue.push(write) === 1) owner.clock.nextTurn(flush);
      return write.done.promise;
    };
    const store = new Proxy(this.data, {
      get: (data, name) => {
        if (name === "feed") return feed;
        if (typeof name === "symbol") return Reflect.get(data, name);
        const value: unknown = Reflect.get(data, name);
        if (typeof value !== "function") return value;
        return methods[name] ?? ((...args: readonly unknown[]) => call(name, args));
      },
    });
    const feed = new Feed(store);
    this.#feeds.set(owner, feed);
    return store;
  }

  holds(process: number, run: string): boolean {
    return this.leases.get(run)?.process === process;
  }

  // --- reads

  #read(owner: Owner, method: string, args: readonly unknown[]): Promise<unknown> {
    const answer = this.#call(method, args);
    if (this.#happens(this.#plan.failedRead)) return Promise.reject(failed(method));
    if (!this.#happens(this.#plan.lag)) return answer;
    return new Promise((resolve) => owner.clock.nextTurn(() => resolve(answer)));
  }

  // --- writes

  /** One write at its call; it is answered in a later turn. */
  #writeAtOnce(owner: Owner, write: Write): void {
    const answer = this.#perform(owner, [write]);
    if (this.#dies(owner, `after ${write.method}`)) return;
    owner.clock.nextTurn(answer);
  }

  /** All writes of a turn, as one transaction: when it fails, it fails for all of them. */
  #flush(owner: Owner, group: readonly Write[]): void {
    if (group.length === 0) return;
    const answer = this.#perform(owner, group);
    if (!this.#dies(owner, `after ${group[0]?.method}`)) answer();
  }

  /** Returns what answers them. */
  #perform(owner: Owner, group: readonly Write[]): () => void {
    if (this.isCutOff && !this.isCalm) {
      return () => {
        for (const { done } of group) done.reject(cutOff());
      };
    }
    const isFailed = this.#happens(this.#plan.failedWrite);
    const isDone = !isFailed || this.#happens(this.#plan.ambiguous);
    const answers = isDone ? group.map((write) => this.#do(owner, write)) : [];
    return () => {
      for (const [index, { method, done }] of group.entries()) {
        const answer = answers[index];
        if (isFailed || !answer) done.reject(failed(method));
        else answer.then(done.resolve, done.reject);
      }
    };
  }

  #do(owner: Owner, { method, args }: Write): Promise<unknown> {
    const [first] = args;
    const runs = method === "delete" ? this.#runsOf(first as string) : [];
    const stored = args.map(asJson);
    const isFaithful = Bun.deepEquals(stored, args);
    const answer = this.#call(method, stored);
    answer.catch(() => {}); // Its caller is told of it, unless the process dies before.
    if (Bun.peek.status(answer) === "rejected") {
      const { code = "" } = Bun.peek(answer) as unknown as { readonly code?: string };
      this.#record({ kind: "refused", process: owner.id, method, code });
    } else if (method === "create") {
      const run = first as NewRun;
      this.handlers.set(run.runId, run.handlerId);
      if (run.idempotency) this.#keys.set(run.runId, run.idempotency.key);
      this.leases.set(run.runId, { process: owner.id, epoch: 1 });
      const created = { workflow: run.workflowName, handler: run.handlerId };
      const commit = stored[1] as Commit;
      this.#committed(owner, { run: run.runId, created, epoch: 1, commit, isFaithful });
    } else if (method === "commit") {
      const [run, epoch, commit] = stored as [string, number, Commit];
      this.#committed(owner, { run, created: null, epoch, commit, isFaithful });
    } else if (method === "claim")
      this.#claimed(owner, first as string, Bun.peek(answer) as number);
    else if (method === "setDeaths") {
      const [run, { crashes, kills }] = stored as [string, Partial<Deaths>];
      if (crashes !== undefined) {
        this.#record({ kind: "counted", process: owner.id, run, crashes });
      }
      if (kills !== undefined) this.#record({ kind: "noted", process: owner.id, run, kills });
    } else if (method === "delete") {
      const isThere = Bun.peek(answer) as unknown as boolean;
      this.#gone(owner, runs, isThere ? [first as string] : [], null);
    } else if (method === "prune") {
      const handlers = Bun.peek(answer) as unknown as readonly string[];
      const pruned = handlers.flatMap((handler) => this.#runsOf(handler));
      if (handlers.length > 0) this.#gone(owner, pruned, handlers, first as Pruning);
    }
    return answer;
  }

  #committed(
    owner: Owner,
    facts: Omit<Extract<Entry, { kind: "committed" }>, "kind" | "process" | "newest" | "at">,
  ): void {
    const newest = this.leases.get(facts.run)?.epoch ?? 0;
    const at = owner.clock.now();
    this.#record({ kind: "committed", process: owner.id, newest, at, ...facts });
  }

  #gone(
    owner: Owner,
    runs: readonly string[],
    handlers: readonly string[],
    pruning: Pruning | null,
  ): void {
    this.#record({ kind: "deleted", runs });
    if (!this.#plan.isFollowed || handlers.length === 0) return;
    const left = [
      ...handlers.filter((id) => Bun.peek(this.data.getHandler(id)) !== undefined),
      ...runs.filter((run) => this.#isLeft(run)),
    ];
    const at = owner.clock.now();
    this.#record({ kind: "gone", process: owner.id, handlers, pruning, at, left });
  }

  #isLeft(run: string): boolean {
    const { data } = this;
    const key = this.#keys.get(run);
    return (
      lengthOf(data.readTicks(run)) > 0 ||
      lengthOf(data.readEvents(run, -1, 1)) > 0 ||
      Bun.peek(data.getRun(run)) !== undefined ||
      (key !== undefined && Bun.peek(data.findStart(key)) !== undefined)
    );
  }

  #claimed(owner: Owner, run: string, epoch: number): void {
    this.leases.set(run, { process: owner.id, epoch });
    this.#record({ kind: "claimed", process: owner.id, run, epoch });
  }

  // ---

  #call(method: string, args: readonly unknown[]): Promise<unknown> {
    // The names come from whoever calls the store; the compiler has seen to it that they are there.
    const data = this.data as unknown as Methods;
    const answer = data[method]?.apply(this.data, args as unknown[]);
    return answer ?? Promise.reject(failed(method));
  }

  /** The runs of a handler go with it. */
  #runsOf(handler: string): readonly string[] {
    return [...this.handlers].filter(([, of]) => of === handler).map(([run]) => run);
  }

  #happens(probability: number): boolean {
    return !this.isCalm && this.#chance.happens(probability);
  }

  #dies(owner: Owner, where: string): boolean {
    if (!this.#happens(this.#plan.death)) return false;
    owner.die(where);
    return true;
  }
}

// ---

function lengthOf(rows: Promise<readonly unknown[]>): number {
  return (Bun.peek(rows) as unknown as readonly unknown[]).length;
}

/** What is written is text: nobody shares an object with the disk. */
function asJson(value: unknown): unknown {
  return typeof value === "object" && value !== null ? JSON.parse(JSON.stringify(value)) : value;
}

function failed(method: string): WorkflowError {
  return new WorkflowError("store_failed", `The disk has failed (${method}).`);
}

function cutOff(): WorkflowError {
  return new WorkflowError("store_unavailable", "The disk is full.");
}
