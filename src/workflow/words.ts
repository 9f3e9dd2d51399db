/** Words of the messages about a definition. */

export function quote(value: unknown): string {
  return `\`${String(value)}\``;
}

/** The name that was probably meant: the same but for case, or one is the start of the other. */
export function hint(name: string, known: readonly string[]): string {
  const lower = name.toLowerCase();
  const meant = known.find((other) => {
    const candidate = other.toLowerCase();
    return (
      other !== name &&
      (candidate === lower || candidate.startsWith(lower) || lower.startsWith(candidate))
    );
  });
  return meant === undefined ? "" : ` Did you mean ${quote(meant)}?`;
}
