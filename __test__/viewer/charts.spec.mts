// What the viewer's pictures are made of: columns of time, lanes, and where trust ends.

import test from 'ava';
import type { ReportJson } from 'sealwright';
import { groupsByKind, kindGroups } from '../../viewer/charts/kinds.js';
import { lanesOf } from '../../viewer/charts/lanes.js';
import { columnOf, columnSpan, durationText, ledgerTime, spanText, timeText, timeTicks } from '../../viewer/charts/time.js';
import { breakOf } from '../../viewer/charts/trust.js';
import { Collector } from '../../viewer/model/collector.js';
import type { Model } from '../../viewer/model/model.js';

type Line = readonly [second: number, kind: string, payload?: object];

function modelOf(lines: readonly (Line | string)[]): Model {
  const collector = new Collector();
  collector.file('ledger.ndjson', 0);
  const texts = lines.map((line, seq) => {
    if (typeof line === 'string') return line;
    const [second, type, payload = {}] = line;
    return JSON.stringify({ seq, timestamp_nanos: second * 1e9, event: { type, payload }, signer_pubkey: 'a'.repeat(64) });
  });
  collector.block(Buffer.from(texts.join('\n')));
  return collector.finish();
}

const reportOf = (line: number | null, eventCount: number, ok = false) => ({ ok, line, eventCount }) as ReportJson;
const sum = (counts: Uint32Array | undefined) => counts?.reduce((total, count) => total + count, 0);

const calls = modelOf([
  [1000, 'SessionStarted', { session_id: 's', agent_id: 'agent' }],
  [1010, 'ToolCalled', { tool_name: 'search' }],
  [1040, 'ToolReturned', { tool_name: 'search', success: true, latency_ms: 30_000 }],
  [1050, 'ToolCalled', { tool_name: 'refund' }],
  '',
  'no event',
  [1090, 'ToolReturned', { tool_name: 'refund', success: false, latency_ms: 40_000 }],
  [1100, 'Custom', { name: 'note' }],
]);

test('trust ends at the line of the break, or behind the events that were accepted', (t) => {
  t.is(breakOf(calls, null), null);
  t.is(breakOf(calls, reportOf(null, 7, true)), null);
  t.deepEqual(breakOf(calls, reportOf(1, 0)), { row: 0, line: 1, count: 7 });
  // The fifth line is blank and has no row.
  t.deepEqual(breakOf(calls, reportOf(6, 4)), { row: 4, line: 6, count: 3 });
  t.deepEqual(breakOf(calls, reportOf(null, 4)), { row: 4, line: 6, count: 3 });
  t.deepEqual(breakOf(calls, reportOf(null, 7)), { row: 7, line: null, count: 0 });
});

test('the time of a ledger has a length, and leaves out the few that are far away', (t) => {
  t.is(ledgerTime(new Float64Array()), null);
  t.is(ledgerTime(Float64Array.of(Number.NaN)), null);
  t.deepEqual(ledgerTime(Float64Array.of(5000)), { from: 4500, to: 5500, outside: 0 });
  t.deepEqual(ledgerTime(Float64Array.of(9000, Number.NaN, 1000)), { from: 1000, to: 9000, outside: 0 });
  const times = Float64Array.from({ length: 1000 }, (_, index) => 1.7e12 + index * 1000);
  times[3] = 0;
  times[500] = 1.8e13;
  t.deepEqual(ledgerTime(times), { from: 1.7e12, to: 1.7e12 + 999_000, outside: 2 });
});

test('columns part a span, and its end is in the last one', (t) => {
  const span = { from: 100, to: 200 };
  t.deepEqual([99, 100, 109.9, 110, 199, 200, 201, Number.NaN].map((time) => columnOf(span, 10, time)), [-1, 0, 0, 1, 9, 9, -1, -1]);
  t.deepEqual(columnSpan(span, 10, 3), { from: 130, to: 140 });
});

test('times are written in UTC, no finer than a column is long', (t) => {
  const at = Date.UTC(2026, 10, 21, 9, 30, 15, 250);
  t.is(timeText(at), '2026-11-21 09:30:15.250 UTC');
  t.deepEqual([2000, 120_000, 2 * 86_400_000].map((length) => timeText(at, length)), ['2026-11-21 09:30:15 UTC', '2026-11-21 09:30 UTC', '2026-11-21 UTC']);
  t.is(timeText(1e300), 'beyond all dates        UTC');
  t.is(spanText({ from: at, to: at + 600_000 }), '2026-11-21 09:30:15 to 09:40:15 UTC');
  t.is(spanText({ from: at, to: at + 86_400_000 }), '2026-11-21 09:30 to 2026-11-22 09:30 UTC');
  const ticks = timeTicks({ from: Date.UTC(2026, 10, 21, 22), to: Date.UTC(2026, 10, 22, 2) }, 4);
  t.deepEqual(ticks.map(({ label }) => label), ['22:00', '23:00', '11-22', '01:00', '02:00']);
  t.deepEqual([0.25, 250, 1500, 150_000, 5_400_000, 3 * 86_400_000].map(durationText), ['0.3 ms', '250 ms', '1.5 s', '2.5 min', '1.5 h', '3 days']);
  t.deepEqual([Number.NaN, 0.25, 240, 1500, 90_000].map(durationText), ['', '0.3 ms', '240 ms', '1.5 s', '1.5 min']);
});

test('eight looks: kinds beyond them share the last one', (t) => {
  t.deepEqual(kindGroups(calls).map(({ slot, name }) => [slot, name]), [[1, 'ToolCalled'], [2, 'ToolReturned'], [3, 'SessionStarted'], [4, 'Custom']]);
  const many = modelOf(Array.from({ length: 12 }, (_, index): Line => [index, `Kind${index}`]));
  const groups = kindGroups(many);
  t.is(groups.length, 8);
  t.is(groups[0]?.name, 'Kind0');
  t.is(groups[7]?.name, '5 other kinds');
  t.deepEqual([...groupsByKind(many, groups)].slice(1), [0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7]);
});

test('lanes count events by kind, failure and session, and apart what is not trusted', (t) => {
  const span = { from: 1_000_000, to: 1_100_000 };
  const lanes = lanesOf(calls, breakOf(calls, reportOf(6, 4)), span, { columns: 10, sessions: 8 });
  t.deepEqual(
    lanes.kinds.map(({ name, trusted, untrusted }) => [name, sum(trusted), sum(untrusted)]),
    [['ToolCalled', 2, 0], ['ToolReturned', 1, 1], ['SessionStarted', 1, 0], ['Custom', 0, 1]],
  );
  t.deepEqual([...(lanes.kinds[0]?.first ?? [])], [-1, 1, -1, -1, -1, 3, -1, -1, -1, -1]);
  t.deepEqual([sum(lanes.failures?.trusted), sum(lanes.failures?.untrusted)], [0, 1]);
  t.deepEqual(lanes.calls?.bars, [
    { row: 1, from: 1_010_000, to: 1_040_000, level: 0, trusted: true, failed: false },
    { row: 3, from: 1_050_000, to: 1_090_000, level: 0, trusted: false, failed: true },
  ]);
  t.deepEqual(lanes.sessions.map(({ name, ended, extent }) => ({ name, ended, extent })), [{ name: 'agent s', ended: false, extent: span }]);
});

test('many calls are told by the longest one of a column', (t) => {
  const lines = Array.from({ length: 200 }, (_, index): readonly Line[] => [
    [1000 + index, 'ToolCalled', { tool_name: 'search' }],
    [1000 + index + (index === 150 ? 9 : 1), 'ToolReturned', { tool_name: 'search', success: true, latency_ms: 1 }],
  ]);
  const found = lanesOf(modelOf(lines.flat()), null, { from: 1_000_000, to: 1_200_000 }, { columns: 4, sessions: 1 });
  t.deepEqual([found.calls?.count, found.calls?.bars, found.calls?.most], [200, [], 9000]);
  t.deepEqual([...(found.calls?.longest ?? [])], [1000, 1000, 1000, 9000]);
});
