/**
 * The simulation from the command line.
 *
 *     bun test/sim/main.ts --seed 42 --trace       one seed, and all that happened in it
 *     bun test/sim/main.ts --seeds 1000000         many, on all cores
 *     bun test/sim/main.ts --file seeds.txt        those that have failed before
 *
 * Exits with 1 if a law was broken, or if many seeds have not come to everything there is.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

import { type Campaign, type Failure, mergeCampaigns, range, runSeeds } from "./campaign.ts";
import { expectedCoverage } from "./coverage.ts";
import { judge } from "./judge.ts";
import { parseProfile, remember, runKnownSeeds } from "./known-seeds.ts";
import type { PlanOptions } from "./plan.ts";
import { simulate } from "./simulator.ts";
import { describe, hashOf } from "./trace.ts";
import { walk } from "./walk.ts";

/** So many seeds come to everything, also to what is seldom. */
const enoughForAll = 2_000;

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    step: { type: "string", default: "1" },
    jobs: { type: "string", default: String(availableParallelism()) },
    file: { type: "boolean", default: false },
    /** Adds failing seeds to the file. */
    remember: { type: "boolean", default: false },
    /** Prints the campaign as JSON, for the process that has started this one. */
    json: { type: "boolean", default: false },
    /** Stops after so many failures. */
    failures: { type: "string", default: "10" },
    /** Names, joined by `+`. Default: as each seed has it. */
    workload: { type: "string" },
    /** `calm`, `ordinary`, `harsh`, `deadly`, `visited`, `full`, `changing`, `forked` or `leaving`. Default: as each seed has it. */
    profile: { type: "string" },
  },
});

const plan: PlanOptions = {
  ...(flags.workload !== undefined && { workloads: flags.workload.split("+") }),
  ...(flags.profile !== undefined && { profile: parseProfile(flags.profile) }),
};

if (flags.seed !== undefined) await showSeed(Number(flags.seed));
else if (flags.file) finish(await runKnownSeeds());
else if (flags.json) {
  const { seeds = "0", from, step } = flags;
  const campaign = await runSeeds(range(Number(from), Number(seeds), Number(step)), {
    ...plan,
    failuresMax: Number(flags.failures),
    onSeed: progress(),
  });
  console.log(JSON.stringify(campaign));
} else finish(await runOnAllCores(Number(flags.seeds ?? enoughForAll)));

// ---

async function showSeed(seed: number): Promise<void> {
  const trace = await simulate(seed, plan);
  if (flags.trace) {
    console.log(JSON.stringify(trace.plan, null, 2));
    for (const line of describe(trace)) console.log(line);
  }
  const walked = walk(seed);
  const breaches = walked ? [...judge(trace), walked] : judge(trace);
  console.log(`Seed ${seed}: ${trace.entries.length} entries, hash ${hashOf(trace)}.`);
  for (const { law, reason } of breaches) console.log(`  broken: ${law}: ${reason}`);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}

/** Each core takes every so many-th seed, in a process of its own. */
async function runOnAllCores(count: number): Promise<Campaign> {
  const jobs = Math.max(1, Math.min(Number(flags.jobs), Math.ceil(count / 100)));
  const from = Number(flags.from);
  const started = performance.now();
  const campaigns = await Promise.all(
    Array.from({ length: jobs }, async (_, job) => {
      const own = [
        "--seeds",
        String(count - job),
        "--from",
        String(from + job),
        "--step",
        `${jobs}`,
      ];
      const child = Bun.spawn({
        cmd: [process.execPath, import.meta.path, "--json", ...own, ...planFlags()],
        stdout: "pipe",
        stderr: "inherit",
      });
      const text = await new Response(child.stdout).text();
      if ((await child.exited) !== 0)
        throw new Error(`A process of the simulation failed.\n${text}`);
      return JSON.parse(text) as Campaign; // As the branch for `--json` has printed it.
    }),
  );
  const campaign = mergeCampaigns(campaigns);
  const seconds = (performance.now() - started) / 1000;
  const perSecond = Math.round(campaign.seeds / seconds);
  console.log(`${campaign.seeds} seeds in ${seconds.toFixed(1)} s, ${perSecond} a second.`);
  return campaign;
}

function planFlags(): readonly string[] {
  return [
    ...(flags.workload === undefined ? [] : ["--workload", flags.workload]),
    ...(flags.profile === undefined ? [] : ["--profile", flags.profile]),
  ];
}

function finish({ seeds, failures, coverage }: Campaign): void {
  for (const { seed, profile, workloads, law, reason } of failures) {
    const only = `--profile ${profile} --workload ${workloads.join("+")}`;
    console.log(`Seed ${seed} breaks the law "${law}": ${reason}`);
    console.log(`  bun test/sim/main.ts --seed ${seed} ${only} --trace`);
  }
  if (flags.remember && process.env["CI"] !== "true") remember(failures);
  const isWhole =
    seeds >= enoughForAll && flags.profile === undefined && flags.workload === undefined;

  const missed = isWhole ? expectedCoverage.filter((name) => !coverage[name]) : [];
  for (const name of missed) console.log(`Never reached: ${name}.`);
  if (failures.length === 0 && missed.length === 0) console.log(`No law is broken (${seeds}).`);
  process.exitCode = failures.length + missed.length > 0 ? 1 : 0;
}

/** A line now and then, for runs that last, and one for each failure. */
function progress(): (count: number, failures: readonly Failure[]) => void {
  const started = performance.now();
  let shownAt = started;
  let shown = 0;
  return (count, failures) => {
    for (const { seed, law, reason } of failures.slice(shown)) {
      console.error(`seed ${seed}: ${law}: ${reason}`);
    }
    shown = failures.length;
    const now = performance.now();
    if (now - shownAt < 30_000) return;
    shownAt = now;
    const rate = Math.round((count * 1000) / (now - started));
    console.error(`${count} seeds, ${rate} a second, ${shown} failures`);
  };
}
