/** Waiting for a condition, never for a time. */

/** The first answer of `look` that is neither false nor absent. Throws when none comes. */
export async function until<T>(
  look: () => T | Promise<T>,
  what: string,
  withinMs: number = 8_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== null && seen !== undefined) {
      return seen as NonNullable<Exclude<T, false>>; // By the condition above.
    }
    if (performance.now() > deadline) throw new Error(`Waited in vain: ${what}.`);
    await Bun.sleep(2);
  }
}
