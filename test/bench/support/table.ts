/** Tables for people: columns are the keys of the rows, with their units in their names. */

export type Cell = string | number | null;
export type Row = Readonly<Record<string, Cell>>;

export interface Table {
  readonly title: string;
  readonly rows: readonly Row[];
  /** What a reader must know to read the figures right. */
  readonly notes?: readonly string[];
}

export function formatTable({ title, rows, notes = [] }: Table): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => formatCell(row[column] ?? null)));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  // Words are read from the left, figures are compared from the right.
  const isText = columns.map((column) => rows.some((row) => typeof row[column] === "string"));
  const toLine = (line: readonly string[]): string =>
    line
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return isText[index] ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  const lines = [title, "", toLine(columns), rule, ...cells.map(toLine)];
  return [...lines, ...notes.map((note) => `  · ${note}`), ""].join("\n");
}

// ---

function formatCell(cell: Cell): string {
  if (cell === null || Number.isNaN(cell)) return "–";
  if (typeof cell === "string") return cell;
  const digits = Math.abs(cell) >= 100 || Number.isInteger(cell) ? 0 : Math.abs(cell) >= 10 ? 1 : 3;
  const text = cell.toFixed(digits);
  return text.replace(/\B(?=(\d{3})+(?!\d|\.))(?<!\.\d*)/g, ",");
}
