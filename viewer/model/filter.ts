/*
 * Which rows are shown.
 */

import type { EventTable, Model } from './model.js';

/** What rows must be. What is not given excludes none. */
export interface Filter {
  /** Places in {@link Model.kinds}. */
  readonly kinds?: Iterable<number> | undefined;
  /** Places in {@link Model.sessions}; -1 for events that are in none. */
  readonly sessions?: Iterable<number> | undefined;
  /** Places in {@link Model.signers}; -1 for none. */
  readonly signers?: Iterable<number> | undefined;
  readonly outcome?: 'success' | 'failure' | undefined;
  /** Milliseconds since 1970, both included. Rows without a time are excluded by either. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Rows in ascending order, such as those that a search found. */
  readonly rows?: Uint32Array | undefined;
  /** A part of the label, in any case of letters. */
  readonly text?: string | undefined;
}

/** The rows that are all of it, in their order. */
export function filterRows({ events, kinds, sessions, signers, labels }: Model, filter: Filter): Uint32Array {
  const among = filter.rows;
  const count = among?.length ?? events.length;
  const rows = new Uint32Array(count);
  const tests = [
    within(events.kind, filter.kinds, kinds.length),
    within(events.session, filter.sessions, sessions.length),
    within(events.signer, filter.signers, signers.length),
    within(events.label, filter.text === undefined || filter.text === '' ? undefined : labelled(labels, filter.text), labels.length),
    outcomeIs(events, filter.outcome),
    during(events, filter.from, filter.to),
  ].filter((test) => test !== null);
  let found = 0;
  for (let index = 0; index < count; index += 1) {
    const row = among?.[index] ?? index;
    if (row >= events.length || !tests.every((test) => test(row))) continue;
    rows[found] = row;
    found += 1;
  }
  return rows.slice(0, found);
}

type Test = (row: number) => boolean;

/** Whether a column has one of some values, which are from -1 on. */
function within(column: Uint16Array | Uint32Array | Int32Array | Int16Array, values: Iterable<number> | undefined, count: number): Test | null {
  if (values === undefined) return null;
  const wanted = new Uint8Array(count + 1);
  for (const value of values) wanted[value + 1] = 1;
  return (row) => wanted[(column[row] as number) + 1] === 1;
}

function* labelled(labels: readonly string[], text: string): Generator<number, void, undefined> {
  const wanted = text.toLowerCase();
  for (const [place, label] of labels.entries()) {
    if (label.toLowerCase().includes(wanted)) yield place;
  }
}

function outcomeIs({ outcome }: EventTable, wanted: Filter['outcome']): Test | null {
  if (wanted === undefined) return null;
  const value = wanted === 'success' ? 1 : 0;
  return (row) => outcome[row] === value;
}

function during({ time }: EventTable, from = -Infinity, to = Infinity): Test | null {
  if (from === -Infinity && to === Infinity) return null;
  return (row) => (time[row] as number) >= from && (time[row] as number) <= to;
}
