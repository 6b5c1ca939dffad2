/*
 * Binary search.
 */

/** The first place from `from` on that is not before what is looked for; `to` when all are. Those that are before come first. */
export function partitionPoint(from: number, to: number, isBefore: (place: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
