/** What a process uses, and on which core it runs, where the system lets us ask. */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

export interface Usage {
  /** Time on a processor since it started, of all its threads. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** The server has the first core, whoever makes its load the second. */
export const serverCore = 0;
export const generatorCore = 1;

/** Linux with `taskset` and two cores. Elsewhere, nothing is pinned. */
export const canPin: boolean =
  process.platform === "linux" && cpus().length >= 2 && Bun.which("taskset") !== null;

/** Undefined where there is no `/proc`. */
export function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, which may have spaces and brackets: `utime` and `stime` in ticks of 10 ms.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [ticks, pages] = [Number(fields[11]) + Number(fields[12]), Number(fields[21])];
    return { cpuSeconds: ticks / 100, rssBytes: pages * 4096 };
  } catch {
    return undefined;
  }
}

/** Moves this process, with all its threads, to the generator's core. */
export function pinGenerator(): void {
  if (!canPin) return;
  Bun.spawnSync(["taskset", "-a", "-p", "-c", `${generatorCore}`, `${process.pid}`]);
}

/** The command, on the server's core if that can be had. */
export function onServerCore(command: readonly string[], isPinned: boolean): string[] {
  return isPinned && canPin ? ["taskset", "-c", `${serverCore}`, ...command] : [...command];
}

/** Milliseconds since 1970 with a fraction: the same clock in all processes of a machine. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
