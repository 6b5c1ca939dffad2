/*
 * Rows of the timeline, and where they stand.
 */

import { grouped } from '../../src/cli/words.js';
import type { BreakPlace, CallLane, Lane, Lanes, SessionLane } from './lanes.js';
import { fillOf } from './patterns.js';
import { durationText, type Span } from './time.js';

/** Where everything stands, in units of the view box. */
export interface Layout {
  readonly left: number;
  readonly right: number;
  readonly columns: number;
  readonly span: Span;
  readonly top: number;
  readonly bottom: number;
  readonly height: number;
  /** Height of a lane. */
  readonly lane: number;
  /** Tops of the rows of each part. */
  readonly kinds: number;
  readonly failures: number;
  readonly calls: number;
  readonly callsHeight: number;
  readonly sessions: number;
  readonly headings: readonly { readonly text: string; readonly y: number }[];
}

const LANE = 22;
const HEADING = 26;
const TOP = 24;
/** The line above that says where the ledger breaks. */
const BREAK = 20;
const LEVEL = 9;
const COLUMNS_HEIGHT = 40;

/** Places all rows. */
export function layoutOf(lanes: Lanes, frame: Pick<Layout, 'left' | 'right' | 'columns' | 'span'>): Layout {
  const { calls } = lanes;
  const headings: { text: string; y: number }[] = [];
  const start = lanes.breaks === null ? TOP : TOP + BREAK;
  let y = start;
  const part = (text: string, height: number) => {
    if (height === 0) return y;
    headings.push({ text, y: y + 17 });
    const top = y + HEADING;
    y = top + height;
    return top;
  };
  const kinds = part('Kinds', (lanes.kinds.length + (lanes.failures === null ? 0 : 1)) * LANE);
  const callsHeight = calls === null ? 0 : calls.bars.length > 0 ? calls.levels * LEVEL + 4 : COLUMNS_HEIGHT;
  const callsTop = part('Calls of tools', callsHeight);
  const sessions = part('Sessions', lanes.sessions.length * LANE);
  return {
    ...frame,
    top: start,
    bottom: y,
    height: y + 6,
    lane: LANE,
    kinds,
    failures: kinds + lanes.kinds.length * LANE,
    calls: callsTop,
    callsHeight,
    sessions,
    headings,
  };
}

interface RowProps<Of extends Lane> {
  readonly id: string;
  readonly lane: Of;
  readonly y: number;
  readonly most: number;
  readonly layout: Layout;
}

/** A lane: a name, a line, and a mark in each column with events, as high as they are many. */
export function LaneRow({ id, lane, y, most, layout }: RowProps<Lane>) {
  const { left, right } = layout;
  const middle = y + LANE / 2;
  return (
    <g>
      <Name text={lane.name} y={y} layout={layout} />
      <line class="chart-rule" x1={left} x2={right} y1={middle} y2={middle} />
      <path class={classOf(lane.look)} d={marks(lane.trusted, lane.untrusted, middle, most, layout, 0)} />
      <path class="timeline-untrusted" d={marks(lane.untrusted, lane.trusted, middle, most, layout, 1)} fill={fillOf(id, 'untrusted')} />
    </g>
  );
}

/** The lane of a session, from its first event to its last one; open where nothing says that it ended. */
export function SessionRow({ id, lane, y, most, layout }: RowProps<SessionLane>) {
  const { extent, ended } = lane;
  const middle = y + LANE / 2;
  const [from, to] = extent === null ? [layout.left, layout.left] : [placeOf(layout, extent.from), placeOf(layout, extent.to)];
  return (
    <g>
      {extent !== null && <rect class={ended ? 'timeline-session' : 'timeline-session timeline-open'} x={from - 2} y={middle - 9} width={to - from + 4} height={18} rx={4} />}
      <LaneRow id={id} lane={lane} y={y} most={most} layout={layout} />
      {!ended && extent !== null && (
        <text class="timeline-label" x={Math.min(to + 7, layout.right)} y={middle} dy="0.32em" text-anchor={to + 50 > layout.right ? 'end' : 'start'}>no end</text>
      )}
    </g>
  );
}

/** Calls with the time that they took: a bar each, or the longest one of a column. */
export function CallBars({ id, calls, layout }: { readonly id: string; readonly calls: CallLane; readonly layout: Layout }) {
  const { left, columns, right } = layout;
  const width = (right - left) / columns;
  const bottom = layout.calls + layout.callsHeight;
  const name = calls.bars.length > 0 ? 'call to return' : 'longest call';
  const columnPath = Array.from(calls.longest, (longest, column) => {
    if (longest <= 0) return '';
    const height = Math.max(1.5, (longest / calls.most) * (COLUMNS_HEIGHT - 4));
    return box(left + column * width, bottom - height, width - 1, height);
  });
  return (
    <g>
      <Name text={name} y={layout.calls - 4} layout={layout} />
      {calls.bars.map((bar) => {
        const [from, to] = [placeOf(layout, bar.from), placeOf(layout, bar.to)];
        const look = bar.trusted ? { class: classOf(bar.failed ? 'bad' : 1) } : { class: 'timeline-untrusted', fill: fillOf(id, 'untrusted') };
        return (
          <rect key={bar.row} x={from} y={layout.calls + bar.level * LEVEL} width={Math.max(2, to - from)} height={LEVEL - 3} {...look}>
            <title>{`${durationText(bar.to - bar.from)}${bar.failed ? ', failed' : ''}${bar.trusted ? '' : ', not trusted'}`}</title>
          </rect>
        );
      })}
      {calls.bars.length === 0 && (
        <>
          <line class="chart-rule" x1={left} x2={right} y1={bottom} y2={bottom} />
          <path class={classOf(1)} d={columnPath.join('')} />
          <text class="timeline-label" x={left - 8} y={layout.calls + 26} text-anchor="end">{`up to ${durationText(calls.most)}`}</text>
        </>
      )}
    </g>
  );
}

/** Where the ledger breaks, and the time of what is not trusted behind it. */
export function BreakMark({ id, place, layout }: { readonly id: string; readonly place: BreakPlace; readonly layout: Layout }) {
  const { top, bottom, left, right } = layout;
  const { line, count, at, untrusted } = place;
  const x = placeOf(layout, at);
  const isRight = x > (left + right) / 2;
  const text = line === null ? 'breaks at the end' : `breaks at line ${grouped(line)}`;
  const [from, to] = untrusted === null ? [x, x] : [placeOf(layout, untrusted.from), placeOf(layout, untrusted.to)];
  return (
    <g>
      {untrusted !== null && <rect class="timeline-untrusted-time" x={from} y={top} width={Math.max(2, to - from)} height={bottom - top} fill={fillOf(id, 'untrusted')} />}
      <line class="timeline-break" x1={x} x2={x} y1={16} y2={bottom} />
      <path class="timeline-break-sign" d={`M${x - 5} 5L${x + 5} 15M${x + 5} 5L${x - 5} 15`} />
      <text class="timeline-break-text" x={x + (isRight ? -10 : 10)} y={14} text-anchor={isRight ? 'end' : 'start'}>{count > 0 ? `${text}, not trusted behind` : text}</text>
    </g>
  );
}

/** Lanes have names: their marks need no weave. */
function classOf(look: Lane['look']): string {
  return look === 'bad' ? 'chart-bad' : `chart-kind-${look}`;
}

function Name({ text, y, layout }: { readonly text: string; readonly y: number; readonly layout: Layout }) {
  return (
    <svg class="chart-label" x={0} y={y} width={layout.left - 10} height={LANE}>
      <text x={0} y={LANE / 2} dy="0.32em">{text}</text>
    </svg>
  );
}

/** One path for all columns. Where a column has both, each takes a half of it. */
function marks(counts: Uint32Array, others: Uint32Array, middle: number, most: number, { left, right, columns }: Layout, half: 0 | 1): string {
  const width = (right - left) / columns;
  let path = '';
  for (const [column, count] of counts.entries()) {
    if (count === 0) continue;
    const isShared = (others[column] ?? 0) > 0;
    const height = 5 + (LANE - 9) * Math.sqrt(count / most);
    const mark = isShared ? (width - 1) / 2 : width - 1;
    path += box(left + column * width + (isShared ? half * mark : 0), middle - height / 2, mark, height);
  }
  return path;
}

function box(x: number, y: number, width: number, height: number): string {
  return `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
}

function placeOf({ left, right, span }: Layout, time: number): number {
  const share = (time - span.from) / (span.to - span.from);
  return round(left + Math.min(1, Math.max(0, Number.isNaN(share) ? 0 : share)) * (right - left));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
