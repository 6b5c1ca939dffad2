/*
 * Tables in text: the first column to the left, numbers to the right.
 */

import type { Output } from './output.js';
import { paint } from './output.js';
import { visible } from './safe-text.js';

/** Prints a head and its rows, indented, each column as wide as its widest cell. */
export function printTable(out: Output, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const shown = rows.map((row) => row.map(visible));
  const widths = head.map((title, column) => Math.max(title.length, ...shown.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  out.line('  ', paint('dim', line(head).trimEnd()));
  for (const row of shown) out.line('  ', line(row).trimEnd());
}
