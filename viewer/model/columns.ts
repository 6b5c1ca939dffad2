/*
 * Columns of a table that grows: all of them double when one row more does not fit.
 */

import type { EventTable } from './model.js';

type Mutable = { -readonly [Name in keyof EventTable]: EventTable[Name] };

/** The columns of a table that is being filled, and how many rows it has. */
export class Columns {
  table: Mutable = columnsOf(1024);

  get length(): number {
    return this.table.length;
  }

  /** Adds a row in which nothing is known, and says which. */
  add(): number {
    const row = this.table.length;
    if (row === this.table.line.length) this.table = resized(this.table, 2 * row);
    this.table.length = row + 1;
    this.table.seq[row] = -1;
    this.table.time[row] = Number.NaN;
    this.table.outcome[row] = -1;
    this.table.duration[row] = Number.NaN;
    this.table.session[row] = -1;
    this.table.pair[row] = -1;
    this.table.signer[row] = -1;
    return row;
  }

  /** The table, of columns that are as long as it is. */
  finish(): EventTable {
    return resized(this.table, this.table.length);
  }
}

/** The memory behind the columns, to be handed to another thread. */
export function buffersOf(table: EventTable): ArrayBuffer[] {
  return Object.values(table).flatMap((column: number | Uint8Array) => (typeof column === 'number' ? [] : [column.buffer as ArrayBuffer]));
}

function columnsOf(capacity: number): Mutable {
  return {
    length: 0,
    file: new Uint16Array(capacity),
    offset: new Float64Array(capacity),
    bytes: new Uint32Array(capacity),
    line: new Uint32Array(capacity),
    seq: new Float64Array(capacity),
    time: new Float64Array(capacity),
    kind: new Uint16Array(capacity),
    label: new Uint32Array(capacity),
    outcome: new Int8Array(capacity),
    duration: new Float64Array(capacity),
    session: new Int32Array(capacity),
    pair: new Int32Array(capacity),
    signer: new Int16Array(capacity),
  };
}

function resized({ length, ...columns }: EventTable, capacity: number): Mutable {
  const larger = columnsOf(capacity);
  for (const name of Object.keys(columns) as (keyof typeof columns)[]) larger[name].set(columns[name].subarray(0, length));
  larger.length = length;
  return larger;
}
