/** Where figures were measured: without it, they say nothing. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

import { type Summary, summarize } from "./statistics.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly bun: string;
  /** Of the directory in which databases are made. */
  readonly fileSystem: string;
  /** Share of all cores that others used, just before the benchmark began. */
  readonly busyBefore: number;
  readonly fsyncMs: Pick<Summary, "p50" | "p99">;
}

export async function describeMachine(directory: string): Promise<Machine> {
  const busyBefore = await measureBusiness();
  const { p50, p99 } = measureFsync(directory);
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    bun: Bun.version,
    fileSystem: fileSystemOf(directory),
    busyBefore,
    fsyncMs: { p50, p99 },
  };
}

export function formatMachine(machine: Machine): string {
  const { cpu, cores, memoryGb, system, bun, fileSystem, fsyncMs, busyBefore } = machine;
  const fsync = `fsync p50 ${fsyncMs.p50.toFixed(3)} ms, p99 ${fsyncMs.p99.toFixed(3)} ms`;
  const host = `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Bun ${bun}; ${fileSystem}, ${fsync}`;
  if (busyBefore < 0.1) return host;
  const share = Math.round(busyBefore * 100);
  return `${host}\nNOT QUIET: others use ${share} % of all cores. Trust CPU per request, not times.`;
}

// ---

async function measureBusiness(): Promise<number> {
  const before = cpus();
  await Bun.sleep(200);
  const spent = cpus().map(({ times }, core) => {
    const start = before[core]?.times ?? times;
    const idle = times.idle - start.idle;
    const busy = times.user + times.sys + times.nice + times.irq;
    return { idle, busy: busy - (start.user + start.sys + start.nice + start.irq) };
  });
  const [idle, busy] = [sum(spent.map((core) => core.idle)), sum(spent.map((core) => core.busy))];
  return busy / Math.max(idle + busy, 1);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A page appended and synced, as a database's log is. */
function measureFsync(directory: string): Summary {
  const path = join(directory, "fsync");
  const file = openSync(path, "w");
  const page = new Uint8Array(4096);
  try {
    const times = Array.from({ length: 100 }, () => {
      writeSync(file, page);
      const start = performance.now();
      fsyncSync(file);
      return performance.now() - start;
    });
    return summarize(times);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}

function fileSystemOf(directory: string): string {
  try {
    const { stdout } = Bun.spawnSync(["stat", "-f", "-c", "%T", directory]);
    return stdout.toString().trim() || "unknown file system";
  } catch {
    return "unknown file system"; // The figure is for people; there is no such command everywhere.
  }
}
