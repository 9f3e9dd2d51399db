/**
 * A store in memory whose process can be killed: from then on nothing that the killed process does
 * reaches the data, and nothing answers it. What it had stored is there for the next process.
 */
import type { MemoryStore } from "../store/memory.ts";
import type { Store } from "../store/store.ts";

/** Where in its life of writes a process dies: before that write, or right after it. */
export interface Death {
  /** From 0. */
  readonly write: number;
  readonly isAfter: boolean;
}

export interface CrashingStore {
  readonly store: Store;
  /** Resolves when the process has died. */
  readonly died: Promise<void>;
  readonly writeCount: number;
}

const never = new Promise<never>(() => {});

export function createCrashingStore(disk: MemoryStore, death: Death | null): CrashingStore {
  const died = Promise.withResolvers<void>();
  let isDead = false;
  let writeCount = 0;
  const call = (name: string | symbol, perform: () => unknown): unknown => {
    if (isDead) return never;
    const isWrite = name === "create" || name === "commit";
    if (!isWrite || writeCount++ !== death?.write) return perform();
    isDead = true;
    died.resolve();
    // Stored or not: the process does not live to hear of it.
    if (death.isAfter) void perform();
    return never;
  };
  const store = new Proxy(disk, {
    get(_, name) {
      const value: unknown = Reflect.get(disk, name);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]) => call(name, () => value.apply(disk, args));
    },
  });
  return {
    store,
    died: died.promise,
    get writeCount() {
      return writeCount;
    },
  };
}
