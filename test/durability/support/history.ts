/**
 * What a test did, in order, with the seed that it was chosen by. A failure leaves it as a file, and
 * says where; `DURABILITY_SEED` makes the same choices again.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createDice, type Dice } from "../../support/random.ts";

export interface History {
  readonly seed: number;
  readonly dice: Dice;
  note(what: string, facts?: object): void;
}

/** Runs a test that makes choices. */
export async function withHistory<T>(
  name: string,
  work: (history: History) => Promise<T>,
  seed: number = seedOf(),
): Promise<T> {
  const startedAt = performance.now();
  const lines: string[] = [];
  const note = (what: string, facts: object = {}): void => {
    const ms = Math.round(performance.now() - startedAt);
    lines.push(JSON.stringify({ ms, what, ...facts }));
  };
  try {
    return await work({ seed, dice: createDice(seed), note });
  } catch (error) {
    note("failed", { error: error instanceof Error ? error.stack : String(error) });
    const folder = join(tmpdir(), "workflows-durability");
    const file = join(folder, `${name}-${seed}.jsonl`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${lines.join("\n")}\n`);
    console.error(`DURABILITY_SEED=${seed} fails ${name}; its history is in ${file}`);
    throw error;
  }
}

export function seedOf(): number {
  const given = Number(process.env["DURABILITY_SEED"]);
  return Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31);
}
