/** Laws of handlers that go, and of what those know of it who follow handlers or read streams. */
import { pruneIntervalMsMax, pruneIntervalMsMin } from "../../src/base/limits.ts";
import { isAsking } from "../../src/engine/wait.ts";
import type { Retention } from "../../src/runtime/retention.ts";
import { first, type Law } from "./laws.ts";
import { isTrusty } from "./recovery-laws.ts";
import type { EntryOf, Scene, Story } from "./story.ts";
import type { Entry, Shown } from "./trace.ts";

/** A handler's run, as the store has it. */
interface Standing extends Shown {
  readonly endedAt: number | null;
}

type Handlers = ReadonlyMap<string, Standing>;

/**
 * Only handlers whose run has ended go because they need not be kept: those that ended so long ago,
 * or the oldest of too many. It is asked for what was agreed.
 */
export const onlyEndedGoes: Law = (story) => {
  const { keepMs, keepMax } = story.trace.plan.retention ?? { keepMs: null, keepMax: null };
  return follow(story, (entry, handlers) => {
    if (entry.kind !== "gone" || !entry.pruning) return undefined;
    const { at, pruning } = entry;
    const { endedBefore = -Infinity, keepMax: most = Infinity } = pruning;
    const isAgreed = endedBefore <= at - (keepMs ?? Infinity) && most === (keepMax ?? Infinity);
    if (!isAgreed) return `${JSON.stringify(pruning)} was asked for at ${at}`;
    const ended = endedOf(handlers);
    const going = new Set(entry.handlers);
    const stranger = entry.handlers.find((id) => !ended.some(({ handler }) => handler === id));
    if (stranger) return `handler ${stranger} has not ended, and goes`;
    const stays = ended.filter(({ handler }) => !going.has(handler));
    const oldest = Math.min(...stays.map(({ endedAt }) => endedAt));
    const early = ended
      .filter(({ handler, endedAt }) => going.has(handler) && endedAt >= endedBefore)
      .find(({ endedAt }) => endedAt > oldest || stays.length < most);
    return early && `handler ${early.handler} goes, and ${stays.length} stay`;
  });
};

/** Of a handler that is deleted nothing is left: no record, tick, event or key of a start. */
export const goesWhole: Law = ({ trace }) =>
  first(trace.entries, (entry) =>
    entry.kind === "gone" && entry.left.length > 0
      ? `${entry.left.join()} is still there`
      : undefined,
  );

/** What need not be kept is gone a look later at the latest. */
export const goesInTime: Law = (story) => {
  const { plan } = story.trace;
  const { retention } = plan;
  if (!retention || !isTrusty(plan)) return undefined;
  const intervalMs = intervalMsOf(retention);
  /** By process and run, since when it is known that it may go. */
  const since = new Map<string, number>();
  let isCalm = false; // And everything stays.
  return follow(story, (entry, handlers) => {
    if (entry.kind === "calmed") isCalm = true;
    // Of how many there are too many may have changed.
    const isOther = entry.kind === "gone" || (entry.kind === "committed" && entry.created);
    if (isOther && retention.keepMax !== null) since.clear();
    if (entry.kind !== "quiet" || entry.isDue || isCalm) return undefined;
    const { process, at } = entry;
    return first(mayGo(handlers, retention, at), ({ handler, run }) => {
      const key = `${process}:${run}`;
      const from = since.get(key) ?? at;
      since.set(key, from);
      return at > from + intervalMs ? `handler ${handler} is kept since ${from}` : undefined;
    });
  });
};

/**
 * Whoever follows the handlers of a process knows of each, when nothing is on its way any more: its
 * run, how that stands, whether it wants something from outside, or that it is deleted.
 */
export const followersKnowTheNewest: Law = (story) => {
  const { plan } = story.trace;
  // What fails, and was done all the same, nobody is told of.
  if (plan.ambiguous > 0 || plan.weights.steal > 0) return undefined;
  const known = new Map<number, Map<string, Shown | null>>();
  /** Who has just come looks first how all are: what it is told by then may be told early. */
  const fresh = new Set<number>();
  return follow(story, (entry, handlers) => {
    switch (entry.kind) {
      case "followed":
        known.set(entry.follower, new Map());
        fresh.add(entry.follower);
        return undefined;
      case "told":
        known.get(entry.follower)?.set(entry.handler, entry.as);
        return undefined;
      case "quiet":
        return first(entry.followers, (follower) => {
          const told = known.get(follower) ?? new Map<string, Shown | null>();
          const own = fresh.delete(follower) ? new Map([...handlers, ...told]) : told;
          known.set(follower, new Map(own));
          return first(new Set([...own.keys(), ...handlers.keys()]), (handler) => {
            const heard = toShown(own.get(handler));
            const is = toShown(handlers.get(handler));
            if (Bun.deepEquals(heard, is)) return undefined;
            const words = `${JSON.stringify(heard)}, and it is ${JSON.stringify(is)}`;
            return `follower ${follower} knows ${handler} as ${words}`;
          });
        });
      default:
        return undefined;
    }
  });
};

/** A reader who is attached sees the events of one run, also if another comes under its name. */
export const readersSeeOneRun: Law = ({ trace }) => {
  const lives = new Map<string, Life>();
  const next = new Map<string, number>();
  const attached = new Map<number, Life | undefined>();
  return first(trace.entries, (entry) => {
    switch (entry.kind) {
      case "committed": {
        const { run, created, commit } = entry;
        if (created) {
          const { handler } = created;
          lives.set(run, { handler, first: next.get(handler) ?? 0, events: [] });
        }
        const life = lives.get(run);
        if (!life) return undefined;
        life.events.push(...commit.events.map(({ json }) => json));
        next.set(life.handler, life.first + life.events.length);
        return undefined;
      }
      case "deleted":
        for (const run of entry.runs) {
          next.delete(lives.get(run)?.handler ?? "");
          lives.delete(run);
        }
        return undefined;
      case "reader_attached":
        attached.set(entry.reader, lives.get(entry.run));
        return undefined;
      case "read": {
        const life = attached.get(entry.reader) ?? lives.get(entry.run);
        attached.set(entry.reader, life);
        const { sequence, json } = entry.event;
        const isOwn = life?.events[sequence - life.first] === json;
        return isOwn ? undefined : `reader ${entry.reader} of ${entry.run} saw ${json} of another`;
      }
      default:
        return undefined;
    }
  });
};

// ---

/** A run, from its creation until it is deleted. */
interface Life {
  readonly handler: string;
  readonly first: number;
  readonly events: string[];
}

/** Tells of each entry, and how all handlers stand by then; of `gone`, just before. */
function follow(
  { trace, scenes }: Story,
  broken: (entry: Entry, handlers: Handlers) => string | undefined,
): string | undefined {
  if (!trace.plan.isFollowed) return undefined;
  const handlers = new Map<string, Standing>();
  const names = new Map<string, string>();
  const last = new Map(scenes.map((scene) => [scene.index, scene]));
  return first(trace.entries.entries(), ([index, entry]) => {
    if (entry.kind === "committed") {
      if (entry.created) names.set(entry.run, entry.created.handler);
      const scene = last.get(index);
      if (scene) handlers.set(names.get(entry.run) ?? "", standingOf(entry, scene));
    }
    const reason = broken(entry, handlers);
    if (entry.kind === "gone") for (const handler of entry.handlers) handlers.delete(handler);
    return reason;
  });
}

function standingOf({ run, commit }: EntryOf<"committed">, { after }: Scene): Standing {
  const endedAt = commit.outcome?.completedAt ?? null;
  return { run, status: after.status, isAsking: isAsking(after), endedAt };
}

interface Ended {
  readonly handler: string;
  readonly run: string;
  readonly endedAt: number;
}

/** The first to end come first. */
function endedOf(handlers: Handlers): readonly Ended[] {
  return [...handlers]
    .flatMap(([handler, { run, endedAt }]) => (endedAt === null ? [] : [{ handler, run, endedAt }]))
    .toSorted((one, other) => one.endedAt - other.endedAt);
}

function mayGo(handlers: Handlers, { keepMs, keepMax }: Retention, at: number): readonly Ended[] {
  const ended = endedOf(handlers);
  const tooMany = ended.length - (keepMax ?? Infinity);
  return ended.filter(
    ({ endedAt }, index) => index < tooMany || endedAt < at - (keepMs ?? Infinity),
  );
}

function intervalMsOf({ keepMs, keepMax }: Retention): number {
  const wanted = Math.min((keepMs ?? Infinity) / 10, keepMax ?? Infinity);
  return Math.min(Math.max(wanted, pruneIntervalMsMin), pruneIntervalMsMax);
}

function toShown(known: Shown | null | undefined): Shown | null {
  if (!known) return null;
  const { run, status, isAsking: asking } = known;
  return { run, status, isAsking: asking };
}
