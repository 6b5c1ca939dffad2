// The viewer's model: what is made of the lines of a ledger, whatever they hold.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import * as fc from 'fast-check';
import { events, type LedgerEvent, ledgerStats, verifyFile } from 'sealwright';
import { Collector } from '../../viewer/model/collector.js';
import type { Model } from '../../viewer/model/model.js';
import { newPath } from '../helpers/folders.mts';
import { chainOf, DIGEST, key1, key2, START, textOf, toolCalled, writeLedger } from '../helpers/ledgers.mts';
import { projectRoot } from '../helpers/project.mts';

const started = (sessionId: string, agentId = 'agent') => events.sessionStarted({ agentId, modelId: 'm', sessionId });
const ended = () => events.sessionEnded({ reason: 'done', summarySha256: '' });
const returned = (toolName: string, latencyMs: number, success = true) =>
  events.toolReturned({ toolName, resultSha256: DIGEST, latencyMs, success });
const called = (toolName: string) => events.toolCalled({ toolName, argsSha256: DIGEST, argsRedacted: null });

/** The model of some files, read in blocks of so many bytes. */
function modelOf(files: readonly (string | Uint8Array)[], blockBytes = 1000): Model {
  const collector = new Collector();
  for (const [index, contents] of files.entries()) {
    const bytes = Buffer.from(contents as string);
    collector.file(`file ${index}`, bytes.length);
    for (let at = 0; at < bytes.length; at += blockBytes) collector.block(bytes.subarray(at, at + blockBytes));
  }
  return collector.finish();
}

/** The model of a chain of events. */
function modelOfEvents(recorded: readonly LedgerEvent[]): Model {
  return modelOf([textOf(chainOf(recorded.length, { event: (seq) => recorded[seq] as LedgerEvent }))]);
}

/** A line of the members that a reader for display looks at. */
function lineOf(kind: string, payload: unknown, rest: object = {}): string {
  return JSON.stringify({ seq: 0, timestamp_nanos: 0, event: { type: kind, payload }, ...rest });
}

/** A line of a kind that the library refuses to record. */
const sealed = (session_id: string) => lineOf('SessionSealed', { session_id });

const kindsOf = ({ events: { kind }, kinds }: Model) => Array.from(kind, (place) => kinds[place]);
const labelsOf = ({ events: { label }, labels }: Model) => Array.from(label, (place) => labels[place]);
const numbers = (column: Iterable<number>) => [...column];

test('each event is a row with its place, time, kind, label and signer', (t) => {
  const recorded = [started('s', 'agent-1'), called('search'), returned('search', 17, false), ended()];
  const chain = chainOf(4, { event: (seq) => recorded[seq] as LedgerEvent, keypairAt: (seq) => (seq < 2 ? key1 : key2) });
  const lines = chain.map((signed) => signed.toLine());
  const model = modelOf([`${lines[0]}\n\n \t\r\n${lines[1]}\n`, '', `${lines[2]}\n${lines[3]}`]);
  t.deepEqual(model.files.map(({ bytes }) => bytes > 0), [true, false, true]);
  const { events: table } = model;
  t.is(table.length, 4);
  t.deepEqual(numbers(table.file), [0, 0, 2, 2]);
  t.deepEqual(numbers(table.line), [1, 4, 5, 6]);
  const [first = '', , third = ''] = lines;
  t.deepEqual(numbers(table.offset), [0, first.length + 6, 0, third.length + 1]);
  t.deepEqual(numbers(table.bytes), lines.map((line) => line.length));
  t.deepEqual(numbers(table.seq), [0, 1, 2, 3]);
  t.deepEqual(numbers(table.time), [0, 1, 2, 3].map((second) => Number(START / 1_000_000n) + 1000 * second));
  t.deepEqual(kindsOf(model), ['SessionStarted', 'ToolCalled', 'ToolReturned', 'SessionEnded']);
  t.deepEqual(labelsOf(model), ['agent-1', 'search', 'search', 'done']);
  t.deepEqual(numbers(table.outcome), [-1, -1, 0, -1]);
  t.deepEqual(numbers(table.duration), [Number.NaN, Number.NaN, 17, Number.NaN]);
  t.deepEqual(numbers(table.pair), [-1, 2, 1, -1]);
  t.deepEqual(model.signers, [key1.publicKeyHex, key2.publicKeyHex]);
  t.deepEqual(numbers(table.signer), [0, 0, 1, 1]);
  t.deepEqual(model.sessions, [{ id: 's', agent: 'agent-1', first: 0, last: 3, ended: true }]);
});

test('it is the same wherever its bytes are cut', (t) => {
  const text = textOf(chainOf(5, { event: (seq) => toolCalled({ text: 'é😀'.repeat(seq) }) }));
  const whole = modelOf([text], 1e6);
  t.is(whole.events.length, 5);
  for (const bytes of [1, 2, 3, 7, 500]) t.deepEqual(modelOf([text], bytes), whole);
  // A block may be written over as soon as it was taken.
  const collector = new Collector();
  const block = Buffer.alloc(100);
  collector.file('file 0', Buffer.byteLength(text));
  for (let at = 0; at < Buffer.byteLength(text); at += 100) collector.block(block.subarray(0, Buffer.from(text).copy(block, 0, at)));
  t.deepEqual(collector.finish(), whole);
});

test('events are of the session that is open, if there is one only', (t) => {
  const lines = [
    lineOf('Heartbeat', { session_id: 'before' }),
    called('x'),
    sealed('before'),
    called('of none'),
    started('a', 'agent a'),
    called('of a'),
    started('b'),
    called('of a or b'),
    ended(),
    sealed('a'),
    called('of none'),
    ended(),
    called('of none'),
    sealed('b'),
    started('a'),
  ];
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify({ seq: 0, event: line.toJSON() })));
  const model = modelOf([text.join('\n')]);
  t.deepEqual(numbers(model.events.session), [0, 0, 0, -1, 1, 1, 2, -1, 2, 1, -1, -1, -1, 2, 3]);
  t.deepEqual(
    model.sessions.map(({ id, first, last, ended: isEnded }) => [id, first, last, isEnded]),
    [['before', 0, 2, true], ['a', 4, 9, true], ['b', 6, 13, true], ['a', 14, 14, false]],
  );
  t.is(model.sessions[1]?.agent, 'agent a');
  t.deepEqual(model.coverage.openSessions, { count: 1, items: [{ session: 3 }] });
});

test('a session that a crash left open hides none of the later ones', (t) => {
  const one = (id: string) => [started(id), called('x'), ended()];
  const model = modelOfEvents([...one('1'), started('crashed'), called('x'), ...one('2'), ...one('3'), ...one('4')]);
  t.deepEqual(model.sessions.map(({ id, ended: isEnded }) => [id, isEnded]), [['1', true], ['crashed', false], ['2', true], ['3', true], ['4', true]]);
  // Before the first one behind it has ended nobody can tell.
  t.deepEqual(numbers(model.events.session), [0, 0, 0, 1, 1, 2, -1, 2, 3, 3, 3, 4, 4, 4]);
});

test('a call is paired with the next return of its tool, of its session first', (t) => {
  const fifo = modelOfEvents([called('a'), called('b'), called('a'), returned('b', 1), returned('a', 1), returned('a', 1), returned('a', 1)]);
  t.deepEqual(numbers(fifo.events.pair), [4, 3, 5, 1, 0, 2, -1]);
  t.deepEqual(fifo.coverage.unpairedCalls, { count: 1, items: [{ row: 6, is: 'return' }] });
  // The session that crashed left a call that never returns, and takes no return of a later one.
  const crashed = modelOfEvents([started('1'), called('a'), started('2'), called('a'), returned('a', 1), called('a')]);
  t.deepEqual(numbers(crashed.events.pair), [-1, -1, -1, 4, 3, -1]);
  t.deepEqual(crashed.coverage.unpairedCalls.items, [{ row: 1, is: 'call' }, { row: 5, is: 'call' }]);
  // Another session that begins meanwhile hides nothing.
  const meanwhile = modelOfEvents([started('1'), called('a'), started('2'), returned('a', 1)]);
  t.deepEqual(numbers(meanwhile.events.pair), [-1, 3, -1, 1]);
  const over = [started('1'), started('2'), called('a'), sealed('2'), returned('a', 1)];
  const text = over.map((line) => (typeof line === 'string' ? line : JSON.stringify({ seq: 0, event: line.toJSON() }))).join('\n');
  t.deepEqual(numbers(modelOf([text]).events.pair), [-1, -1, 4, -1, 2]);
});

test('times are kept to the nanosecond where the clock goes back', (t) => {
  const at = (nanos: string) => `{"timestamp_nanos" : ${nanos},"event":{"payload":{},"type":"Custom"},"seq":1}`;
  const times = ['1700000000000000100', '1700000000000000099', '1700086400000000098', '1700086400000000098', '1700172800000000098', '18446744073709551615'];
  const model = modelOf([times.map(at).join('\n')]);
  const [back, forward, last] = model.coverage.clockJumps.items;
  t.is(model.coverage.clockJumps.count, 3);
  t.like(back, { row: 1, by: -1e-6 });
  t.like(forward, { row: 4, by: 86_400_000 });
  t.like(last, { row: 5 });
  t.is(model.events.time[0], 1_700_000_000_000 + 1e-4);
  t.is(model.events.time[5], 18_446_744_073_709.55);
});

test('latencies, tools and models are counted as by ledgerStats', async (t) => {
  const path = newPath(t);
  const names = ['search', '__proto__', 'constructor', 'x'.repeat(200)];
  const recorded = Array.from({ length: 400 }, (_, index) => {
    const name = names[index % 3 === 0 ? 0 : index % names.length] ?? '';
    if (index % 5 === 0) return events.modelInvoked({ modelId: name, promptSha256: DIGEST, responseSha256: DIGEST, promptTokens: index, responseTokens: 1 });
    return index % 2 === 0 ? called(name) : returned(name, index ** 2, index % 7 !== 0);
  });
  writeLedger(path, chainOf(recorded.length, { event: (seq) => recorded[seq] as LedgerEvent }));
  const [stats, model] = [await ledgerStats(path), modelOf([readFileSync(path)])];
  t.deepEqual(
    model.tools.map(({ latency, ...tool }) => ({ ...tool, latencyMs: latency })),
    [...stats.tools],
  );
  t.deepEqual(model.models, stats.models);
  t.is(model.events.length, stats.events);
  const kinds = model.kinds.flatMap((kind, place) => (place === 0 ? [] : [[kind, kindsOf(model).filter((found) => found === kind).length]]));
  t.deepEqual(Object.fromEntries(kinds), stats.kinds);
  t.is(model.latencies.counts.reduce((sum, count) => sum + count, 0), stats.tools.reduce((sum, { returns }) => sum + returns, 0));
});

test('a latency is counted under the least bound that it does not exceed', (t) => {
  const { latencies } = modelOfEvents([0, 1, 2, 3, 5, 100, 101, 100_000, 100_001].map((latency) => returned('a', latency)));
  const counted = latencies.upTo.flatMap((bound, place) => (latencies.counts[place] === 0 ? [] : [[bound, latencies.counts[place]]]));
  t.deepEqual(counted, [[1, 2], [2, 1], [5, 2], [100, 1], [200, 1], [100_000, 1], [Infinity, 1]]);
});

test('a line that holds anything else is a row that cannot be read', (t) => {
  const event = { type: 'Custom', payload: {} };
  const unreadable: readonly (string | Buffer)[] = [
    '{',
    'null',
    '[]',
    '5',
    '"a"',
    '{}',
    '\ufeff{"seq":0,"event":{"type":"Custom","payload":{}}}',
    Buffer.from('{"seq":0,"event":{"type":"Custom","payload":{"a":"\xff"}}}', 'latin1'),
    JSON.stringify({ seq: -1, event }),
    JSON.stringify({ seq: 2 ** 53, event }),
    JSON.stringify({ seq: '0', event }),
    JSON.stringify({ seq: 0, event: null }),
    JSON.stringify({ seq: 0, event: [event] }),
    JSON.stringify({ seq: 0, event: { type: 'no kind', payload: {} } }),
    JSON.stringify({ seq: 0, event: { type: 5, payload: {} } }),
    '['.repeat(1_000_000),
    `{"seq":0,"event":${'{"a":'.repeat(100_000)}`,
  ];
  const model = modelOf([Buffer.concat(unreadable.map((line) => Buffer.concat([Buffer.from(line as string), Buffer.from('\n')])))], 65_536);
  t.is(model.events.length, unreadable.length);
  t.deepEqual(numbers(new Set(model.events.seq)), [-1]);
  t.deepEqual(kindsOf(model), unreadable.map(() => ''));
  t.is(model.coverage.unreadable.count, unreadable.length);
});

test('fields of a wrong type are empty', (t) => {
  const wrong = [null, [], {}, -1, 2 ** 65, 'text', true, 0.5];
  for (const value of wrong) {
    const text = ['ToolCalled', 'ToolReturned', 'ModelInvoked', 'SessionStarted', 'SessionSealed', 'Custom', 'Unknown'].map((kind) => {
      const fields = ['latency_ms', 'success', 'prompt_tokens', 'response_tokens', ...(typeof value === 'string' ? [] : ['tool_name', 'session_id', 'model_id'])];
      const payload = Object.fromEntries(fields.map((name) => [name, value]));
      return lineOf(kind, payload, { timestamp_nanos: value, signer_pubkey: value });
    });
    const model = modelOf([[...text, lineOf('ToolReturned', value)].join('\n')]);
    t.is(model.events.length, 8);
    t.is(model.coverage.unreadable.count, 0);
    t.true(numbers(model.events.time).slice(0, 7).every((time) => Number.isNaN(time)));
    t.deepEqual(model.signers, []);
    t.true(numbers(model.events.duration).every((time) => Number.isNaN(time)));
    t.deepEqual(model.models[0], { id: '', calls: 1, promptTokens: 0, responseTokens: 0 });
  }
});

test('names that objects have are names', (t) => {
  const text = `{"seq":0,"__proto__":{"seq":5},"event":{"type":"ToolCalled","payload":{"__proto__":{"tool_name":"no"},"tool_name":"__proto__"}}}`;
  const model = modelOf([text]);
  t.deepEqual([labelsOf(model), numbers(model.events.seq), model.tools[0]?.name], [['__proto__'], [0], '__proto__']);
});

test('a line is shown up to the limit of the format, and longer ones are rows that cannot be read', (t) => {
  const limit = 16 * 1024 * 1024;
  const longest = lineOf('UtteranceSpoken', { text: 'x'.repeat(limit) });
  const fits = lineOf('UtteranceSpoken', { text: 'x'.repeat(limit - (longest.length - limit)) });
  t.is(fits.length, limit);
  const model = modelOf([`${fits}\n${longest}\n${lineOf('Custom', {})}`], 1 << 20);
  t.deepEqual(kindsOf(model), ['UtteranceSpoken', '', 'Custom']);
  t.deepEqual(numbers(model.events.bytes), [limit, longest.length, lineOf('Custom', {}).length]);
  t.deepEqual(numbers(model.events.offset), [0, limit + 1, limit + longest.length + 2]);
  t.deepEqual(labelsOf(model), ['x'.repeat(80), '', '']);
  const halves = modelOf([lineOf('UtteranceSpoken', { text: `${'x'.repeat(79)}😀` })]);
  t.deepEqual(labelsOf(halves), ['x'.repeat(79)]);
});

test('names beyond a bound are one, and calls are paired all the same', (t) => {
  const kinds = Array.from({ length: 5000 }, (_, index) => lineOf(`Kind${index}`, {}));
  const tools = Array.from({ length: 1200 }, (_, index) => lineOf('ToolCalled', { tool_name: `tool ${index}` }));
  const back = Array.from({ length: 1200 }, (_, index) => lineOf('ToolReturned', { tool_name: `tool ${index}`, latency_ms: 1, success: true }));
  const model = modelOf([[...kinds, ...tools, ...back, lineOf('ToolCalled', { tool_name: 'tool 0' })].join('\n')], 1e6);
  t.is(model.kinds.length, 4097);
  t.is(model.kinds.at(-1), '(other)');
  t.is(model.tools.length, 1001);
  t.like(model.tools.at(-1), { name: '(other)', calls: 200, returns: 200 });
  t.is(model.events.pair[5000], 6200);
  t.deepEqual(model.coverage.unpairedCalls, { count: 1, items: [{ row: 7400, is: 'call' }] });
});

test('lists of what is missing end, and their counts go on', (t) => {
  const model = modelOf([Array.from({ length: 1500 }, (_, index) => (index % 2 === 0 ? '{' : lineOf('ToolCalled', {}))).join('\n')], 1e6);
  t.is(model.coverage.unreadable.count, 750);
  const many = modelOf(['{\n'.repeat(1500)], 1e6).coverage.unreadable;
  t.deepEqual([many.count, many.items.length, many.items.at(-1)], [1500, 1000, { row: 999 }]);
});

test('no bytes make it throw, and each line that is not blank is a row', (t) => {
  const piece = fc.oneof(fc.json(), fc.string(), fc.constantFrom('\n', '{"seq":', '"event":{', '"type":"ToolReturned"', '"payload":{}', '}', ',', ' '));
  const property = fc.property(fc.array(piece, { maxLength: 30 }), fc.uint8Array({ maxLength: 20 }), fc.integer({ min: 1, max: 50 }), (pieces, bytes, cut) => {
    const contents = Buffer.concat([Buffer.from(pieces.join('')), bytes]);
    const rows = contents.toString('latin1').split('\n').filter((line) => !/^[ \t\r]*$/.test(line)).length;
    return modelOf([contents], cut).events.length === rows;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 500 }));
});

test('rows, kinds and lines are those of the report, for every chain of the vectors', async (t) => {
  const folder = join(projectRoot, 'vectors', 'chains');
  const names = readdirSync(folder).filter((name) => name.endsWith('.ndjson'));
  t.true(names.length > 20);
  for (const name of names) {
    const path = join(projectRoot, 'vectors', 'chains', name);
    const report = await verifyFile(path).catch(() => null);
    if (report === null || report.verdict === 'broken') continue;
    const model = modelOf([readFileSync(path)]);
    const shown = kindsOf(model).slice(0, report.eventCount);
    t.true(model.coverage.unreadable.count <= (report.tail === null ? 0 : 1), name);
    const counts = { ...report.kinds, ...report.unknownKinds };
    for (const [kind, count] of Object.entries(counts)) {
      if (kind !== '(other)') t.is(shown.filter((found) => found === kind).length, count, `${name}: ${kind}`);
    }
    if (report.tail === null) t.deepEqual(model.signers.slice(0, 64), report.signers.map(({ publicKey }) => publicKey), name);
  }
});
