/**
 * R9: clients that do anything in any order, against a model that says what has to come of it. What
 * fails is made shorter, until nothing more can be left out.
 */
import * as v from "valibot";

import { HumanResponseEvent, MemoryStore, SqliteStore, StartEvent } from "../../src/index.ts";
import { StopEvent, type Store, Workflow } from "../../src/index.ts";
import { type Answer, type Host, openServer } from "../support/server.ts";
import { createDice, type Dice } from "../support/random.ts";
import { bodyOf, framesOf, handlerOf, sendTo, typesOf, type Workflows } from "./support/host.ts";
import { createScratch } from "./support/scratch.ts";

export type Command =
  | { readonly kind: "start"; readonly id: string; readonly key: string | null }
  | { readonly kind: "send"; readonly id: string; readonly value: number }
  | { readonly kind: "finish" | "cancel" | "purge" | "fork"; readonly id: string }
  | { readonly kind: "read"; readonly id: string; readonly from: number }
  | { readonly kind: "restart" | "kill" | "list" };

const Put = HumanResponseEvent.extend("Put", { name: v.string() });
const End = HumanResponseEvent.extend("End", {});

/** A set of names: to add one again, as a step that runs again does, changes nothing. */
const names = new Workflow({ state: { names: v.optional(v.record(v.string(), v.boolean()), {}) } })
  .step("open", { accepts: [StartEvent], emits: [] }, () => {})
  // One after the other, so that the end comes after all that was sent before it.
  .step("put", { accepts: [Put, End], emits: [StopEvent], workers: 1 }, async (event, context) => {
    if (!Put.is(event)) {
      return StopEvent({ result: Object.keys(await context.store.get("names")).toSorted() });
    }
    const { name } = event.data;
    await context.store.edit((state) => void (state.names[name] = true));
    return undefined;
  });
const workflows: Workflows = [["names", names]];
const ids = ["h0", "h1", "h2"];

interface Expected {
  status: string;
  /** What it has to know at its end, and what it may know: a cancel drops what is under way. */
  readonly names: Set<string>;
  readonly maybe: Set<string>;
  runId: string;
  /** The keys that started its runs, and with which run each did. */
  readonly keys: Map<string, string>;
  /** Events as they were seen. */
  readonly seen: Map<number, string>;
}

export function drawCommands(dice: Dice, count: number): readonly Command[] {
  return Array.from({ length: count }, (): Command => {
    const id = dice.pick(ids);
    const kind = dice.pick([
      ...(["start", "start", "send", "send", "send", "finish", "cancel", "purge"] as const),
      ...(["read", "read", "fork", "list", "restart", "kill"] as const),
    ]);
    if (kind === "start") {
      return { kind, id, key: dice.isOnce(2) ? `key-${dice.roll(3)}` : null };
    }
    if (kind === "send") return { kind, id, value: dice.roll(100) };
    if (kind === "read") return { kind, id, from: dice.roll(8) - 1 };
    if (kind === "restart" || kind === "kill" || kind === "list") return { kind };
    return { kind, id };
  });
}

/** Throws with the shortest sequence that fails, if one of so many does. */
export async function playMany(seed: number, count: number, isOnDisk: boolean): Promise<void> {
  for (let number = 0; number < count; number++) {
    const commands = drawCommands(createDice(seed + number), 40);
    const fails = async (some: typeof commands): Promise<string | null> => {
      using scratch = createScratch();
      return await play(some, isOnDisk ? scratch.file("state.db") : null);
    };
    const problem = await fails(commands);
    if (!problem) continue;
    const shortest = await shrink(commands, fails);
    const lines = shortest.map((command) => JSON.stringify(command)).join("\n");
    const how = (await fails(shortest)) ?? problem;
    throw new Error(`DURABILITY_SEED=${seed + number} fails: ${how}\n${lines}`);
  }
}

/** What goes wrong, or null. With a path, in a file; else in memory, where a server can be killed. */
export async function play(
  commands: readonly Command[],
  path: string | null,
): Promise<string | null> {
  await using world = new World(path);
  for (const [index, command] of commands.entries()) {
    const problem = await world.do(command).catch((error: unknown) => String(error));
    if (problem) return `${index} ${JSON.stringify(command)}: ${problem}`;
  }
  return await world.settle().catch((error: unknown) => String(error));
}

class World implements AsyncDisposable {
  readonly #path: string | null;
  readonly #disk: MemoryStore = new MemoryStore();
  readonly #model = new Map<string, Expected>();
  /** From when it is blown, the store of the killed server answers nothing. */
  #fuse: { isBlown: boolean } = { isBlown: false };
  #host: Host;

  constructor(path: string | null) {
    this.#path = path;
    this.#host = this.#open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host[Symbol.asyncDispose]();
  }

  async do(command: Command): Promise<string | null> {
    switch (command.kind) {
      case "start":
        return this.#start(command.id, command.key);
      case "send":
        return this.#send(command.id, command.value);
      case "read":
        return this.#read(command.id, command.from);
      case "finish":
        return this.#finish(command.id);
      case "cancel":
        return this.#cancel(command.id);
      case "purge":
        return this.#purge(command.id);
      case "fork":
        return this.#fork(command.id);
      case "list":
        return this.#list();
      default:
        return this.#restart(command.kind === "kill");
    }
  }

  /** All runs come to their ends, with all that was acknowledged. */
  async settle(): Promise<string | null> {
    for (const [id, { status }] of this.#model) {
      const problem = status === "running" ? await this.#finish(id) : null;
      if (problem) return `at the end: ${problem}`;
    }
    for (const id of this.#model.keys()) {
      const problem = await this.#read(id, -1);
      if (problem) return `at the end: ${problem}`;
    }
    return this.#list();
  }

  // ---

  #open(): Host {
    if (this.#path !== null) {
      const store = new SqliteStore({ path: this.#path, durability: "process" });
      return openServer({ store, idleTimeout: 0.02 }, workflows);
    }
    const fuse = { isBlown: false };
    this.#fuse = fuse;
    return openServer({ store: withFuse(this.#disk, fuse), idleTimeout: 0.02 }, workflows);
  }

  async #restart(isKill: boolean): Promise<null> {
    if (isKill && this.#path === null) this.#fuse.isBlown = true;
    else await this.#host.server.close();
    this.#host = this.#open();
    return null;
  }

  async #start(id: string, key: string | null): Promise<string | null> {
    const headers: Record<string, string> = key === null ? {} : { "idempotency-key": key };
    const body = { handler_id: id };
    const answer = await this.#host.post("/workflows/names/run-nowait", body, { headers });
    const [owner, first] = this.#ownerOf(key);
    if (owner !== undefined && owner !== id) return expect(answer, 422);
    if (owner === id) return expect(answer, 200) ?? same(bodyOf(answer).run_id, first);
    const before = this.#model.get(id);
    if (before?.status === "running") return expect(answer, 409);
    const problem = expect(answer, 200);
    if (problem) return problem;
    const runId = bodyOf(answer).run_id ?? "";
    const keys = new Map([
      ...(before?.keys ?? []),
      ...(key === null ? [] : [[key, runId] as const]),
    ]);
    this.#model.set(id, {
      status: "running",
      names: new Set(before?.names),
      maybe: new Set(before?.maybe),
      runId,
      keys,
      seen: new Map(),
    });
    return null;
  }

  async #send(id: string, value: number): Promise<string | null> {
    const known = this.#model.get(id);
    const name = `n${value}`;
    const answer = await sendTo(this.#host, id, "Put", { name });
    if (known?.status !== "running") return expect(answer, known ? 409 : 404);
    known.names.add(name);
    return expect(answer, 200);
  }

  async #finish(id: string): Promise<string | null> {
    const known = this.#model.get(id);
    const answer = await sendTo(this.#host, id, "End");
    if (known?.status !== "running") return expect(answer, known ? 409 : 404);
    await this.#host.ended(id);
    known.status = "completed";
    const { result, status } = await handlerOf(this.#host, id);
    const got = (result as { value?: { result?: string[] } } | null)?.value?.result;
    const missing = [...known.names].filter((name) => !(got ?? []).includes(name));
    const foreign = (got ?? []).filter((name) => !known.names.has(name) && !known.maybe.has(name));
    for (const name of got ?? []) known.names.add(name);
    return same(status, "completed") ?? same([...missing, ...foreign].join(), "");
  }

  async #cancel(id: string): Promise<string | null> {
    const known = this.#model.get(id);
    const answer = await this.#host.ask(`POST /handlers/${id}/cancel`);
    if (known?.status !== "running") return expect(answer, 404);
    known.status = "cancelled";
    for (const name of known.names) known.maybe.add(name);
    known.names.clear();
    const problem = expect(answer, 200);
    return problem ?? same((await handlerOf(this.#host, id)).status, "cancelled");
  }

  async #purge(id: string): Promise<string | null> {
    const answer = await this.#host.ask(`POST /handlers/${id}/cancel?purge=true`);
    return expect(answer, this.#model.delete(id) ? 200 : 404);
  }

  /** A fork from the beginning is gone again at once: what counts is that it was there. */
  async #fork(id: string): Promise<string | null> {
    const answer = await this.#host.post(`/handlers/${id}/fork`, { step: "open" });
    const problem = expect(answer, this.#model.has(id) ? 200 : 404);
    if (problem || answer.status !== 200) return problem;
    const fork = bodyOf(answer).handler_id;
    return expect(await this.#host.ask(`POST /handlers/${fork}/cancel?purge=true`), 200);
  }

  async #read(id: string, from: number): Promise<string | null> {
    const known = this.#model.get(id);
    if (!known || known.status === "running") return null;
    const frames = await framesOf(this.#host, id);
    const types = typesOf(frames);
    for (const [index, { id: sequence, text }] of frames.entries()) {
      if (index > 0 && Number(sequence) !== Number(frames[index - 1]?.id) + 1) return "a gap";
      const before = known.seen.get(Number(sequence)) ?? text;
      if (before !== text) return `event ${sequence} was ${before}, and is ${text}`;
      known.seen.set(Number(sequence), text);
    }
    const rest = await this.#host.fetch(
      `GET /events/${id}?include_internal=true&after_sequence=${from}`,
    );
    const all = frames.filter((frame) => Number(frame.id) > from).map(({ text }) => text);
    const got = (await rest.text()).replace(": open\n\n", "");
    const last = known.status === "completed" ? "StopEvent" : "WorkflowCancelledEvent";
    return same(got, all.join("")) ?? same(types.at(-1) ?? "", last);
  }

  async #list(): Promise<string | null> {
    const listed = (await this.#host.handlerIds()).toSorted();
    return same(listed.join(), [...this.#model.keys()].toSorted().join());
  }

  #ownerOf(key: string | null): readonly [owner?: string, runId?: string] {
    for (const [id, { keys }] of this.#model) {
      const runId = keys.get(key ?? "");
      if (runId !== undefined) return [id, runId];
    }
    return [];
  }
}

// ---

/** The shortest list found that fails still, and how. */
async function shrink(
  commands: readonly Command[],
  fails: (commands: readonly Command[]) => Promise<string | null>,
): Promise<readonly Command[]> {
  let shortest = commands;
  for (let length = commands.length >> 1; length >= 1; length >>= 1) {
    for (let at = 0; at + length <= shortest.length;) {
      const shorter = [...shortest.slice(0, at), ...shortest.slice(at + length)];
      if (await fails(shorter)) shortest = shorter;
      else at += length;
    }
  }
  return shortest;
}

function expect(answer: Answer, status: number): string | null {
  return answer.status === status
    ? null
    : `expected ${status}, got ${answer.status} ${answer.text}`;
}

function same(got: string | null, expected: string | undefined): string | null {
  return got === expected ? null : `expected ${expected}, got ${got}`;
}

/** A dead process neither writes nor hears anything. */
function withFuse(store: Store, fuse: { isBlown: boolean }): Store {
  const never = new Promise<never>(() => {});
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (fuse.isBlown) return never;
        const result: unknown = value.apply(target, args);
        if (!(result instanceof Promise)) return result;
        return result.then(
          (answer: unknown) => (fuse.isBlown ? never : answer),
          (error: unknown) => (fuse.isBlown ? never : Promise.reject(error)),
        );
      };
    },
  });
}
