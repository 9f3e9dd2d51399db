/**
 * Long chains over several rows, as text is: columns are laid in bands under each other. Whatever
 * leads from one band to the next turns at its end, goes back through the gap, and turns again.
 */
export interface Band {
  /** Columns from this one on, up to and without `to`. */
  readonly from: number;
  readonly to: number;
}

export interface WayPoint {
  readonly x: number;
  readonly y: number;
  /** Passed against the direction of the way: what turns here turns round. */
  readonly isReturn?: boolean;
}

/** Where a band was put. */
export interface BandPlace {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
}

/** Bands of about the same width, none wider than `widthMax` unless one column is. */
export function splitBands(widths: readonly number[], gap: number, widthMax: number): Band[] {
  const whole = widths.reduce((sum, width) => sum + width + gap, -gap);
  const goal = whole / Math.ceil(whole / widthMax);
  const bands: Band[] = [];
  let from = 0;
  let width = 0;
  for (const [index, own] of widths.entries()) {
    // To the nearer side of the goal: a column too many on one band is one too few on the next.
    const isFull = index > from && width + own / 2 > goal;
    if (isFull || (index > from && width + own > widthMax)) {
      bands.push({ from, to: index });
      from = index;
      width = 0;
    }
    width += own + gap;
  }
  if (from < widths.length) bands.push({ from, to: widths.length });
  return bands;
}

/** How far below a band its ways to the next one run, the first of them and each more. */
const laneFirst = 22;
export const laneGap = 6;

/** The points of a way from the end of one band to the beginning of the next, or back. */
export function turnPoints(upper: BandPlace, lower: BandPlace, lane: number): readonly WayPoint[] {
  const y = upper.bottom + laneFirst + lane * laneGap;
  return [
    { x: upper.right, y, isReturn: true },
    { x: lower.left, y, isReturn: true },
  ];
}
