/*
 * How long tools took: how many returns took how long, and the times that half and 95 of 100 of them stayed within.
 */

import { useMemo } from 'preact/hooks';
import { counted, grouped } from '../../src/cli/words.js';
import type { LatencyHistogram, Model } from '../model/model.js';
import { type Box, CountAxis, countScale } from './axis.js';
import { Figure } from './figure.js';
import { fillOf } from './patterns.js';
import { durationText } from './time.js';
import { useWidth } from './width.js';

const HEIGHT = 220;
const SLOT = 2;
const ID = 'chart-latencies';

/** The picture. */
export function Latencies({ model }: { readonly model: Model }) {
  const [measure, width] = useWidth();
  const { latencies } = model;
  const quantiles = useMemo(() => quantilesOf(model), [model]);
  const total = latencies.counts.reduce((sum, count) => sum + count, 0);
  if (total === 0 || quantiles === null) return <p class="chart-empty">No tool returned.</p>;
  const { upTo, counts } = occupied(latencies);
  const box: Box = { left: 52, right: width - 8, top: 34, bottom: HEIGHT - 26 };
  const scale = countScale(Math.max(...counts), box);
  const step = (box.right - box.left) / counts.length;
  const place = (value: number) => box.left + step * bucketPlace(upTo, value);
  return (
    <Figure
      id={ID}
      title="Latencies of tools"
      description={`${counted(total, 'return')}: half of them within ${durationText(quantiles.p50)}, 95 of 100 within ${durationText(quantiles.p95)}, as the tools' callers say.`}
      width={width}
      height={HEIGHT}
      slots={[SLOT]}
      table={{
        columns: ['Up to', 'Returns'],
        rows: upTo.map((bound, bucket) => [boundText(upTo, bucket, bound), grouped(counts[bucket] ?? 0)]),
      }}
      measure={measure}
    >
      <CountAxis scale={scale} box={box} />
      {counts.map((count, bucket) => (
        <g key={bucket} class="chart-axis">
          {count > 0 && (
            <rect x={box.left + bucket * step + 1} y={scale(count)} width={Math.max(1, step - 2)} height={box.bottom - scale(count)} fill={fillOf(ID, SLOT)} />
          )}
          {hasLabel(bucket, counts.length, step) && (
            <BoundLabel text={boundText(upTo, bucket, upTo[bucket] ?? 0)} x={box.left + (bucket + 0.5) * step} box={box} />
          )}
        </g>
      ))}
      <Mark name="p50" value={quantiles.p50} x={place(quantiles.p50)} box={box} level={12} />
      <Mark name="p95" value={quantiles.p95} x={place(quantiles.p95)} box={box} level={26} />
    </Figure>
  );
}

/** The bound of a bucket, below it; the last one may be longer than there is room. */
function BoundLabel({ text, x, box }: { readonly text: string; readonly x: number; readonly box: Box }) {
  const isLast = x + 40 > box.right;
  return <text x={isLast ? box.right : x} y={box.bottom + 17} text-anchor={isLast ? 'end' : 'middle'}>{text}</text>;
}

function Mark({ name, value, x, box, level }: { readonly name: string; readonly value: number; readonly x: number; readonly box: Box; readonly level: number }) {
  const isRight = x > (box.left + box.right) / 2;
  return (
    <g class="chart-mark">
      <line x1={x} x2={x} y1={level - 8} y2={box.bottom} />
      <text x={x + (isRight ? -6 : 6)} y={level} text-anchor={isRight ? 'end' : 'start'}>{`${name} ${durationText(value)}`}</text>
    </g>
  );
}

/** Exact ones, by the nearest rank; null when nothing took any time. */
function quantilesOf({ events, kinds }: Model): { readonly p50: number; readonly p95: number } | null {
  const returned = kinds.indexOf('ToolReturned');
  const durations = events.duration.filter((value, row) => events.kind[row] === returned && Number.isFinite(value)).toSorted();
  const at = (share: number) => durations[Math.max(0, Math.ceil(durations.length * share) - 1)] ?? 0;
  return returned === -1 || durations.length === 0 ? null : { p50: at(0.5), p95: at(0.95) };
}

/** Without the empty buckets at both ends. */
function occupied({ upTo, counts }: LatencyHistogram): LatencyHistogram {
  const first = Math.max(0, counts.findIndex((count) => count > 0) - 1);
  const last = counts.findLastIndex((count) => count > 0) + 1;
  return { upTo: upTo.slice(first, last), counts: counts.slice(first, last) };
}

/** How many buckets lie below a value, with the part of its own one. */
function bucketPlace(upTo: readonly number[], value: number): number {
  const bucket = upTo.findIndex((bound) => value <= bound);
  const [below, bound] = [upTo[bucket - 1] ?? 0, upTo[bucket] ?? Number.POSITIVE_INFINITY];
  return bucket + (Number.isFinite(bound) && bound > below ? Math.max(0, (value - below) / (bound - below)) : 0.5);
}

function boundText(upTo: readonly number[], bucket: number, bound: number): string {
  return Number.isFinite(bound) ? durationText(bound) : `over ${durationText(upTo[bucket - 1] ?? 0)}`;
}

/** Labels are left out where there is no room for all. */
function hasLabel(bucket: number, buckets: number, step: number): boolean {
  const every = Math.max(1, Math.ceil(64 / step));
  return (buckets - 1 - bucket) % every === 0;
}
