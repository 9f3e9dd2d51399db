/** Words of the messages about a definition. */

export function quote(value: unknown): string {
  return `\`${String(value)}\``;
}

export function quoteAll(names: Iterable<string>): string {
  return Array.from(names, quote).join(", ");
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

export function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
