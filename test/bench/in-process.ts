/** Runs per second of `workflow.run`, in one process, without a server or a disk. */
import type { AnyWorkflow } from "../../src/index.ts";
import { type Benchmark, runBenchmark, type Scene } from "./support/benchmark.ts";
import { median } from "./support/statistics.ts";
import type { Row, Table } from "./support/table.ts";
import { fanOutByList, fanOutBySend, hops, one, three } from "./support/workflows.ts";

const inProcess: Benchmark = { name: "in-process", run };
if (import.meta.main) await runBenchmark(inProcess);

/** What every workflow can do, whatever its types say of its input. */
interface Runnable {
  run: (input?: object) => PromiseLike<unknown>;
}

async function run(scene: Scene): Promise<readonly Table[]> {
  const widths = scene.isQuick ? [10] : [10, 100, 1000];
  const cases: readonly (readonly [string, AnyWorkflow, object])[] = [
    ["1 step", one, {}],
    ["3 steps", three, {}],
    ["30 steps", hops, { steps: 30 }],
    ...widths.flatMap((width) => [
      [`fan-out ${width}, sendEvent + collectEvents`, fanOutBySend(width), {}] as const,
      [`fan-out ${width}, list + collect()`, fanOutByList(width), {}] as const,
    ]),
  ];
  const rows: Row[] = [];
  for (const [name, workflow, input] of cases) {
    const runnable = workflow as unknown as Runnable;
    const seconds = scene.pick(1, 0.03);
    await runsPerSecond(runnable, input, 16, seconds);
    const alone: number[] = [];
    const together: number[] = [];
    for (let round = 0; round < scene.pick(3, 1); round++) {
      alone.push(await runsPerSecond(runnable, input, 1, seconds));
      together.push(await runsPerSecond(runnable, input, 16, seconds));
    }
    rows.push({
      workflow: name,
      "runs/s, one at a time": median(alone),
      "runs/s, 16 at a time": median(together),
      "ms each, 16 at a time": 1000 / median(together),
    });
  }
  const notes = [
    "Each run has a store, a runtime and a check of the definition of its own.",
    "A store in memory answers in the next turn of the event loop, one turn per commit.",
  ];
  return [{ title: "In process, store in memory", rows, notes }];
}

// ---

async function runsPerSecond(
  workflow: Runnable,
  input: object,
  concurrency: number,
  seconds: number,
): Promise<number> {
  const startAt = performance.now();
  const endAt = startAt + seconds * 1000;
  let count = 0;
  const drive = async (): Promise<void> => {
    do {
      await workflow.run(input);
      count++;
    } while (performance.now() < endAt);
  };
  await Promise.all(Array.from({ length: concurrency }, drive));
  return (count * 1000) / (performance.now() - startAt);
}
