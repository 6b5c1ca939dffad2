/*
 * Deep links: `#seq=42` is the event with that seq. They stay inside of the page.
 */

import type { EventTable } from '../model/model.js';

/** The seq that a location's hash names; null for none. */
export function parseLink(hash: string): number | null {
  const [, digits = ''] = /^#seq=(\d{1,16})$/.exec(hash) ?? [];
  return digits !== '' && Number.isSafeInteger(Number(digits)) ? Number(digits) : null;
}

/** The link to an event; that to the page alone of a line that has no seq. */
export function formatLink(seq: number): string {
  return seq < 0 ? '#' : `#seq=${seq}`;
}

/** The first row with a seq; -1 for none. */
export function rowOfSeq({ seq }: EventTable, wanted: number): number {
  return seq.indexOf(wanted);
}
