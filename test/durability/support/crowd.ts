/**
 * The clients of a server that dies again and again: they start runs, answer what is asked, and read
 * all streams, and they remember every word that was said to them.
 */
import type { Dice } from "../../support/random.ts";
import type { Client } from "./client.ts";

export interface Known {
  /** The idempotency key that it was started with. */
  readonly key: string;
  readonly workflow: string;
  /** Null until a start was acknowledged. */
  handlerId: string | null;
  /** Every event that was seen, by its id. */
  readonly seen: Map<number, string>;
  /** Rounds whose answer was acknowledged. */
  readonly answered: Set<number>;
  /** After so many events it is cancelled; null: it is not. */
  readonly cancelAfter: number | null;
  /** Its cancellation was acknowledged. */
  isCancelled: boolean;
  isEnded: boolean;
}

export interface CrowdOptions {
  readonly workflows: readonly string[];
  /** Runs at a time. */
  readonly width: number;
  readonly dice: Dice;
  readonly note: (what: string, facts?: object) => void;
}

export class Crowd {
  readonly runs: Known[] = [];
  readonly #options: CrowdOptions;
  /** When something was heard last. */
  heardAt: number = performance.now();

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  get open(): readonly Known[] {
    return this.runs.filter((run) => !run.isEnded);
  }

  /** Goes on until the server's life is over. Without `isStarting`, also until all runs ended. */
  async live(client: Client, signal: AbortSignal, isStarting: boolean = true): Promise<void> {
    const reading = new Set<Known>();
    const tasks: Promise<void>[] = [];
    while (!signal.aborted && (isStarting || this.open.length > 0)) {
      const isRoom = isStarting && this.open.length < this.#options.width;
      const unknown = this.runs.find((run) => run.handlerId === null);
      if (unknown) await this.#start(client, unknown, signal);
      else if (isRoom) await this.#start(client, this.#plan(), signal);
      else await Bun.sleep(5);
      for (const run of this.open) {
        if (run.handlerId === null || reading.has(run)) continue;
        reading.add(run);
        tasks.push(this.#read(client, run, signal).then(() => void reading.delete(run)));
      }
    }
    await Promise.all(tasks);
  }

  // ---

  #plan(): Known {
    const { workflows, dice } = this.#options;
    const run: Known = {
      key: `key-${this.runs.length}`,
      workflow: dice.pick(workflows),
      handlerId: null,
      seen: new Map(),
      answered: new Set(),
      cancelAfter: dice.isOnce(12) ? 1 + dice.roll(8) : null,
      isCancelled: false,
      isEnded: false,
    };
    this.runs.push(run);
    return run;
  }

  async #start(client: Client, run: Known, signal: AbortSignal): Promise<void> {
    try {
      const { handler_id } = await client.start(run.workflow, {}, { key: run.key });
      run.handlerId = handler_id;
      this.#options.note("started", { key: run.key, workflow: run.workflow, handler_id });
    } catch (error) {
      await this.#endure(error, signal);
    }
  }

  async #read(client: Client, run: Known, signal: AbortSignal): Promise<void> {
    const id = run.handlerId ?? "";
    try {
      // What was asked in an earlier life, and may not have been answered.
      for (const text of run.seen.values()) await this.#answer(client, run, text);
      for await (const frame of client.events(id, run.seen.size - 1)) {
        this.heardAt = performance.now();
        if (Number(frame.id) !== run.seen.size) {
          throw new Wrong(`${run.key}: event ${frame.id} came after ${run.seen.size - 1}`);
        }
        run.seen.set(run.seen.size, frame.text);
        await this.#answer(client, run, frame.text);
        await this.#cancel(client, run);
      }
      run.isEnded = !signal.aborted && isLast(run);
    } catch (error) {
      await this.#endure(error, signal);
    }
  }

  async #answer(client: Client, run: Known, text: string): Promise<void> {
    if (!text.includes('"type":"Question"')) return;
    const round = Number(/"round":(\d)/.exec(text)?.[1]);
    if (run.answered.has(round)) return;
    const status = await client.send(run.handlerId ?? "", "Answer", { round, text: run.key });
    if (status === 200) run.answered.add(round);
    else if (!refusals.includes(status)) throw new Wrong(`${run.key}: an answer got ${status}`);
    this.#options.note("answered", { key: run.key, round, status });
  }

  async #cancel(client: Client, run: Known): Promise<void> {
    const { key, cancelAfter, isCancelled, seen } = run;
    if (cancelAfter === null || isCancelled || seen.size < cancelAfter) return;
    const { status } = await client.ask("POST", `/handlers/${run.handlerId}/cancel`);
    if (status === 200) run.isCancelled = true;
    else if (!refusals.includes(status)) throw new Wrong(`${key}: its cancellation got ${status}`);
    this.#options.note("cancelled", { key, status });
  }

  /** A server that dies breaks connections, and one that stops refuses: nothing else may go wrong. */
  async #endure(error: unknown, signal: AbortSignal): Promise<void> {
    if (error instanceof Wrong) throw error;
    const { name, message } = error instanceof Error ? error : { name: "", message: "" };
    const isBroken = /socket|connect|closed|within a frame|ECONN|: 503/i.test(message);
    if (!signal.aborted && !isBroken && name !== "AbortError") throw error;
    await Bun.sleep(2);
  }
}

/** Not an accident of the connection. */
class Wrong extends Error {}

/** The run has ended (to a cancellation, that is 404), or the server stops. */
const refusals: readonly number[] = [404, 409, 503];

// ---

const lastTypes = /"type":"(StopEvent|Workflow(Failed|TimedOut|Cancelled)Event)"/;

function isLast(run: Known): boolean {
  return lastTypes.test(run.seen.get(run.seen.size - 1) ?? "");
}
