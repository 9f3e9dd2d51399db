/**
 * What every store does: the contract of `src/store/store.ts`, sentence by sentence. A new store is
 * held to it by one line in `conformance.test.ts`. Each case gets a store that is fresh and open.
 */
import { committing } from "./cases/committing.ts";
import { crashing } from "./cases/crashing.ts";
import { creating } from "./cases/creating.ts";
import { deleting } from "./cases/deleting.ts";
import { holding } from "./cases/holding.ts";
import { paging } from "./cases/paging.ts";
import { pruning } from "./cases/pruning.ts";
import { reading } from "./cases/reading.ts";
import { rebuilding } from "./cases/rebuilding.ts";
import { restingRuns } from "./cases/resting.ts";
import { starting } from "./cases/starting.ts";
import type { ConformanceCase } from "./fixtures.ts";

export const conformance: readonly ConformanceCase[] = [
  ...creating,
  ...starting,
  ...committing,
  ...rebuilding,
  ...restingRuns,
  ...holding,
  ...crashing,
  ...deleting,
  ...pruning,
  ...reading,
  ...paging,
];
