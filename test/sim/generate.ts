/**
 * Wrong edits that nobody has thought of: every line of a file, changed in all the ways in which a
 * hand slips. Conditions are turned round, bounds moved by one, statements dropped or swapped.
 *
 * It works on text, line by line: what is no program any more is left out.
 */

export interface Edit {
  /** From 1. */
  readonly line: number;
  readonly before: string;
  readonly after: string;
  /** The whole file with it. */
  readonly text: string;
}

/** Each replaces one place of a line at a time. */
const swaps: readonly (readonly [find: RegExp, replacements: readonly string[]])[] = [
  [/ === /g, [" !== "]],
  [/ !== /g, [" === "]],
  [/ < /g, [" <= ", " >= "]],
  [/ <= /g, [" < ", " > "]],
  [/ > /g, [" >= ", " <= "]],
  [/ >= /g, [" > ", " < "]],
  [/ && /g, [" || "]],
  [/ \|\| /g, [" && "]],
  [/ \+ /g, [" - "]],
  [/ - /g, [" + "]],
  [/ \* /g, [" / "]],
  [/ \/ /g, [" * "]],
  [/\+= /g, ["-= "]],
  [/-= /g, ["+= "]],
  [/\+\+/g, ["--"]],
  [/(?<![\w.])0(?![\w.])/g, ["1"]],
  [/(?<![\w.])1(?![\w.])/g, ["0", "2"]],
  [/(?<![\w.])2(?![\w.])/g, ["1"]],
  [/\btrue\b/g, ["false"]],
  [/\bfalse\b/g, ["true"]],
  [/(?<== |: )null\b/g, ["0"]],
  [/\.some\(/g, [".every("]],
  [/\.every\(/g, [".some("]],
  [/\.find\(/g, [".findLast("]],
  [/\.findLast\(/g, [".find("]],
  [/\.findIndex\(/g, [".findLastIndex("]],
  [/\.at\(-1\)/g, [".at(0)"]],
  [/\.slice\(1\)/g, [".slice(0)"]],
  [/\.shift\(\)/g, [".pop()"]],
  [/\.toReversed\(\)/g, [""]],
  [/Math\.max/g, ["Math.min"]],
  [/Math\.min/g, ["Math.max"]],
  [/\bcontinue;/g, ["break;"]],
  [/ \?\? [\w.]+(?:\([^()]*\))?/g, [""]],
  [/ \?\? (\w|\[|\{)/g, [" && $1"]],
  [/"queue"/g, ['"running"']],
  [/"running"/g, ['"waiting"', '"queue"']],
  [/"waiting"/g, ['"running"']],
  [/"delayed"/g, ['"queue"']],
  [/"completed"/g, ['"failed"']],
  [/"failed"/g, ['"cancelled"']],
  [/"cancelled"/g, ['"failed"']],
  [/\bqueue\b(?=[,\]])/g, ["running"]],
  [/\bwaiting\b(?=[,\]])/g, ["delayed"]],
  [/\?([^?:]+) : ([^?:;,)]+)(?=[;,)])/g, ["?$2 : $1"]],
  [/\bif \((.*)\) (?=return|continue|break|\{|[a-z])/g, ["if (!($1)) ", "if (false) "]],
  [/\[\.\.\.([\w.() ]+), (\w+)\]/g, ["[$2, ...$1]", "[...$1]", "[$2]"]],
  [/\{ \.\.\.(\w+(?:\.\w+)*), /g, ["{ "]],
  [/\bawait /g, ["void "]],
  [/\((\w+), (\w+)\)/g, ["($2, $1)"]],
];

export function generateEdits(text: string): readonly Edit[] {
  const lines = text.split("\n");
  const edits = lines.flatMap((line, index) => {
    if (!isCode(line)) return [];
    return [...swapsOf(line), ...dropsOf(line)].map((after) => ({ index, line, after }));
  });
  const swapped = lines.flatMap((line, index) => {
    const next = lines[index + 1] ?? "";
    if (!isStatement(line) || !isStatement(next) || indentOf(line) !== indentOf(next)) return [];
    // In any order it is the same.
    if (isAssignedOnly(line) && isAssignedOnly(next)) return [];
    if (isPrivateField(line) && isPrivateField(next)) return [];
    return [{ index, line: `${line}\n${next}`, after: `${next}\n${line}` }];
  });
  const seen = new Set([toProgram(text)]);
  return [...edits, ...swapped]
    .map(({ index, line, after }) => {
      const count = line.split("\n").length;
      const whole = lines.toSpliced(index, count, ...(after === "" ? [] : [after])).join("\n");
      return { line: index + 1, before: line.trim(), after: after.trim(), text: whole };
    })
    .filter((edit) => {
      const program = toProgram(edit.text);
      const isNew = program !== null && !seen.has(program);
      seen.add(program);
      return isNew;
    })
    .toSorted((a, b) => a.line - b.line);
}

// ---

function swapsOf(line: string): readonly string[] {
  return swaps.flatMap(([find, replacements]) =>
    [...line.matchAll(find)].flatMap(({ 0: found, index, ...groups }) =>
      replacements.map((replacement) => {
        const made = replacement.replace(/\$([12])/g, (_, place: "1" | "2") => groups[place] ?? "");
        return line.slice(0, index) + made + line.slice(index + found.length);
      }),
    ),
  );
}

/** A statement or a field goes; of a guard, what it guards against. */
function dropsOf(line: string): readonly string[] {
  const isField = /^\s+(\.\.\.)?[\w.]+(: .*)?,$/.test(line) || /^\s+\.\.\..*,$/.test(line);
  return isStatement(line) || isField ? [""] : [];
}

function isCode(line: string): boolean {
  return !/^\s*(\/\/|\*|\/\*|import |export (type|interface)|type |interface |readonly )/.test(
    line,
  );
}

function isStatement(line: string): boolean {
  const isWhole = line.endsWith(";") && !/^\s*(const|let|import|export|type|throw)\b/.test(line);
  return isWhole && isCode(line) && /^\s+[\w#.]/.test(line);
}

/** As in a constructor. */
function isAssignedOnly(line: string): boolean {
  return /^\s+[\w.#]+ = [\w.]+;$/.test(line);
}

/** As it is declared in a class. */
function isPrivateField(line: string): boolean {
  return /^ {2}#\w+(: .*)?( = .*)?;$/.test(line);
}

function indentOf(line: string): number {
  return line.search(/\S/);
}

const transpiler = new Bun.Transpiler({ loader: "ts" });

/** What is run of it, without types and comments; null: it is no program. */
function toProgram(text: string): string | null {
  try {
    return transpiler.transformSync(text);
  } catch {
    return null;
  }
}
