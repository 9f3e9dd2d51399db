/** For tests of an author's own workflows: `import { … } from "workflows-server/testing"`. */
export { chaos } from "./testing/chaos.ts";
export type { ChaosOptions, ChaosReport, UnsafeStep } from "./testing/chaos.ts";
export { TestRun, testRun } from "./testing/test-run.ts";
export type { TestRunOptions } from "./testing/test-run.ts";
