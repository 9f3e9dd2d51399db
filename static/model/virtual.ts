/** Which rows of a long list are to be drawn: those in view, and a few around them. */
export interface View {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly count: number;
}

const overscan = 6;

/** Rows from `from` on, up to and without `to`. */
export function visibleRows({ scrollTop, height, rowHeight, count }: View): {
  readonly from: number;
  readonly to: number;
} {
  // A list that has got shorter is scrolled too far until the browser hears of it.
  const top = Math.max(Math.min(scrollTop, count * rowHeight - height), 0);
  const first = Math.floor(top / rowHeight);
  const last = Math.ceil((top + height) / rowHeight);
  const to = Math.min(last + overscan, count);
  return { from: Math.max(first - overscan, 0), to };
}

/** Where to scroll so that a row is in view; the present place if it is. */
export function scrollToRow({ scrollTop, height, rowHeight }: View, row: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : scrollTop;
}

/** Within half a row of the end counts as the end: zoomed pages have broken pixels. */
export function isAtEnd({ scrollTop, height, rowHeight, count }: View): boolean {
  return scrollTop + height >= count * rowHeight - rowHeight / 2;
}
