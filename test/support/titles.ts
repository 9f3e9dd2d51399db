/** Titles for rows of a table test, where a row is too long to be one, or cannot be printed. */

/** Each value with a title in front, for `test.each`. */
export function titled<T>(values: readonly T[]): (readonly [title: string, value: T])[] {
  return values.map((value) => {
    const text = JSON.stringify(value) ?? String(value);
    return [text.length > 40 ? `${text.slice(0, 40)}… (${text.length})` : text, value];
  });
}
