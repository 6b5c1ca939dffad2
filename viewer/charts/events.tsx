/*
 * Events over time: columns of equal time, stacked by kind. A time is chosen by drawing over it, or by the two controls
 * below it.
 */

import { useMemo, useRef, useState } from 'preact/hooks';
import { counted, grouped } from '../../src/cli/words.js';
import type { Model } from '../model/model.js';
import { type Box, CountAxis, countScale, TimeAxis } from './axis.js';
import { Figure, type LegendItem, placeIn } from './figure.js';
import { groupsByKind, type KindGroup, kindGroups } from './kinds.js';
import { fillOf } from './patterns.js';
import type { TimeViewProps } from './props.js';
import { columnOf, columnSpan, type LedgerTime, ledgerTime, type Span, spanText, timeText } from './time.js';
import { type Break, breakOf } from './trust.js';
import { useWidth } from './width.js';

const COLUMNS = 60;
const HEIGHT = 220;
const ID = 'chart-events';

/** The picture. */
export function EventsOverTime({ model, report, range = null, onRange }: TimeViewProps) {
  const [measure, width] = useWidth();
  const broken = useMemo(() => breakOf(model, report), [model, report]);
  const stacks = useMemo(() => stacksOf(model, broken), [model, broken]);
  const [drawn, setDrawn] = useState<Span | null>(null);
  const start = useRef<number | null>(null);
  if (stacks === null) return <p class="chart-empty">There is no event with a time.</p>;
  const { time, groups, trusted, untrusted, most } = stacks;
  const box: Box = { left: 52, right: width - 8, top: 10, bottom: HEIGHT - 26 };
  const scale = countScale(most, box);
  const step = (box.right - box.left) / COLUMNS;
  const timeAt = (event: PointerEvent) => {
    const share = (placeIn(event, width).x - box.left) / (box.right - box.left);
    return time.from + Math.min(1, Math.max(0, share)) * (time.to - time.from);
  };
  const drawnTo = (event: PointerEvent): Span | null => {
    if (start.current === null) return null;
    const end = timeAt(event);
    return { from: Math.min(start.current, end), to: Math.max(start.current, end) };
  };
  const pointer = onRange === undefined ? {} : {
    isActive: true,
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      start.current = timeAt(event);
    },
    onPointerMove: (event: PointerEvent) => start.current !== null && setDrawn(drawnTo(event)),
    onPointerUp: (event: PointerEvent) => {
      const chosen = drawnTo(event);
      start.current = null;
      setDrawn(null);
      // A click without a way is none.
      if (event.type === 'pointerup' && chosen !== null && chosen.to - chosen.from > (time.to - time.from) / 500) onRange(chosen);
    },
  };
  const shown = drawn ?? range;
  const total = trusted.flat().reduce((sum, count) => sum + count, 0) + untrusted.reduce((sum, count) => sum + count, 0);
  return (
    <Figure
      id={ID}
      title="Events over time"
      extent={spanText(time)}
      description={`${counted(total, 'event')} from ${spanText(time)}, in ${COLUMNS} columns of equal time, stacked by kind.`}
      width={width}
      height={HEIGHT}
      slots={groups.map(({ slot }) => slot)}
      legend={legendOf(groups, broken)}
      note={notesOf(time, broken)}
      table={tableOf(stacks)}
      measure={measure}
      controls={onRange !== undefined && <RangeControls time={time} range={range} onRange={onRange} />}
      {...pointer}
    >
      <CountAxis scale={scale} box={box} />
      <TimeAxis span={time} box={box} />
      {Array.from({ length: COLUMNS }, (_, column) => {
        const parts = [...groups.map(({ slot }, place) => [slot, trusted[place]?.[column] ?? 0] as const), ['untrusted', untrusted[column] ?? 0] as const];
        let below = 0;
        return parts.filter(([, count]) => count > 0).map(([look, count]) => {
          const [bottom, top] = [scale(below), scale(below + count)];
          below += count;
          return <rect key={look} x={box.left + column * step + 0.5} y={top} width={Math.max(1, step - 1)} height={bottom - top} fill={fillOf(ID, look)} />;
        });
      })}
      {shown !== null && <Selection span={shown} time={time} box={box} />}
    </Figure>
  );
}

function Selection({ span, time, box }: { readonly span: Span; readonly time: Span; readonly box: Box }) {
  const place = (at: number) => box.left + (Math.min(time.to, Math.max(time.from, at)) - time.from) / (time.to - time.from) * (box.right - box.left);
  const [left, right] = [place(span.from), place(span.to)];
  return <rect class="chart-selection" x={left} y={box.top} width={Math.max(1, right - left)} height={box.bottom - box.top} />;
}

/** The same by keyboard: a beginning and an end, each of them a column. */
function RangeControls({ time, range, onRange }: { readonly time: Span; readonly range: Span | null; readonly onRange: (range: Span | null) => void }) {
  const step = (time.to - time.from) / COLUMNS;
  const edge = (at: number) => Math.min(COLUMNS, Math.max(0, Math.round((at - time.from) / step)));
  const [from, to] = [edge(range?.from ?? time.from), edge(range?.to ?? time.to)];
  const choose = (first: number, last: number) => {
    const isAll = first <= 0 && last >= COLUMNS;
    onRange(isAll ? null : { from: time.from + first * step, to: time.from + last * step });
  };
  const control = (label: string, value: number, move: (value: number) => void) => (
    <label>
      {label}
      <input
        type="range"
        min={0}
        max={COLUMNS}
        step={1}
        value={value}
        aria-valuetext={timeText(time.from + value * step, step)}
        onInput={(event) => move(Number(event.currentTarget.value))}
      />
    </label>
  );
  return (
    <div class="chart-range" role="group" aria-label="Time that is shown">
      {control('From', from, (value) => choose(Math.min(value, to - 1), to))}
      {control('To', to, (value) => choose(from, Math.max(value, from + 1)))}
      <output>{spanText(range ?? time)}</output>
      <button type="button" disabled={range === null} onClick={() => onRange(null)}>All of it</button>
    </div>
  );
}

interface Stacks {
  readonly time: LedgerTime;
  readonly groups: readonly KindGroup[];
  /** Counts by group, by column. */
  readonly trusted: readonly (readonly number[])[];
  readonly untrusted: readonly number[];
  readonly most: number;
}

function stacksOf(model: Model, broken: Break | null): Stacks | null {
  const { events } = model;
  const time = ledgerTime(events.time);
  if (time === null) return null;
  const groups = kindGroups(model);
  const places = groupsByKind(model, groups);
  const column = () => Array.from({ length: COLUMNS }, () => 0);
  const [trusted, untrusted, totals] = [groups.map(column), column(), column()];
  const end = broken?.row ?? events.length;
  for (let row = 0; row < events.length; row += 1) {
    const at = columnOf(time, COLUMNS, events.time[row] ?? Number.NaN);
    const counts = row < end ? trusted[places[events.kind[row] ?? 0] ?? -1] : untrusted;
    if (at === -1 || counts === undefined) continue;
    counts[at] = (counts[at] ?? 0) + 1;
    totals[at] = (totals[at] ?? 0) + 1;
  }
  return { time, groups, trusted, untrusted, most: Math.max(...totals) };
}

function legendOf(groups: readonly KindGroup[], broken: Break | null): readonly LegendItem[] {
  const kinds = groups.map(({ slot, name }) => ({ look: slot, text: name }));
  return broken === null || broken.count === 0 ? kinds : [...kinds, { look: 'untrusted', text: `not trusted: ${counted(broken.count, 'row')} from the break on` }];
}

function notesOf({ outside }: LedgerTime, broken: Break | null): string | null {
  const far = outside === 0 ? [] : [`${counted(outside, 'event')} with a time far from all others ${outside === 1 ? 'is' : 'are'} not in the picture.`];
  const cut = broken !== null && broken.count === 0 ? ['The ledger breaks at its end.'] : [];
  return [...far, ...cut].join(' ') || null;
}

function tableOf({ time, groups, trusted, untrusted }: Stacks) {
  const hasUntrusted = untrusted.some((count) => count > 0);
  const rows = Array.from({ length: COLUMNS }, (_, column) => {
    const counts = [...trusted.map((series) => series[column] ?? 0), ...(hasUntrusted ? [untrusted[column] ?? 0] : [])];
    return { counts, from: timeText(columnSpan(time, COLUMNS, column).from, (time.to - time.from) / COLUMNS) };
  });
  return {
    columns: ['From', ...groups.map(({ name }) => name), ...(hasUntrusted ? ['not trusted'] : [])],
    rows: rows.filter(({ counts }) => counts.some((count) => count > 0)).map(({ from, counts }) => [from, ...counts.map(grouped)]),
  };
}
