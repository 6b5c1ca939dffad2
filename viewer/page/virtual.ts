/*
 * Which rows of a long table are on the screen.
 *
 * A browser places nothing beyond some ten million pixels, so that a table that would be higher is made lower: its scroll
 * bar then moves over several rows a pixel, while keys still reach each of them.
 */

/** Height of everything that scrolls, in pixels, that all browsers can have. */
export const MAX_HEIGHT = 8_000_000;

/** Rows to draw, and where. */
export interface Window {
  /** The first row that is drawn, and the one behind the last. */
  readonly first: number;
  readonly end: number;
  /** Where the first one is, in pixels from the top of what scrolls. */
  readonly top: number;
  /** Height of what scrolls. */
  readonly height: number;
}

/** A table of rows of one height. */
export interface Rows {
  readonly count: number;
  readonly rowHeight: number;
  /** Height of the part that is seen. */
  readonly viewHeight: number;
}

/** The rows at a place of the scroll bar, and a few around them. */
export function windowAt({ count, rowHeight, viewHeight }: Rows, scrollTop: number, around = 8): Window {
  const height = heightOf({ count, rowHeight, viewHeight });
  const place = scrollTop * scaleOf({ count, rowHeight, viewHeight });
  const seen = Math.min(Math.max(0, Math.floor(place / rowHeight)), Math.max(0, count - 1));
  const first = Math.max(0, seen - around);
  const end = Math.min(count, seen + Math.ceil(viewHeight / rowHeight) + 1 + around);
  return { first, end, top: scrollTop - (place - first * rowHeight), height };
}

/** Where to scroll to so that a row is seen: as little as possible, or so that it is in the middle where it is far away. */
export function scrollToRow(rows: Rows, scrollTop: number, row: number): number {
  const { rowHeight, viewHeight } = rows;
  const scale = scaleOf(rows);
  const place = scrollTop * scale;
  const above = row * rowHeight;
  const below = above + rowHeight - viewHeight;
  if (above >= place && below <= place) return scrollTop;
  const isFar = above < place - viewHeight || below > place + viewHeight;
  const wanted = isFar ? above - (viewHeight - rowHeight) / 2 : above < place ? above : below;
  return Math.min(Math.max(0, wanted / scale), Math.max(0, heightOf(rows) - viewHeight));
}

function heightOf({ count, rowHeight }: Rows): number {
  return Math.min(count * rowHeight, MAX_HEIGHT);
}

/** Pixels of rows for a pixel of the scroll bar. */
function scaleOf(rows: Rows): number {
  const { count, rowHeight, viewHeight } = rows;
  const real = count * rowHeight - viewHeight;
  return real <= 0 || count * rowHeight <= MAX_HEIGHT ? 1 : real / (MAX_HEIGHT - viewHeight);
}
