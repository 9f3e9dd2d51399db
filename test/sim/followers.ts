/** Those who follow how the handlers of a process change, some of them slowly, and some for a while. */
import type { HandlerChange } from "../../src/runtime/handler-changes.ts";
import type { Process } from "./process.ts";
import type { World } from "./world.ts";

export class Follower {
  readonly id: number;
  readonly #process: Process;
  readonly #leave = new AbortController();
  /** Set while it takes its time with what it was told. */
  #goOn: (() => void) | null = null;

  constructor(id: number, process: Process, isSlow: () => boolean) {
    this.id = id;
    this.#process = process;
    process.record({ kind: "followed", follower: id, process: process.id });
    void this.#follow(isSlow);
  }

  get isFollowing(): boolean {
    return this.#process.isAlive && !this.#leave.signal.aborted;
  }

  get isSlow(): boolean {
    return this.isFollowing && this.#goOn !== null;
  }

  /** Whether it has taken all that a process has told it. */
  hasAll(process: number): boolean {
    return this.#process.id === process && this.isFollowing && !this.isSlow;
  }

  goOn(): void {
    this.#goOn?.();
    this.#goOn = null;
  }

  leave(): void {
    this.#leave.abort();
    this.goOn();
  }

  // ---

  async #follow(isSlow: () => boolean): Promise<void> {
    for await (const batch of this.#process.runtime.changes.follow(this.#leave.signal)) {
      for (const change of batch) if (this.isFollowing) this.#hear(change);
      if (isSlow()) await new Promise<void>((resolve) => (this.#goOn = resolve));
    }
  }

  #hear(change: HandlerChange): void {
    const { id: process } = this.#process;
    const about = { kind: "told", follower: this.id, process } as const;
    if (change.kind === "deleted") {
      this.#process.record({ ...about, handler: change.handlerId, as: null });
      return;
    }
    const { run, isAsking } = change;
    const { runId, handlerId: handler, status } = run;
    this.#process.record({ ...about, handler, as: { run: runId, status, isAsking } });
  }
}

/** Somebody comes, goes, or goes on. */
export function follow(world: World): boolean {
  const { chance, serving, followers, disk } = world;
  const slow = followers.filter(({ isSlow }) => isSlow);
  if (slow.length > 0 && chance.happens(0.6)) {
    chance.pick(slow).goOn();
    return true;
  }
  const following = followers.filter(({ isFollowing }) => isFollowing);
  if (following.length >= 3) {
    chance.pick(following).leave();
    return true;
  }
  if (serving.length === 0) return false;
  const isSlow = (): boolean => !disk.isCalm && chance.happens(0.4);
  followers.push(new Follower(followers.length + 1, chance.pick(serving), isSlow));
  return true;
}
