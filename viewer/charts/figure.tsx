/*
 * A picture with all that belongs to it: a title, a sentence that says what is in it, a legend, and the same numbers as a
 * table for who does not see it or wants them.
 */

import type { ComponentChildren, RefObject } from 'preact';
import { fillOf, Patterns } from './patterns.js';

/** An entry of a legend. */
export interface LegendItem {
  readonly look: number | 'untrusted' | 'bad';
  readonly text: string;
}

/** The numbers of a picture. */
export interface FigureTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

interface FigureProps {
  /** Names its fills. Of its own: one in a hidden section of the page would be found first, and paint nothing. */
  readonly id: string;
  readonly title: string;
  /** Stands behind the title. */
  readonly extent?: string;
  /** What is to be seen. Texts of a ledger in it are visible already. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly slots?: readonly number[];
  readonly legend?: readonly LegendItem[];
  readonly note?: string | null;
  readonly table: FigureTable;
  readonly measure: RefObject<HTMLDivElement | null>;
  /** Stands between the picture and its table. */
  readonly controls?: ComponentChildren;
  readonly onPointerDown?: (event: PointerEvent) => void;
  readonly onPointerMove?: (event: PointerEvent) => void;
  readonly onPointerUp?: (event: PointerEvent) => void;
  readonly onPointerLeave?: (event: PointerEvent) => void;
  readonly isActive?: boolean;
  readonly children: ComponentChildren;
}

/** Draws it. */
export function Figure(props: FigureProps) {
  const { id, title, extent, description, width, height, slots = [], legend = [], note = null, table, measure, controls, children } = props;
  const { onPointerDown, onPointerMove, onPointerUp, onPointerLeave, isActive = false } = props;
  return (
    <figure class="chart">
      <figcaption class="chart-title">
        <b>{title}</b>
        {extent !== undefined && <span>{extent}</span>}
      </figcaption>
      <div class="chart-frame" ref={measure}>
        <svg
          class={isActive ? 'chart-picture chart-active' : 'chart-picture'}
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-labelledby={`${id}-title ${id}-text`}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={onPointerUp}
          onPointerLeave={onPointerLeave}
        >
          <title id={`${id}-title`}>{title}</title>
          <desc id={`${id}-text`}>{description}</desc>
          <Patterns id={id} slots={slots} />
          {children}
        </svg>
      </div>
      {controls}
      {legend.length > 0 && (
        <ul class="chart-legend">
          {legend.map(({ look, text }) => (
            <li key={look}>
              <svg class="chart-swatch" viewBox="0 0 14 14" aria-hidden="true">
                <rect width="14" height="14" rx="2" fill={fillOf(id, look)} />
              </svg>
              {text}
            </li>
          ))}
        </ul>
      )}
      {note !== null && <p class="chart-note">{note}</p>}
      <DataTable title={title} {...table} />
    </figure>
  );
}

function DataTable({ title, columns, rows }: FigureTable & { readonly title: string }) {
  return (
    <details class="chart-data">
      <summary>Numbers</summary>
      <div class="chart-scroll" tabIndex={0} role="region" aria-label={`Numbers: ${title}`}>
        <table>
          <thead>
            <tr>{columns.map((name) => <th key={name} scope="col">{name}</th>)}</tr>
          </thead>
          <tbody>
            {rows.map(([first, ...others], row) => (
              <tr key={row}>
                <th scope="row">{first}</th>
                {others.map((text, place) => <td key={place}>{text}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** Where a pointer is in a picture, from its left and its top, in units of its view box. */
export function placeIn(event: PointerEvent, width: number): { readonly x: number; readonly y: number } {
  const { left, top, width: shown } = (event.currentTarget as Element).getBoundingClientRect();
  const scale = shown > 0 ? width / shown : 1;
  return { x: (event.clientX - left) * scale, y: (event.clientY - top) * scale };
}
