/**
 * The default store: one SQLite file, owned by one process, written in groups.
 *
 * All calls of one turn of the event loop are one transaction and one sync of the disk. Everything
 * is synchronous underneath, so a read never sees half of a group.
 */
import type { Database } from "bun:sqlite";
import { dirname, resolve } from "node:path";

import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import { describeValue } from "../base/describe.ts";
import { WorkflowError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { Feed } from "./feed.ts";
import { GroupCommit, type Written } from "./group.ts";
import { assertCommit, assertPage, assertPruning, assertRun } from "./rules.ts";
import { openDatabase } from "./sqlite/connection.ts";
import type { SqliteDurability } from "./sqlite/connection.ts";
import { toStoreError } from "./sqlite/failure.ts";
import { canonicalPath, createPrivateDirectory } from "./sqlite/file.ts";
import { createGuard } from "./sqlite/guard.ts";
import { FileLock } from "./sqlite/lock.ts";
import { Reads } from "./sqlite/reads.ts";
import { createTransact } from "./sqlite/transact.ts";
import { Writes } from "./sqlite/writes.ts";
import type { CommitText } from "./sqlite/writes.ts";
import type { StoredEvent } from "./event.ts";
import type {
  Commit,
  Culprit,
  Deaths,
  HandlerFilter,
  Journal,
  Legacy,
  NewRun,
  Page,
  Pruning,
  RunRecord,
  Store,
  StoreAbout,
} from "./store.ts";

export interface SqliteOptions {
  readonly path: string;
  /** What a resolved write survives: a power cut (`full`, the default), or the process's end. */
  readonly durability?: SqliteDurability;
  readonly clock?: Pick<Clock, "nextTurn">;
}

/** What there is between `open` and `close`. */
interface Opened {
  readonly lock: FileLock;
  readonly database: Database;
  /** Throws when its file is no longer there. */
  readonly checkFile: () => void;
  readonly reads: Reads;
  readonly writes: Writes;
  readonly group: GroupCommit;
}

export class SqliteStore implements Store {
  readonly about: StoreAbout;
  readonly feed: Feed = new Feed(this);
  readonly #path: string;
  readonly #durability: SqliteDurability;
  readonly #clock: Pick<Clock, "nextTurn">;
  #opened: Opened | undefined;
  #wasOpen = false;

  constructor({ path, durability = "full", clock = systemClock }: SqliteOptions) {
    if (typeof path !== "string") {
      throw new WorkflowError(
        "config_invalid",
        `Expected \`new SqliteStore({ path })\` to get the path of a file, got ${describeValue(path)}.`,
      );
    }
    this.#path = resolve(path);
    this.#durability = durability;
    this.#clock = clock;
    this.about = { kind: "sqlite", location: this.#path, durability };
  }

  async open(witness: () => Culprit | undefined = () => undefined): Promise<Legacy> {
    if (this.#opened) return this.#opened.lock.legacy;
    let lock: FileLock | undefined;
    try {
      createPrivateDirectory(dirname(this.#path));
      const path = canonicalPath(this.#path);
      lock = new FileLock(path, witness);
      const opened = this.#start(lock, path, openDatabase(path, this.#durability));
      lock.take();
      this.#opened = opened;
      this.#wasOpen = true;
      return lock.legacy;
    } catch (error) {
      lock?.abandon();
      throw toStoreError("open", this.#path, error);
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    if (!opened) return;
    this.#opened = undefined;
    try {
      opened.group.flush();
      try {
        opened.checkFile();
      } finally {
        opened.database.close(true);
      }
    } catch (error) {
      throw toStoreError("close", this.#path, error);
    } finally {
      opened.lock.release();
    }
  }

  async create(run: NewRun, first: Commit): Promise<void> {
    assertRun(run);
    const text = toText(first);
    return this.#write((writes) => writes.create(run, text));
  }

  async commit(runId: string, epoch: number, commit: Commit): Promise<void> {
    const text = toText(commit);
    return this.#write((writes) => writes.commit(runId, epoch, text));
  }

  async claim(runId: string): Promise<number> {
    return this.#write((writes) => writes.claim(runId));
  }

  async setDeaths(runId: string, deaths: Partial<Deaths>): Promise<void> {
    return this.#write((writes) => writes.setDeaths(runId, deaths));
  }

  async delete(handlerId: string): Promise<boolean> {
    return this.#write((writes) => writes.delete(handlerId));
  }

  async prune(pruning: Pruning): Promise<readonly string[]> {
    assertPruning(pruning);
    return this.#write((writes) => writes.prune(pruning));
  }

  async shrink(): Promise<boolean> {
    return this.#write((writes) => writes.shrink());
  }

  async getHandler(handlerId: string): Promise<RunRecord | undefined> {
    return this.#read((reads) => reads.handler(handlerId));
  }

  async getRun(runId: string): Promise<RunRecord | undefined> {
    return this.#read((reads) => reads.run(runId));
  }

  async findStart(key: string): Promise<{ run: RunRecord; fingerprint: string } | undefined> {
    return this.#read((reads) => reads.start(key));
  }

  async listHandlers(filter: HandlerFilter, page: Page = {}): Promise<readonly RunRecord[]> {
    assertPage(page);
    return this.#read((reads) => reads.handlers(filter, page));
  }

  async listForks(runId: string): Promise<readonly RunRecord[]> {
    return this.#read((reads) => reads.forks(runId));
  }

  async listActive(): Promise<readonly RunRecord[]> {
    return this.#read((reads) => reads.active());
  }

  async listOrphans(): Promise<readonly RunRecord[]> {
    return this.#read((reads) => reads.orphans());
  }

  async listDue(at: number, limit: number): Promise<readonly string[]> {
    return this.#read((reads) => reads.due(at, limit));
  }

  async nextWakeAt(): Promise<number | null> {
    return this.#read((reads) => reads.nextWakeAt());
  }

  async readJournal(runId: string): Promise<Journal> {
    return this.#read((reads) => reads.journal(runId));
  }

  async readTicks(runId: string, after = 0): Promise<readonly Json[]> {
    return this.#read((reads) => reads.ticks(runId, after));
  }

  async readEvents(
    runId: string,
    after: number,
    limit: number,
    charsMax: number = Infinity,
  ): Promise<readonly StoredEvent[]> {
    return this.#read((reads) => reads.events(runId, after, limit, charsMax));
  }

  #start(lock: FileLock, path: string, database: Database): Opened {
    const checkFile = createGuard(database, path);
    const reads = new Reads(database);
    const writes = new Writes(database, reads, this.feed);
    const transact = createTransact(database);
    const group = new GroupCommit(this.#clock, (work) => {
      try {
        checkFile(); // 2 us for all that is written together.
        return transact(() => {
          writes.begin();
          return work();
        });
      } catch (error) {
        writes.forget();
        throw toStoreError("write to", this.#path, error);
      }
    });
    return { lock, database, checkFile, reads, writes, group };
  }

  #write<T>(write: (writes: Writes) => Written<T> | WorkflowError): Promise<T> {
    const { group, writes } = this.#mustBeOpen();
    return group.submit(() => write(writes));
  }

  #read<T>(read: (reads: Reads) => T): T {
    const { reads } = this.#mustBeOpen();
    try {
      return read(reads);
    } catch (error) {
      throw toStoreError("read", this.#path, error);
    }
  }

  #mustBeOpen(): Opened {
    if (this.#opened) return this.#opened;
    // A request may come to it as the last one of a server that stops: that is no fault of either,
    // and as it reaches the caller, it does not say where the file is.
    if (this.#wasOpen) throw new WorkflowError("shutting_down", "The store is closed already.");
    throw new WorkflowError(
      "store_failed",
      `The store in \`${this.#path}\` is not open yet: call \`open()\` before.`,
    );
  }
}

// ---

/** At the call, so that a tick that has no JSON rejects its caller and not the whole group. */
function toText(commit: Commit): CommitText {
  assertCommit(commit);
  return {
    ticks: commit.ticks.map((tick) => JSON.stringify(tick)),
    events: commit.events,
    outcome: commit.outcome,
    snapshot: commit.snapshot === undefined ? undefined : JSON.stringify(commit.snapshot),
    rest: commit.rest,
    isProgress: commit.isProgress ?? false,
  };
}
