/** A folder for the files of a test file. */
import { afterAll } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** To be called where tests are declared: it is gone when they have run. */
export function temporaryFolder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "workflows-")));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
