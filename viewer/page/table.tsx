/*
 * The table of events: a grid of which only the rows on the screen exist. One row is current; keys move it.
 *
 *   arrows, Page Up, Page Down, Home, End   move        Enter   to the event's detail       Escape   closes it
 */

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { grouped } from '../../src/cli/words.js';
import type { Model } from '../model/model.js';
import { placesOf } from './places.js';
import { BreakRow, EventRow } from './row.js';
import type { Trust } from './trust.js';
import { type Rows, scrollToRow, windowAt } from './virtual.js';

const ROW_HEIGHT = 34;
const COLUMNS = ['Event', 'Time, UTC', 'Kind', 'What', 'Outcome', 'Took', 'Session', 'Signer'];

interface Props {
  readonly model: Model;
  readonly trust: Trust;
  /** Places in {@link KindGroup}s by place in `Model.kinds`. */
  readonly slots: readonly number[];
  /** Rows that are shown; null for all. */
  readonly rows: Uint32Array | null;
  /** The row whose detail is shown; null for none. */
  readonly selected: number | null;
  readonly onSelect: (row: number | null) => void;
  /** Moves the focus to the detail. */
  readonly onEnter: () => void;
}

export function EventTable({ model, trust, slots, rows, selected, onSelect, onEnter }: Props) {
  const view = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [viewHeight, setViewHeight] = useState(600);
  const places = placesOf(model.events.length, rows, trust.end?.row ?? null);
  const size: Rows = { count: places.count, rowHeight: ROW_HEIGHT, viewHeight };
  const { first, end, top, height } = windowAt(size, scrollTop);
  const current = selected === null ? -1 : places.placeOf(selected);

  useLayoutEffect(() => {
    const element = view.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setViewHeight(element.clientHeight - HEADER_HEIGHT));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (current === -1 || view.current === null) return;
    view.current.scrollTop = scrollToRow(size, view.current.scrollTop, current);
  }, [current, viewHeight, rows]);

  const move = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor(viewHeight / ROW_HEIGHT) - 1);
    const next = stepOf(event.key, current, page, places.count);
    if (event.key === 'Enter' && selected !== null) onEnter();
    else if (event.key === 'Escape') onSelect(null);
    else if (next === null) return;
    else onSelect(places.rowNear(Math.min(Math.max(next, 0), places.count - 1), next < current));
    event.preventDefault();
  };

  return (
    <div
      ref={view}
      class="grid"
      role="grid"
      tabIndex={0}
      aria-label="Events"
      aria-rowcount={places.count + 1}
      aria-colcount={COLUMNS.length}
      aria-activedescendant={current === -1 ? undefined : `row-${selected}`}
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
      onKeyDown={move}
    >
      <div class="grid-row grid-head" role="row" aria-rowindex={1}>
        {COLUMNS.map((name) => (
          <div key={name} role="columnheader" class={`head-${name.toLowerCase().replace(/\W.*/, '')}`}>
            {name}
          </div>
        ))}
      </div>
      <div class="grid-space" role="presentation" style={{ height: `${height}px` }}>
        <div class="grid-rows" role="presentation" style={{ transform: `translateY(${top}px)` }}>
          {Array.from({ length: end - first }, (_, index) => {
            const place = first + index;
            const row = places.rowAt(place);
            if (row === -1) return trust.end && <BreakRow key="break" index={place + 2} end={trust.end} columns={COLUMNS.length} />;
            return (
              <EventRow
                key={row}
                model={model}
                row={row}
                index={place + 2}
                slot={slots[model.events.kind[row] ?? 0] ?? 0}
                isTrusted={row < trust.rows}
                isSelected={row === selected}
                onSelect={onSelect}
              />
            );
          })}
        </div>
      </div>
      {places.count === 0 && <p class="grid-empty">{`None of ${grouped(model.events.length)} events is like that.`}</p>}
    </div>
  );
}

const HEADER_HEIGHT = 34;

/** Where a key leads; null for a key that leads nowhere. */
function stepOf(key: string, current: number, page: number, count: number): number | null {
  if (key === 'ArrowDown') return current + 1;
  if (key === 'ArrowUp') return current === -1 ? 0 : current - 1;
  if (key === 'PageDown') return current + page;
  if (key === 'PageUp') return current - page;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : null;
}
