/**
 * One process owns a database file. The lock is an open exclusive transaction on an empty SQLite
 * file next to it: the system releases it when the process ends, however it ends, and SQLite itself
 * refuses a second holder within one process, which plain POSIX locks would let in.
 *
 * Law: the lock file is opened by SQLite only. A POSIX lock is gone once its process closes any
 * descriptor of the file, so merely reading it here would give the store away. That is why the
 * owner's name is in a file of its own (`.owner`), and so is what it says as it dies (`.culprit`).
 */
import { Database } from "bun:sqlite";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";

import { WorkflowError } from "../../base/errors.ts";
import type { Culprit, Legacy } from "../store.ts";
import { isBusy } from "./failure.ts";
import { createPrivateFile } from "./file.ts";

export class FileLock {
  /**
   * A name that is still there was left by a process that died. After the loss of power it may be
   * there or not: for that no process is to blame.
   */
  readonly legacy: Legacy & { readonly culpritPath: string };
  readonly #holder: Database;
  readonly #ownerPath: string;
  readonly #witness: () => Culprit | undefined;

  /** Throws `store_locked` while another store, here or in another process, has `path`. */
  constructor(path: string, witness: () => Culprit | undefined) {
    this.#ownerPath = `${path}.owner`;
    const culpritPath = `${path}.culprit`;
    this.#witness = witness;
    this.#holder = hold(path, this.#ownerPath);
    const wasClosed = !existsSync(this.#ownerPath);
    const culprit = wasClosed ? undefined : readCulprit(culpritPath);
    this.legacy = { wasClosed, culprit, culpritPath };
    try {
      const owner = `${process.pid} ${hostname()}\n`;
      writeFileSync(this.#ownerPath, owner, { mode: 0o600 });
      process.on("exit", this.#onExit);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  readonly #onExit = (): void => {
    const culprit = this.#witness();
    if (!culprit) return;
    try {
      writeFileSync(this.legacy.culpritPath, JSON.stringify(culprit), { mode: 0o600 });
    } catch {
      // The process ends whatever is thrown, and nobody is left to be told.
    }
  };

  /** What its owner before left behind is known by now, and told no more. */
  take(): void {
    rmSync(this.legacy.culpritPath, { force: true });
  }

  release(): void {
    process.off("exit", this.#onExit);
    // First the name, then the lock: the other way round, this could remove the next owner's name.
    // The lock file stays. Removed, it could be locked twice: once by name, once by descriptor.
    rmSync(this.#ownerPath, { force: true });
    rmSync(this.legacy.culpritPath, { force: true });
    this.#holder.close(true);
  }

  /**
   * As if it had never been taken: what its owner before left behind is for the next one to see.
   */
  abandon(): void {
    process.off("exit", this.#onExit);
    if (this.legacy.wasClosed) this.release();
    else this.#holder.close(true);
  }
}

// ---

function hold(path: string, ownerPath: string): Database {
  const lockPath = `${path}.lock`;
  createPrivateFile(lockPath);
  const holder = new Database(lockPath, { readwrite: true, create: false });
  try {
    // Whoever has it keeps it, so there is nothing to wait for.
    holder.run("PRAGMA busy_timeout = 0");
    holder.run("BEGIN EXCLUSIVE");
    return holder;
  } catch (error) {
    holder.close(true);
    throw isBusy(error) ? toRefusal(path, ownerPath) : error;
  }
}

function toRefusal(path: string, ownerPath: string): WorkflowError {
  const [pidText, host] = readOwner(ownerPath).split(" ");
  const pid = Number(pidText) || null;
  const isHere = pid === process.pid && host === hostname();
  const owner = pid === null ? "another process" : `process ${pid} on \`${host}\``;
  return new WorkflowError(
    "store_locked",
    `Expected \`${path}\` to be free, but ${isHere ? "this process" : owner} has it open: ` +
      `${isHere ? "close the other store" : "stop that process"}, or name another file.`,
    { details: { path, pid, host: host ?? null } },
  );
}

function readCulprit(culpritPath: string): Culprit | undefined {
  try {
    return JSON.parse(readFileSync(culpritPath, "utf8")) as Culprit; // As an owner has written it.
  } catch {
    // There is none, or it is torn: a process may be killed while it says who ends it.
    return undefined;
  }
}

/** The owner's process id and host; empty while it has the lock and has not written them yet. */
function readOwner(ownerPath: string): string {
  try {
    return readFileSync(ownerPath, "utf8").trim();
  } catch {
    // It only names the owner in a message: without it, the refusal stands all the same.
    return "";
  }
}
