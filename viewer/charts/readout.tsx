/*
 * Below the timeline: a control that goes from column to column by keyboard, what is in that column, and how to come closer.
 */

import { counted, grouped } from '../../src/cli/words.js';
import type { Model } from '../model/model.js';
import type { Lanes } from './lanes.js';
import { columnSpan, type Span, spanText } from './time.js';
import type { Break } from './trust.js';

interface ReadoutProps {
  readonly model: Model;
  readonly broken: Break | null;
  readonly lanes: Lanes;
  readonly span: Span;
  readonly columns: number;
  readonly column: number | null;
  readonly isZoomed: boolean;
  readonly onColumn: (column: number) => void;
  readonly onSelect: (row: number) => void;
  readonly onRange: ((range: Span | null) => void) | undefined;
}

/** A column is not made shorter than this. */
const LEAST = 1;

/** The controls. */
export function Readout(props: ReadoutProps) {
  const { model, broken, lanes, span, columns, column, isZoomed, onColumn, onSelect, onRange } = props;
  const filled = filledColumns(lanes, columns);
  const place = column === null ? -1 : nearest(filled, column);
  const text = column === null ? '' : columnText(lanes, span, columns, column);
  const row = column === null ? -1 : firstRow(lanes, column);
  const seq = model.events.seq[row] ?? -1;
  const zoom = (factor: number) => {
    if (onRange === undefined) return;
    const middle = column === null ? (span.from + span.to) / 2 : (columnSpan(span, columns, column).from + columnSpan(span, columns, column).to) / 2;
    const half = Math.max(columns * LEAST, (span.to - span.from) * factor) / 2;
    onRange({ from: middle - half, to: middle + half });
  };
  return (
    <div class="timeline-readout" role="group" aria-label="Place in the timeline">
      <label>
        Place
        <input
          type="range"
          min={0}
          max={Math.max(0, filled.length - 1)}
          step={1}
          value={Math.max(0, place)}
          aria-valuetext={text === '' ? 'no place chosen' : text}
          onInput={(event) => onColumn(filled[Number(event.currentTarget.value)] ?? 0)}
        />
      </label>
      <output>{text === '' ? 'Point at a place, or move the control.' : text}</output>
      <button type="button" disabled={row === -1} onClick={() => onSelect(row)}>
        {row === -1 ? 'Show event' : `Show ${seq === -1 ? `line ${grouped(model.events.line[row] ?? 0)}` : `event ${grouped(seq)}`}${broken !== null && row >= broken.row ? ' (not trusted)' : ''}`}
      </button>
      {onRange !== undefined && (
        <>
          <button type="button" onClick={() => zoom(0.25)}>Closer</button>
          <button type="button" disabled={!isZoomed} onClick={() => zoom(4)}>Wider</button>
          <button type="button" disabled={!isZoomed} onClick={() => onRange(null)}>All of it</button>
        </>
      )}
    </div>
  );
}

function filledColumns({ kinds }: Lanes, columns: number): readonly number[] {
  return Array.from({ length: columns }, (_, column) => column).filter((column) => kinds.some(({ first }) => first[column] !== -1));
}

function nearest(filled: readonly number[], column: number): number {
  const next = filled.findIndex((found) => found >= column);
  return next === -1 ? filled.length - 1 : next;
}

function firstRow({ kinds }: Lanes, column: number): number {
  return kinds.map(({ first }) => first[column] ?? -1).filter((row) => row !== -1).reduce((least, row) => (least === -1 ? row : Math.min(least, row)), -1);
}

function columnText({ kinds, failures }: Lanes, span: Span, columns: number, column: number): string {
  const events = kinds.flatMap(({ name, trusted, untrusted }) => {
    const count = (trusted[column] ?? 0) + (untrusted[column] ?? 0);
    return count === 0 ? [] : [`${grouped(count)} ${name}`];
  });
  const failed = (failures?.trusted[column] ?? 0) + (failures?.untrusted[column] ?? 0);
  const untrusted = kinds.reduce((sum, lane) => sum + (lane.untrusted[column] ?? 0), 0);
  const rest = [...(failed > 0 ? [`${grouped(failed)} failed`] : []), ...(untrusted > 0 ? [`${counted(untrusted, 'event')} not trusted`] : [])];
  return `${spanText(columnSpan(span, columns, column))}: ${[...(events.length === 0 ? ['nothing'] : events), ...rest].join(', ')}`;
}
