/** A value in a few words, for the message of an error about it. */

const shownCharsMax = 40;

export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `the text ${JSON.stringify(value.slice(0, shownCharsMax))}`;
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : describeObject(value);
    default:
      return `\`${String(value)}\``;
  }
}

// ---

function describeObject(value: object): string {
  if (Array.isArray(value)) return "a list";
  if ("next" in value && (Symbol.iterator in value || Symbol.asyncIterator in value)) {
    return "a generator";
  }
  const name: unknown = value.constructor?.name;
  if (typeof name === "string" && name !== "Object" && name !== "") return `a \`${name}\``;
  const fields = Object.keys(value).slice(0, 5);
  return fields.length === 0
    ? "an empty object"
    : `an object with ${fields.map((field) => `\`${field.slice(0, shownCharsMax)}\``).join(", ")}`;
}
