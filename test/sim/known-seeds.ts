/**
 * `seeds.txt`: the seeds that have broken a law once, a line each, as in
 *
 *     5094245 ordinary flaky # everything ends
 *
 * A seed stands there with its profile and its workloads: what a bare seed chooses changes when there
 * is more to choose from, and a seed that has found something must go on meaning what it did.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Campaign, type Failure, mergeCampaigns, runSeeds } from "./campaign.ts";
import { type PlanOptions, type Profile, profiles } from "./plan.ts";

const file: string = join(import.meta.dir, "seeds.txt");

interface KnownSeed {
  readonly seed: number;
  readonly plan: PlanOptions;
}

export async function runKnownSeeds(): Promise<Campaign> {
  const campaigns: Campaign[] = [];
  for (const { seed, plan } of read()) campaigns.push(await runSeeds([seed], plan));
  return mergeCampaigns(campaigns);
}

export function remember(failures: readonly Failure[]): void {
  const known = new Set(read().map(({ seed }) => seed));
  const fresh = failures.filter(({ seed }) => !known.has(seed));
  const lines = fresh.map(({ seed, profile, workloads, law }) => {
    return `${seed} ${profile} ${workloads.join("+")} # ${law}\n`;
  });
  if (lines.length > 0) appendFileSync(file, lines.join(""));
}

/** Throws for a line that says something else, so that none is passed over. */
export function parseProfile(text: string): Profile {
  const profile = profiles.find((name) => name === text);
  if (profile) return profile;
  throw new Error(`Expected a profile to be one of ${profiles.join(", ")}, got \`${text}\`.`);
}

// ---

function read(): readonly KnownSeed[] {
  const lines = readFileSync(file, "utf8").split("\n");
  const entries = lines.map((line) => line.split("#")[0]?.trim() ?? "");
  return entries.filter((entry) => entry.length > 0).map(parse);
}

function parse(entry: string): KnownSeed {
  const [seed = "", profile = "", workloads = ""] = entry.split(/\s+/);
  if (!/^\d+$/.test(seed) || workloads === "") {
    throw new Error(`Expected a line such as \`42 ordinary loop+race # law\`, got \`${entry}\`.`);
  }
  return {
    seed: Number(seed),
    plan: { profile: parseProfile(profile), workloads: workloads.split("+") },
  };
}
