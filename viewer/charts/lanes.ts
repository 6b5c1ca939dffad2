/*
 * The timeline in numbers: lanes of columns of equal time, however many events there are, and calls of tools as bars, or as
 * columns where they are many.
 */

import { visible } from '../../src/cli/safe-text.js';
import type { Model } from '../model/model.js';
import { kindGroups } from './kinds.js';
import { columnOf, type Span } from './time.js';
import type { Break } from './trust.js';

/** Events of a lane, by column. */
export interface Lane {
  readonly name: string;
  readonly look: number | 'bad';
  readonly trusted: Uint32Array;
  readonly untrusted: Uint32Array;
  /** The first row in a column; -1 where it is empty. */
  readonly first: Int32Array;
}

/** The lane of a session. */
export interface SessionLane extends Lane {
  /** Times of its first and last event, as far as they have one. */
  readonly extent: Span | null;
  readonly ended: boolean;
}

/** A call and its return. */
export interface CallBar {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  /** Bars at the same time lie on several levels. */
  readonly level: number;
  readonly trusted: boolean;
  readonly failed: boolean;
}

/** Calls with their returns. */
export interface CallLane {
  readonly count: number;
  readonly levels: number;
  /** Each of them; empty when they are many. */
  readonly bars: readonly CallBar[];
  /** The longest one that begins in a column, in milliseconds. */
  readonly longest: Float64Array;
  readonly most: number;
}

/** All lanes. */
export interface Lanes {
  readonly kinds: readonly Lane[];
  /** What failed; null when nothing did. */
  readonly failures: Lane | null;
  readonly calls: CallLane | null;
  readonly sessions: readonly SessionLane[];
  /** Sessions in this time, of which the first ones are listed. */
  readonly sessionCount: number;
  /** Events in the fullest column of a kind, and of a session. */
  readonly most: { readonly kinds: number; readonly sessions: number };
  readonly breaks: BreakPlace | null;
}

/** Where the ledger breaks. */
export interface BreakPlace extends Break {
  /** The time of the first row that is not trusted, or of the last one before it that has one; NaN if none has. */
  readonly at: number;
  /** The time of all that is not trusted, as far as it is in the span. */
  readonly untrusted: Span | null;
}

/** How much is asked for. */
export interface LaneLimits {
  readonly columns: number;
  readonly sessions: number;
}

const KINDS = 16;
const BARS = 150;
const LEVELS = 5;

/** Lanes of a span of time. */
export function lanesOf(model: Model, broken: Break | null, span: Span, limits: LaneLimits): Lanes {
  const { events } = model;
  const { columns } = limits;
  const { lanes: kinds, places } = kindLanes(model, columns);
  const failures = emptyLane('failed', 'bad', columns);
  const inView = sessionsIn(model, span);
  const sessionPlaces = new Map(inView.slice(0, limits.sessions).map((session, place) => [session, place]));
  const sessions = [...sessionPlaces.keys()].map((session) => sessionLane(model, session, columns));
  const end = broken?.row ?? events.length;
  for (let row = 0; row < events.length; row += 1) {
    const column = columnOf(span, columns, events.time[row] ?? Number.NaN);
    if (column === -1) continue;
    const isTrusted = row < end;
    count(kinds[places[events.kind[row] ?? 0] ?? -1], column, row, isTrusted);
    if (events.outcome[row] === 0) count(failures, column, row, isTrusted);
    count(sessions[sessionPlaces.get(events.session[row] ?? -1) ?? -1], column, row, isTrusted);
  }
  const occurring = kinds.filter(({ first }) => first.some((row) => row !== -1));
  return {
    kinds: occurring,
    failures: failures.first.some((row) => row !== -1) ? failures : null,
    calls: callsOf(model, end, span, columns),
    sessions,
    sessionCount: inView.length,
    most: { kinds: fullest(occurring), sessions: fullest(sessions) },
    breaks: broken && { ...broken, at: breakTime(events.time, broken.row), untrusted: untrustedTime(events.time, broken.row, span) },
  };
}

function fullest(lanes: readonly Lane[]): number {
  return lanes.reduce((most, lane) => Math.max(most, ...lane.trusted, ...lane.untrusted), 1);
}

function breakTime(times: Float64Array, row: number): number {
  for (let place = Math.min(row, times.length - 1); place >= 0; place -= 1) {
    const time = times[place] ?? Number.NaN;
    if (Number.isFinite(time)) return time;
  }
  return Number.NaN;
}

function untrustedTime(times: Float64Array, row: number, span: Span): Span | null {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let place = row; place < times.length; place += 1) {
    const time = times[place] ?? Number.NaN;
    if (!(time >= span.from && time <= span.to)) continue;
    if (time < from) from = time;
    if (time > to) to = time;
  }
  return from <= to ? { from, to } : null;
}

function count(lane: Lane | undefined, column: number, row: number, isTrusted: boolean): void {
  if (lane === undefined) return;
  const counts = isTrusted ? lane.trusted : lane.untrusted;
  counts[column] = (counts[column] ?? 0) + 1;
  if (lane.first[column] === -1) lane.first[column] = row;
}

function emptyLane(name: string, look: Lane['look'], columns: number): Lane {
  return { name, look, trusted: new Uint32Array(columns), untrusted: new Uint32Array(columns), first: new Int32Array(columns).fill(-1) };
}

/** A lane a kind, and one for all that are too many; and the lane of each kind. */
function kindLanes(model: Model, columns: number): { readonly lanes: readonly Lane[]; readonly places: Int8Array } {
  const all = kindGroups(model).flatMap(({ slot, kinds }) => kinds.map((kind) => ({ slot, kind })));
  const places = new Int8Array(model.kinds.length).fill(-1);
  const hasRest = all.length > KINDS;
  for (const [place, { kind }] of all.entries()) places[kind] = Math.min(place, KINDS - 1);
  const lanes = all.slice(0, KINDS).map(({ slot, kind }, place) => {
    const isRest = hasRest && place === KINDS - 1;
    return emptyLane(isRest ? `${all.length - KINDS + 1} other kinds` : visible(model.kinds[kind] ?? ''), slot, columns);
  });
  // A line that cannot be read has no kind, and is an event of none.
  if (model.kinds[0] === '') places[0] = -1;
  if (model.coverage.unreadable.count === 0) return { lanes, places };
  places[0] = lanes.length;
  return { lanes: [...lanes, emptyLane('cannot be read', 'bad', columns)], places };
}

function sessionsIn({ sessions, events }: Model, span: Span): readonly number[] {
  const overlaps = (first: number, last: number) => !((events.time[first] ?? Number.NaN) > span.to || (events.time[last] ?? Number.NaN) < span.from);
  return sessions.flatMap(({ first, last }, place) => (overlaps(first, last) ? [place] : []));
}

function sessionLane({ sessions, events }: Model, place: number, columns: number): SessionLane {
  const { id = '', agent = '', first = 0, last = 0, ended = true } = sessions[place] ?? {};
  const times = [events.time[first] ?? Number.NaN, events.time[last] ?? Number.NaN];
  const extent = times.every(Number.isFinite) ? { from: Math.min(...times), to: Math.max(...times) } : null;
  const name = visible(agent === '' ? id : `${agent} ${id}`);
  return { ...emptyLane(name, 1, columns), extent, ended };
}

function callsOf({ events, kinds }: Model, end: number, span: Span, columns: number): CallLane | null {
  const called = kinds.indexOf('ToolCalled');
  const found: CallBar[] = [];
  const longest = new Float64Array(columns);
  let [total, most] = [0, 0];
  for (let row = 0; row < events.length; row += 1) {
    const pair = events.pair[row] ?? -1;
    if (pair <= row || events.kind[row] !== called) continue;
    const [from, to] = [events.time[row] ?? Number.NaN, events.time[pair] ?? Number.NaN];
    if (!(to >= span.from && from <= span.to && to >= from)) continue;
    total += 1;
    const column = Math.max(0, columnOf(span, columns, from));
    longest[column] = Math.max(longest[column] ?? 0, to - from);
    most = Math.max(most, to - from);
    if (total <= BARS) found.push({ row, from, to, level: 0, trusted: pair < end, failed: events.outcome[pair] === 0 });
  }
  if (total === 0) return null;
  const bars = total > BARS ? [] : levelled(found);
  return { count: total, levels: 1 + Math.max(0, ...bars.map(({ level }) => level)), bars, longest, most };
}

/** Bars on the lowest level that is free when they begin; on the last one when none is. */
function levelled(bars: readonly CallBar[]): readonly CallBar[] {
  const ends = Array.from({ length: LEVELS }, () => Number.NEGATIVE_INFINITY);
  return bars.toSorted((one, other) => one.from - other.from).map((bar) => {
    const free = ends.findIndex((time) => time <= bar.from);
    const level = free === -1 ? LEVELS - 1 : free;
    ends[level] = bar.to;
    return { ...bar, level };
  });
}
