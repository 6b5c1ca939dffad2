/*
 * Places of rows in the table: those of events that are chosen, and one where trust ends.
 */

import { partitionPoint } from '../model/partition.js';

/** Where everything is. Places count from 0. */
export interface Places {
  readonly count: number;
  /** The event at a place; -1 where trust ends. */
  rowAt(place: number): number;
  /** The event at a place, or beside it where trust ends; null where there is none. */
  rowNear(place: number, isUp: boolean): number | null;
  /** The place of an event; -1 of one that is not shown. */
  placeOf(row: number): number;
}

/** Places of so many events. `rows` are those that are chosen, null for all; `end` is the first one that is not trusted. */
export function placesOf(length: number, rows: Uint32Array | null, end: number | null): Places {
  const shown = rows?.length ?? length;
  const endPlace = end === null ? -1 : rows === null ? end : lowerBound(rows, end);
  const count = shown + (end === null ? 0 : 1);
  const rowAt = (place: number): number => {
    if (place === endPlace) return -1;
    const index = end !== null && place > endPlace ? place - 1 : place;
    return rows === null ? index : (rows[index] ?? -1);
  };
  return {
    count,
    rowAt,
    rowNear(place, isUp) {
      const near = place === endPlace ? place + (isUp || place === count - 1 ? -1 : 1) : place;
      return near < 0 || near >= count ? null : rowAt(near);
    },
    placeOf(row) {
      const index = rows === null ? row : lowerBound(rows, row);
      if (rows !== null && rows[index] !== row) return -1;
      return end !== null && index >= endPlace ? index + 1 : index;
    },
  };
}

/** The place of the first number that is not less. */
function lowerBound(rows: Uint32Array, row: number): number {
  return partitionPoint(0, rows.length, (place) => (rows[place] ?? 0) < row);
}
