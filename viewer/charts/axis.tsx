/*
 * Axes: numbers upwards, times to the right.
 */

import { scaleLinear } from 'd3-scale';
import { type Span, type Tick, timeTicks } from './time.js';

/** Room around what is drawn, in units of the view box. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const TICK_WIDTH = 96;
/** Of a label's text, at most. */
const DIGIT_WIDTH = 6.6;

/** A scale from 0 to a round number that is not below `most`. */
export function countScale(most: number, { top, bottom }: Box) {
  return scaleLinear().domain([0, Math.max(1, most)]).nice(4).range([bottom, top]);
}

/** Lines of whole numbers. */
export function CountAxis({ scale, box }: { readonly scale: ReturnType<typeof countScale>; readonly box: Box }) {
  const ticks = scale.ticks(4).filter(Number.isInteger);
  return (
    <g class="chart-axis">
      {ticks.map((count) => (
        <g key={count}>
          <line class={count === 0 ? 'chart-base' : 'chart-rule'} x1={box.left} x2={box.right} y1={scale(count)} y2={scale(count)} />
          <text x={box.left - 8} y={scale(count)} dy="0.32em" text-anchor="end">{shortCount(count)}</text>
        </g>
      ))}
    </g>
  );
}

/** Marks of round times below the box, or above it. */
export function TimeAxis({ span, box, isAbove = false }: { readonly span: Span; readonly box: Box; readonly isAbove?: boolean }) {
  const [mark, text] = isAbove ? [box.top - 4, box.top - 9] : [box.bottom + 4, box.bottom + 17];
  return (
    <g class="chart-axis">
      {timeMarks(span, box).map(({ at, label, x, left }) => (
        <g key={at}>
          <line class="chart-rule" x1={x} x2={x} y1={isAbove ? mark : box.bottom} y2={isAbove ? box.bottom : mark} />
          {left !== null && <text x={left} y={text}>{label}</text>}
        </g>
      ))}
    </g>
  );
}

interface TimeMark extends Tick {
  readonly x: number;
  /** Where its label begins; null where that would be on another one. */
  readonly left: number | null;
}

/** Labels are centred, and moved inwards at either end. */
function timeMarks(span: Span, box: Box): readonly TimeMark[] {
  const width = box.right - box.left;
  let taken = Number.NEGATIVE_INFINITY;
  return timeTicks(span, Math.max(2, Math.floor(width / TICK_WIDTH))).map(({ at, label }) => {
    const x = box.left + ((at - span.from) / (span.to - span.from)) * width;
    const length = label.length * DIGIT_WIDTH;
    const left = Math.min(box.right - length, Math.max(box.left, x - length / 2));
    const isFree = left >= taken;
    if (isFree) taken = left + length + DIGIT_WIDTH;
    return { at, label, x, left: isFree ? left : null };
  });
}

/** `1,200`, `12k`, `3.4M`. */
export function shortCount(count: number): string {
  if (count < 10_000) return count.toLocaleString('en-US');
  const [value, unit] = count < 1_000_000 ? [count / 1000, 'k'] : count < 1e9 ? [count / 1e6, 'M'] : [count / 1e9, 'G'];
  return `${Number(value.toFixed(1))}${unit}`;
}
