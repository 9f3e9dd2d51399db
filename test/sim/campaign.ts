/** Many seeds, one after another: what they have broken, and what they have come to. */
import { addCoverage, type Coverage, coverageOf } from "./coverage.ts";
import { type Breach, judge } from "./judge.ts";
import { sameSeedSameTrace } from "./laws.ts";
import { type PlanOptions, type Profile, profileOf } from "./plan.ts";
import { simulate } from "./simulator.ts";
import { walk } from "./walk.ts";

export interface Failure extends Breach {
  readonly seed: number;
  readonly profile: Profile;
  readonly workloads: readonly string[];
}

export interface Campaign {
  readonly seeds: number;
  readonly failures: readonly Failure[];
  readonly coverage: Coverage;
}

export interface CampaignOptions extends PlanOptions {
  /** Stops after so many. Default 10. */
  readonly failuresMax?: number;
  /** Every so many seeds, one is run twice. Default 50. */
  readonly twiceEvery?: number;
  readonly onSeed?: (count: number, failures: readonly Failure[]) => void;
}

export async function runSeeds(
  seeds: Iterable<number>,
  options: CampaignOptions = {},
): Promise<Campaign> {
  const { failuresMax = 10, twiceEvery = 50, onSeed = () => {} } = options;
  const failures: Failure[] = [];
  let coverage: Coverage = {};
  let count = 0;
  for (const seed of seeds) {
    if (failures.length >= failuresMax) break;
    const trace = await simulate(seed, options);
    const { workloads } = trace.plan;
    const about = { seed, profile: options.profile ?? profileOf(seed), workloads };
    const breach = judge(trace)[0] ?? walk(seed);
    if (breach) failures.push({ ...about, ...breach });
    if (count++ % twiceEvery === 0) {
      const reason = sameSeedSameTrace(trace, await simulate(seed, options));
      const law = "the same seed gives the same trace";
      if (reason) failures.push({ ...about, law, reason });
    }
    coverage = addCoverage(coverage, coverageOf(trace));
    onSeed(count, failures);
  }
  return { seeds: count, failures, coverage };
}

export function* range(from: number, count: number, step = 1): Generator<number> {
  for (let index = 0; index < count; index += step) yield from + index;
}

export function mergeCampaigns(campaigns: readonly Campaign[]): Campaign {
  return {
    seeds: campaigns.reduce((sum, { seeds }) => sum + seeds, 0),
    failures: campaigns.flatMap(({ failures }) => failures).toSorted((a, b) => a.seed - b.seed),
    coverage: campaigns.map(({ coverage }) => coverage).reduce(addCoverage, {}),
  };
}
