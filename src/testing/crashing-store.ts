/**
 * A store in memory whose process can be killed: from then on nothing that the killed process does
 * reaches the data, and nothing answers it. What it had stored is there for the next process.
 */
import type { Json } from "../base/json.ts";
import type { Feed } from "../store/feed.ts";
import type { StoredEvent } from "../store/event.ts";
import type { MemoryStore } from "../store/memory.ts";
import type {
  Commit,
  Culprit,
  HandlerFilter,
  Journal,
  NewRun,
  Page,
  Pruning,
  RunRecord,
  Store,
  StoreAbout,
} from "../store/store.ts";

/** Where in its life of writes a process dies: before that write, or right after it. */
export interface Death {
  /** From 0. */
  readonly write: number;
  readonly isAfter: boolean;
}

const never = new Promise<never>(() => {});

export class CrashingStore implements Store {
  readonly about: StoreAbout;
  readonly feed: Feed;
  readonly #disk: MemoryStore;
  readonly #death: Death | null;
  readonly #died = Promise.withResolvers<void>();
  #writes = 0;
  #isDead = false;

  constructor(disk: MemoryStore, death: Death | null) {
    this.#disk = disk;
    this.#death = death;
    this.about = disk.about;
    this.feed = disk.feed;
  }

  /** Resolves when the process has died. */
  get died(): Promise<void> {
    return this.#died.promise;
  }

  get writeCount(): number {
    return this.#writes;
  }

  open(): Promise<void> {
    return this.#read(() => this.#disk.open());
  }

  close(): Promise<void> {
    return this.#read(() => this.#disk.close());
  }

  create(run: NewRun, first: Commit): Promise<void> {
    return this.#write(() => this.#disk.create(run, first));
  }

  commit(runId: string, epoch: number, commit: Commit): Promise<void> {
    return this.#write(() => this.#disk.commit(runId, epoch, commit));
  }

  claim(runId: string): Promise<number> {
    return this.#read(() => this.#disk.claim(runId));
  }

  countCrash(runId: string): Promise<number> {
    return this.#read(() => this.#disk.countCrash(runId));
  }

  setKills(runId: string, kills: number): Promise<void> {
    return this.#read(() => this.#disk.setKills(runId, kills));
  }

  wasClosed(): boolean {
    return this.#disk.wasClosed();
  }

  culprit(): Culprit | undefined {
    return this.#disk.culprit();
  }

  culpritPath(): string | undefined {
    return this.#disk.culpritPath();
  }

  delete(handlerId: string): Promise<boolean> {
    return this.#read(() => this.#disk.delete(handlerId));
  }

  prune(pruning: Pruning): Promise<readonly string[]> {
    return this.#read(() => this.#disk.prune(pruning));
  }

  shrink(): Promise<boolean> {
    return this.#read(() => this.#disk.shrink());
  }

  getHandler(handlerId: string): Promise<RunRecord | undefined> {
    return this.#read(() => this.#disk.getHandler(handlerId));
  }

  getRun(runId: string): Promise<RunRecord | undefined> {
    return this.#read(() => this.#disk.getRun(runId));
  }

  findStart(key: string): Promise<{ run: RunRecord; fingerprint: string } | undefined> {
    return this.#read(() => this.#disk.findStart(key));
  }

  listHandlers(filter: HandlerFilter, page?: Page): Promise<readonly RunRecord[]> {
    return this.#read(() => this.#disk.listHandlers(filter, page));
  }

  listForks(runId: string): Promise<readonly RunRecord[]> {
    return this.#read(() => this.#disk.listForks(runId));
  }

  listActive(): Promise<readonly RunRecord[]> {
    return this.#read(() => this.#disk.listActive());
  }

  listOrphans(): Promise<readonly RunRecord[]> {
    return this.#read(() => this.#disk.listOrphans());
  }

  listDue(at: number, limit: number): Promise<readonly string[]> {
    return this.#read(() => this.#disk.listDue(at, limit));
  }

  nextWakeAt(): Promise<number | null> {
    return this.#read(() => this.#disk.nextWakeAt());
  }

  readJournal(runId: string): Promise<Journal> {
    return this.#read(() => this.#disk.readJournal(runId));
  }

  readTicks(runId: string, after?: number): Promise<readonly Json[]> {
    return this.#read(() => this.#disk.readTicks(runId, after));
  }

  readEvents(...args: Parameters<MemoryStore["readEvents"]>): Promise<readonly StoredEvent[]> {
    return this.#read(() => this.#disk.readEvents(...args));
  }

  // ---

  #read<T>(read: () => Promise<T>): Promise<T> {
    return this.#isDead ? never : read();
  }

  #write<T>(write: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never;
    const isLast = this.#writes++ === this.#death?.write;
    if (!isLast) return write();
    this.#isDead = true;
    this.#died.resolve();
    // Stored or not: the process does not live to hear of it.
    if (this.#death?.isAfter) void write();
    return never;
  }
}
