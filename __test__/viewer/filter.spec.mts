// Which rows the viewer shows, and how it counts them over time.

import test from 'ava';
import { Collector } from '../../viewer/model/collector.js';
import { type Filter, filterRows } from '../../viewer/model/filter.js';
import type { Model } from '../../viewer/model/model.js';

/** An event a second: session a, two calls of which one fails, what was said, and a line that cannot be read. */
const lines = [
  { kind: 'SessionStarted', payload: { session_id: 'a', agent_id: 'Agent' } },
  { kind: 'ToolCalled', payload: { tool_name: 'Search' } },
  { kind: 'ToolReturned', payload: { tool_name: 'Search', success: true, latency_ms: 5 } },
  { kind: 'ToolCalled', payload: { tool_name: 'Refund' } },
  { kind: 'ToolReturned', payload: { tool_name: 'Refund', success: false, latency_ms: 7 } },
  { kind: 'SessionSealed', payload: { session_id: 'a' } },
  { kind: 'UtteranceSpoken', payload: { text: 'RESEARCH ÄPFEL' } },
  { kind: 'not a kind', payload: {} },
].map(({ kind, payload }, second) => {
  const signer = (second < 4 ? 'a' : 'b').repeat(64);
  return JSON.stringify({ seq: second, timestamp_nanos: 1e12 + second * 1e9, event: { type: kind, payload }, signer_pubkey: signer });
});

function modelOf(texts: readonly string[]): Model {
  const collector = new Collector();
  collector.file('ledger.ndjson', 0);
  collector.block(Buffer.from(texts.join('\n')));
  return collector.finish();
}

const model = modelOf(lines);
const rowsOf = (filter: Filter) => [...filterRows(model, filter)];
const kind = (name: string) => model.kinds.indexOf(name);

test('rows are those that everything is true of', (t) => {
  t.deepEqual(rowsOf({}), [0, 1, 2, 3, 4, 5, 6, 7]);
  t.deepEqual(rowsOf({ kinds: [kind('ToolCalled'), kind('UtteranceSpoken')] }), [1, 3, 6]);
  t.deepEqual(rowsOf({ kinds: [0] }), [7]);
  t.deepEqual(rowsOf({ kinds: new Set<number>() }), []);
  t.deepEqual(rowsOf({ sessions: [0] }), [0, 1, 2, 3, 4, 5]);
  t.deepEqual(rowsOf({ sessions: [-1] }), [6, 7]);
  t.deepEqual(rowsOf({ signers: [1] }), [4, 5, 6]);
  t.deepEqual(rowsOf({ outcome: 'failure' }), [4]);
  t.deepEqual(rowsOf({ outcome: 'success' }), [2]);
  t.deepEqual(rowsOf({ from: 1_002_000, to: 1_004_000 }), [2, 3, 4]);
  t.deepEqual(rowsOf({ from: 1_004_500 }), [5, 6]);
  t.deepEqual(rowsOf({ rows: Uint32Array.of(1, 4, 7, 99) }), [1, 4, 7]);
  t.deepEqual(rowsOf({ text: 'sEARCH' }), [1, 2, 6]);
  t.deepEqual(rowsOf({ text: 'äpfel' }), [6]);
  t.deepEqual(rowsOf({ text: '' }), [0, 1, 2, 3, 4, 5, 6, 7]);
  t.deepEqual(rowsOf({ text: 'refund', outcome: 'failure', sessions: [0], rows: Uint32Array.of(3, 4) }), [4]);
});
