/** A directory of its own for each test, gone afterwards. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Scratch extends Disposable {
  readonly path: string;
  file(name: string): string;
}

/** In memory if the system has a place for that: for tests that open thousands of files. */
export function createScratch({ inMemory = false }: { readonly inMemory?: boolean } = {}): Scratch {
  const parent = inMemory && existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const path = mkdtempSync(join(parent, "ws-durability-"));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
