/*
 * Time on an axis: how much of it is shown, its columns, and how it is written. All of it is UTC.
 */

import { scaleUtc } from 'd3-scale';

/** Milliseconds since 1970. Both ends are in it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The time of a ledger. */
export interface LedgerTime extends Span {
  /** Events with another time: so few and so far away that they would press all others together. */
  readonly outside: number;
}

/** One of a hundred at each end may be far away, where there are that many. */
const FAR_SHARE = 0.01;
/** As many times as long as the time of all others. */
const FAR = 1000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** The time of events; null when none of them has one. */
export function ledgerTime(times: Float64Array): LedgerTime | null {
  const known = KNOWN.get(times);
  if (known !== undefined) return known;
  const time = timeOf(times);
  KNOWN.set(times, time);
  return time;
}

/** Several pictures ask for the time of the same events. */
const KNOWN = new WeakMap<Float64Array, LedgerTime | null>();

function timeOf(times: Float64Array): LedgerTime | null {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < times.length; row += 1) {
    const time = times[row] ?? Number.NaN;
    if (time < from) from = time;
    if (time > to) to = time;
  }
  if (from > to) return null;
  return to - from <= SECOND * FAR || !isPressed(times, { from, to }) ? { ...widened({ from, to }), outside: 0 } : without(times);
}

/** Whether so many of them share a column of a very wide picture that it is worth to look closer. */
function isPressed(times: Float64Array, span: Span): boolean {
  const counts = new Uint32Array(FAR);
  let total = 0;
  for (let row = 0; row < times.length; row += 1) {
    const column = columnOf(span, FAR, times[row] ?? Number.NaN);
    if (column === -1) continue;
    counts[column] = (counts[column] ?? 0) + 1;
    total += 1;
  }
  // A stretch of one column's length may lie on two of them.
  const fullest = counts.reduce((most, count, column) => Math.max(most, count + (counts[column + 1] ?? 0)), 0);
  return fullest >= total * (1 - 2 * FAR_SHARE);
}

/** The time without those that are far away. */
function without(times: Float64Array): LedgerTime {
  const sorted = times.filter(Number.isFinite).toSorted();
  const at = (place: number) => sorted[place] ?? 0;
  const [first, last] = [at(0), at(sorted.length - 1)];
  const cut = Math.floor(sorted.length * FAR_SHARE);
  const inner = { from: at(cut), to: at(sorted.length - 1 - cut) };
  const length = Math.max(inner.to - inner.from, SECOND);
  if (last - first <= length * FAR) return { ...widened({ from: first, to: last }), outside: 0 };
  // What lies near the inner part is shown with it.
  const near = sorted.filter((time) => time >= inner.from - length && time <= inner.to + length);
  const shown = { from: near[0] ?? inner.from, to: near.at(-1) ?? inner.to };
  return { ...widened(shown), outside: sorted.length - near.length };
}

/** A span that has a length. */
function widened({ from, to }: Span): Span {
  return to > from ? { from, to } : { from: from - SECOND / 2, to: from + SECOND / 2 };
}

/** The column of a time among `columns` of equal length; -1 when it lies outside or is none. */
export function columnOf({ from, to }: Span, columns: number, time: number): number {
  if (!(time >= from && time <= to)) return -1;
  return Math.min(columns - 1, Math.floor(((time - from) / (to - from)) * columns));
}

/** The time of a column. */
export function columnSpan({ from, to }: Span, columns: number, column: number): Span {
  const step = (to - from) / columns;
  return { from: from + column * step, to: from + (column + 1) * step };
}

/** A mark of an axis. */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Round times in a span, about `count` of them. */
export function timeTicks({ from, to }: Span, count: number): readonly Tick[] {
  const times = scaleUtc().domain([from, to]).ticks(count).map(Number);
  const step = Math.min(...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
  return times.map((at) => ({ at, label: tickLabel(at, step) }));
}

function tickLabel(at: number, step: number): string {
  const text = isoTime(at);
  if (step >= DAY) return text.slice(0, 10);
  // A day is named where it begins.
  if (at % DAY === 0) return text.slice(5, 10);
  if (step >= MINUTE) return text.slice(11, 16);
  return step >= SECOND ? text.slice(11, 19) : text.slice(11, 23);
}

/** `2026-11-21 09:30:15.250 UTC`, or less of it where a column is long. */
export function timeText(at: number, length = 0): string {
  const digits = length >= DAY ? 10 : length >= MINUTE ? 16 : length >= SECOND ? 19 : 23;
  return `${isoTime(at).slice(0, digits).replace('T', ' ')} UTC`;
}

/** `2026-11-21 09:30:15 to 10:02:11 UTC`. */
export function spanText({ from, to }: Span): string {
  const length = to - from;
  const [first, last] = [timeText(from, length / 100).replace(' UTC', ''), timeText(to, length / 100)];
  return `${first} to ${first.slice(0, 10) === last.slice(0, 10) && first.length > 10 ? last.slice(11) : last}`;
}

/** `3 ms`, `1.5 s`, `2 min`, `3.2 h`, `12 days`; '' of none. */
export function durationText(milliseconds: number): string {
  if (Number.isNaN(milliseconds)) return '';
  const size = Math.abs(milliseconds);
  if (size < SECOND) return `${Number(milliseconds.toFixed(size < 10 ? 1 : 0))} ms`;
  if (size < MINUTE) return `${Number((milliseconds / SECOND).toFixed(1))} s`;
  if (size < 60 * MINUTE) return `${Number((milliseconds / MINUTE).toFixed(1))} min`;
  if (size < 2 * DAY) return `${Number((milliseconds / (60 * MINUTE)).toFixed(1))} h`;
  return `${Math.round(milliseconds / DAY).toLocaleString('en-US')} days`;
}

/** ISO 8601. A time beyond what a date can be has none. */
function isoTime(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : 'beyond all dates       ';
}
