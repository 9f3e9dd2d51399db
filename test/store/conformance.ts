/**
 * What every store does: the contract of `src/store/store.ts`, sentence by sentence. A new store is
 * held to it by one line in `conformance.test.ts`. Each case gets a store that is fresh and open.
 */
import { committing } from "./cases/committing.ts";
import { creating } from "./cases/creating.ts";
import { deleting } from "./cases/deleting.ts";
import { holding } from "./cases/holding.ts";
import { reading } from "./cases/reading.ts";
import type { ConformanceCase } from "./fixtures.ts";

export const conformance: readonly ConformanceCase[] = [
  ...creating,
  ...committing,
  ...holding,
  ...deleting,
  ...reading,
];
