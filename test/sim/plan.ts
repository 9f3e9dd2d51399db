/**
 * What a seed makes of its world: which workloads run in it, what may go wrong, and how often. Seeds
 * differ much in this (some have no crash at all, some little else), for a fault that is always
 * there hides what only its absence shows.
 */
import type { Retention } from "../../src/runtime/retention.ts";
import type { Chance } from "./prng.ts";
import { workloads } from "./workloads.ts";

/** How a gate in a step function opens. */
export type Opening = "on" | "throw" | "fatal" | "retry" | "odd" | "hang";

export type ActionName =
  | "gate"
  | "turn"
  | "fire"
  | "advance"
  | "jump"
  | "start"
  | "repeat"
  | "fork"
  | "branch"
  | "send"
  | "cancel"
  | "watch"
  | "follow"
  | "read"
  | "visit"
  | "leave"
  | "crash"
  | "restart"
  | "steal"
  | "cut"
  | "delete";

export interface Plan {
  /** Names. */
  readonly workloads: readonly string[];
  readonly runsMax: number;
  /** Actions before the calm. */
  readonly actions: number;
  readonly weights: Readonly<Record<ActionName, number>>;
  readonly openings: Readonly<Record<Opening, number>>;
  /** How often several things happen before anybody can react to the first. */
  readonly burst: number;
  /** Writes take effect in groups, some time after the call; else at the call. */
  readonly isGrouped: boolean;
  /** How often a process dies where it could die. */
  readonly death: number;
  /** How often a write fails; how often one that fails has been done all the same. */
  readonly failedWrite: number;
  readonly ambiguous: number;
  readonly failedRead: number;
  /** How often a read is answered in a later turn. */
  readonly lag: number;
  /** How often a process that dies is ended by a step that is under way in it. */
  readonly exit: number;
  /** How often a process does not know one of the workflows. */
  readonly forgets: number;
  readonly idleMs: number | null;
  /** Runs at a time. */
  readonly concurrency: number | null;
  /** Null: whatever has ended is kept. */
  readonly retention: Retention | null;
  /** Whether it is noted what handlers leave behind, and what those know who follow them. */
  readonly isFollowed: boolean;
}

/**
 * `calm`: nothing goes wrong. `harsh`: writes and reads fail so often that faults meet faults.
 * `deadly`: processes die again and again, of few runs, so that some are given up for it.
 * `visited`: runs rest and leave memory, and many come to them for nothing.
 * `full`: the disk takes nothing for a while, again and again.
 * `changing`: processes come and go, and some do not know the workflow of runs that they find.
 * `leaving`: handlers are deleted, or not kept after their end, while many read and follow them.
 * `forked`: runs are forked again and again, wherever they stand, and their forks are.
 */
export type Profile = (typeof profiles)[number];
export const profiles = [
  "calm",
  "ordinary",
  "harsh",
  "deadly",
  "visited",
  "full",
  "changing",
  "forked",
  "leaving",
] as const;

export interface PlanOptions {
  /** Names. Default: as the seed has it. */
  readonly workloads?: readonly string[];
  /** Default: as the seed has it. */
  readonly profile?: Profile;
}

/** What a seed is like, if nobody says otherwise. */
export function profileOf(seed: number): Profile {
  if (seed % 6 === 1) return "harsh";
  if (seed % 12 === 2) return "deadly";
  if (seed % 12 === 8) return "full";
  if (seed % 12 === 5) return "changing";
  if (seed % 12 === 9) return "forked";
  if (seed % 12 === 3) return "leaving";
  return seed % 6 === 4 ? "visited" : "ordinary";
}

export function makePlan(seed: number, chance: Chance, options: PlanOptions = {}): Plan {
  const { profile = profileOf(seed) } = options;
  const plan = makeOrdinary(chance, options);
  if (profile === "harsh") return { ...plan, ...makeHarsh(plan, chance) };
  if (profile === "deadly") return { ...plan, ...makeDeadly(plan, chance) };
  if (profile === "changing") return { ...plan, ...makeChanging(plan, chance, options) };
  if (profile === "leaving") return { ...plan, ...makeLeaving(plan, chance, options) };
  if (profile === "forked") return { ...plan, ...makeForked(plan, chance) };
  if (profile === "full") return { ...plan, ...makeFull(plan, chance) };
  if (profile === "visited") return { ...plan, ...makeVisited(plan, chance, options) };
  return plan;
}

// ---

function makeHarsh({ weights }: Plan, chance: Chance): Partial<Plan> {
  return {
    weights: { ...weights, crash: chance.number() * 2, restart: chance.number() },
    failedWrite: 0.02 + chance.number() * 0.3,
    ambiguous: chance.pick([0, 0.5, 0.5, 1]),
    failedRead: chance.number() * 0.15,
    death: chance.happens(0.5) ? chance.number() * 0.05 : 0,
  };
}

function makeDeadly({ weights, failedWrite }: Plan, chance: Chance): Partial<Plan> {
  return {
    runsMax: chance.between(1, 3),
    actions: chance.between(40, 160),
    weights: { ...weights, crash: 2 + chance.number() * 8, cancel: 0, delete: 0, steal: 0 },
    death: chance.number() * 0.1,
    failedWrite: chance.happens(0.5) ? failedWrite : 0,
    exit: chance.pick([0.7, 0.95, 1]),
  };
}

function makeChanging({ weights }: Plan, chance: Chance, options: PlanOptions): Partial<Plan> {
  return {
    workloads: options.workloads ?? [...new Set([chance.pick(restful), chance.pick(restful)])],
    weights: { ...weights, restart: 1 + chance.number() * 2, crash: chance.number() * 2, jump: 0 },
    idleMs: chance.pick([1, 50, 2_000]),
    forgets: 0.2 + chance.number() * 0.4,
  };
}

function makeLeaving(plan: Plan, chance: Chance, options: PlanOptions): Partial<Plan> {
  const { weights, ambiguous } = plan;
  const more = chance.happens(0.3) ? ["family"] : [];
  const keepMs = chance.pick([null, 0, 1_000, 20_000]);
  const keepMax = chance.pick([null, 0, 1, 3]);
  return {
    workloads: options.workloads ?? [...new Set([...plan.workloads, ...more])],
    runsMax: chance.between(3, 10),
    actions: chance.between(80, 260),
    weights: {
      ...weights,
      start: 12,
      delete: chance.pick([0, 1, 4]),
      read: 10,
      leave: 8,
      follow: 4,
      advance: chance.between(4, 20),
      repeat: chance.pick([0, 2]),
      branch: chance.pick([0, 0, 1]),
      jump: 0,
      steal: 0,
    },
    ambiguous: chance.pick([0, 0, ambiguous]),
    retention: { keepMs, keepMax },
    isFollowed: true,
  };
}

function makeForked({ weights, failedWrite, idleMs }: Plan, chance: Chance): Partial<Plan> {
  return {
    weights: {
      ...weights,
      fork: 0,
      branch: 1 + chance.number() * 8,
      delete: chance.pick([0, 0, 0.5]),
    },
    failedWrite: chance.happens(0.3) ? 0.1 : failedWrite,
    idleMs: idleMs ?? chance.pick([null, 1]),
  };
}

function makeFull({ weights }: Plan, chance: Chance): Partial<Plan> {
  return { weights: { ...weights, cut: 1 + chance.number() * 5 } };
}

function makeVisited({ weights }: Plan, chance: Chance, options: PlanOptions): Partial<Plan> {
  return {
    workloads: options.workloads ?? [chance.pick(restful)],
    weights: {
      ...weights,
      gate: chance.between(3, 30),
      send: chance.between(1, 5),
      visit: chance.between(10, 40),
    },
    idleMs: chance.pick([1, 50, 2_000]),
  };
}

/** Workloads that wait for the outside. */
const restful: readonly string[] = ["queue", "pairs", "talk", "family", "script", "aside"];

/**
 * What it draws, and in which order, is what the seeds of `seeds.txt` live by: profiles that are to
 * be drawn differently draw afterwards.
 */
function makeOrdinary(chance: Chance, options: PlanOptions): Plan {
  const often = Object.fromEntries(workloads.map(({ name, weight = 1 }) => [name, weight]));
  const kinds = chance.happens(0.3) ? 2 : 1;
  const chosen = Array.from({ length: kinds }, () => chance.weighted(often));
  /** A fault that most seeds do without. */
  const rare = (often: number, most: number): number =>
    chance.happens(often) && options.profile !== "calm" ? chance.number() * most : 0;
  return {
    workloads: options.workloads ?? [...new Set(chosen)],
    runsMax: chance.between(1, 4),
    actions: chance.between(20, 220),
    weights: {
      gate: 30,
      turn: chance.between(15, 60),
      fire: 20,
      advance: chance.between(2, 12),
      jump: rare(0.3, 4),
      start: 6,
      repeat: rare(0.2, 3),
      fork: rare(0.2, 2),
      branch: 0,
      send: chance.between(1, 14),
      cancel: rare(0.3, 1.5),
      watch: 2,
      follow: 0,
      read: 4,
      visit: 0,
      leave: rare(0.5, 6),
      crash: rare(0.3, 3),
      restart: rare(0.2, 2),
      steal: rare(0.15, 2),
      cut: 0,
      delete: rare(0.08, 0.5),
    },
    openings: {
      on: 30,
      throw: rare(0.5, 12),
      fatal: rare(0.15, 4),
      retry: rare(0.3, 6),
      odd: rare(0.3, 4),
      hang: rare(0.2, 3),
    },
    burst: chance.happens(0.6) ? chance.number() * 0.6 : 0,
    isGrouped: chance.happens(0.5),
    death: rare(0.3, 0.04),
    failedWrite: rare(0.3, 0.12),
    ambiguous: chance.happens(0.5) ? 0.5 : 0,
    failedRead: rare(0.2, 0.08),
    lag: chance.happens(0.5) ? chance.number() * 0.5 : 0,
    exit: 0.5,
    forgets: 0,
    idleMs: chance.pick([null, 1, 50, 2_000]),
    concurrency: chance.happens(0.25) ? chance.between(1, 2) : null,
    retention: null,
    isFollowed: false,
  };
}
