// The other implementation of the format, run: Provedex 0.1.1. Each reads, verifies and continues what the other wrote, and
// for the same seed, times and events the bytes are the same. What it is known to do otherwise is asserted as a fact.
//
// Each test logs its rows of the table: direction, what was exchanged, result. Random events are logged with their seed.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import {
  canonicalJson,
  canonicalSha256,
  events,
  importLedger,
  LedgerError,
  MemoryHeadStore,
  Session,
  type SessionOptions,
  sha256Hex,
  SignedEvent,
  signEvent,
  verifyFile,
  verifySegments,
} from 'sealwright';
import { doubles, eventsWith, jsonValues, jsonValuesWith } from '../helpers/arbitraries.mts';
import { canonicalText, Double, givenText, type Json, parseJson, toValue } from '../helpers/canonical.mts';
import { rejectsError } from '../helpers/errors.mts';
import { newFolder } from '../helpers/folders.mts';
import { linesOf } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { tableRow } from '../helpers/table.mts';
import { runChild } from './helpers/child.mts';
import { keypair } from './helpers/fixture.mts';
import { Peer, type PeerLedger } from './helpers/peer.mts';

type EventJson = Parameters<typeof events.fromJSON>[0];

const signers = keypair.publicKeyHex;

/** Doubles that the peer reads as it wrote them: their digits are an integer below 2^53, their power of ten at most 22. */
const easyDoubles = fc
  .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: -16, max: 16 }))
  .map(([digits, exponent]) => new Double(Number(`${digits}e${exponent}`)));

/** Events that are hard to get right, whatever the random ones are. */
const HARD = [
  '{"type":"SessionStarted","payload":{"agent_id":"","model_id":"\\u0000\\u001f\\u007f\\u2028","session_id":"e\\u0301é✅\u{1f512}\\uffff"}}',
  `{"type":"UtteranceCaptured","payload":{"audio_sha256":"${'0'.repeat(64)}","transcript":"\\"\\\\/\\n\\r\\t\\b\\f","lang":"","duration_ms":18446744073709551615}}`,
  `{"type":"ToolCalled","payload":{"tool_name":"t","args_sha256":"${'f'.repeat(64)}","args_redacted":{"10":1,"9":2,"__proto__":{},"\u{10000}":1,"\\uffff":2,"":null,"b":[-9223372036854775808,18446744073709551615,9007199254740993,1.0,-0.0,19.99,0.00001,1e+16]}}}`,
  `{"type":"ToolCalled","payload":{"tool_name":"","args_sha256":"${'a'.repeat(64)}","args_redacted":${'['.repeat(124)}${']'.repeat(124)}}}`,
  `{"type":"ModelInvoked","payload":{"model_id":"m","prompt_sha256":"${'1'.repeat(64)}","response_sha256":"${'2'.repeat(64)}","prompt_tokens":4294967295,"response_tokens":0}}`,
  '{"type":"SessionEnded","payload":{"reason":"\\ud83d\\ude00","summary_sha256":""}}',
];

/** So many random events as JSON text, and those of {@link HARD}. */
function someEvents(t: ExecutionContext, count: number, numbers: fc.Arbitrary<Double>): string[] {
  return [...HARD.map(parseJson), ...sample(t, eventsWith(jsonValuesWith(numbers)), count)].map(givenText);
}

function sample<Value>(t: ExecutionContext, arbitrary: fc.Arbitrary<Value>, count: number): Value[] {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  return fc.sample(arbitrary, { numRuns: count, seed });
}

/** A path for a ledger in a new folder, and the key that both sides sign with. */
function newLedger(t: ExecutionContext): PeerLedger {
  const folder = newFolder(t);
  keypair.save(join(folder, 'signing.key'));
  return { path: join(folder, 'ledger.ndjson'), key: join(folder, 'signing.key') };
}

/** Records here, in some sessions at once, as text and as JavaScript values by turns. */
async function recordHere(
  { path: ledgerPath }: PeerLedger,
  texts: readonly string[],
  { count = 3, ...options }: Pick<SessionOptions, 'headStore' | 'rotate'> & { readonly count?: number } = {},
): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `session-${index}`);
  const open = (sessionId: string) => Session.open({ keypair, ledgerPath, sessionId, ...options });
  const sessions = await Promise.all(ids.map(open));
  const inputs = texts.map((text, index) => (index % 2 === 0 ? events.parse(text) : fromValue(text)));
  await Promise.all(inputs.map((event, index) => sessions[index % count]?.record(event)));
  await Promise.all(sessions.map((session) => session.close()));
}

const fromValue = (text: string) => events.fromJSON(toValue(parseJson(text)) as EventJson);

/** Both sides find the ledger good, and agree on its length and its last hash. */
async function isGoodToBoth(t: ExecutionContext, peer: Peer, path: string, count: number): Promise<void> {
  const theirs = await peer.verify(path);
  t.deepEqual(theirs, {
    ok: true,
    status: 'valid',
    event_count: count,
    broken_at: null,
    reason: null,
    root_hash: linesOf(path).map((line) => SignedEvent.parse(line).selfHash).at(-1) ?? '',
  });
  const expectedHead = { seq: count - 1, hash: theirs.root_hash };
  const ours = await verifyFile(path, { signers, expectedHead, spelling: 'exact', events: 'core' });
  t.like(ours, { verdict: 'verified', eventCount: count, rootHash: theirs.root_hash, tail: null });
}

/** A row of the table: who wrote and who read, what, and how it went. */
function row(t: ExecutionContext, direction: string, exchanged: string, result: string): void {
  t.log(tableRow(direction, exchanged, result));
}

testWith(['peer'], 'a ledger that sessions and threads recorded here is valid there, with its count and root hash', async (t) => {
  const peer = new Peer(t);
  const ledger = newLedger(t);
  await runChild(t, 'threads', { input: { paths: [ledger.path, ledger.path, ledger.path], events: 12 } });
  const texts = someEvents(t, 300, easyDoubles);
  await recordHere(ledger, texts);
  const count = 9 * 12 + texts.length;
  await isGoodToBoth(t, peer, ledger.path, count);
  row(t, 'sealwright -> provedex', `${count} events, 12 sessions, 3 threads`, 'valid to it, verified by us');
});

testWith(['peer'], 'the segments of a ledger, one after another, are a ledger to it', async (t) => {
  const peer = new Peer(t);
  const ledger = newLedger(t);
  const texts = someEvents(t, 60, easyDoubles);
  await recordHere(ledger, texts, { rotate: { maxEvents: 13 } });
  const report = await verifySegments(ledger.path, { signers });
  t.is(report.eventCount, texts.length);
  t.true(report.files.length >= 5);
  const whole = join(newFolder(t), 'cat.ndjson');
  writeFileSync(whole, Buffer.concat(report.files.map(({ path }) => readFileSync(path))));
  await isGoodToBoth(t, peer, whole, texts.length);
  t.deepEqual((await verifyFile(whole, { signers })).sha256, report.sha256);
  row(t, 'sealwright -> provedex', `${texts.length} events in ${report.files.length} segments, concatenated`, 'valid to it, verified by us');
});

testWith(['peer'], 'a ledger that threads and three processes recorded there is verified here', async (t) => {
  const ledger = newLedger(t);
  const texts = someEvents(t, 300, easyDoubles);
  for (const [threads, part] of [texts.slice(0, 100), texts.slice(100, 200), texts.slice(200)].entries()) {
    const peer = new Peer(t);
    await peer.record(ledger, part, 1 + 3 * threads);
    peer.end();
  }
  await isGoodToBoth(t, new Peer(t), ledger.path, texts.length);
  const recorded = linesOf(ledger.path).map((line) => SignedEvent.parse(line).event.toString());
  t.deepEqual(recorded.slice(0, 100), texts.slice(0, 100), 'values and their order are those that were recorded');
  t.deepEqual(recorded.toSorted(), texts.toSorted());
  row(t, 'provedex -> sealwright', `${texts.length} events, 3 processes, up to 7 threads`, 'valid to it, verified by us');
});

testWith(['peer'], 'each goes on with the ledger of the other, by turns', async (t) => {
  const peer = new Peer(t);
  const ledger = newLedger(t);
  const texts = someEvents(t, 114, easyDoubles);
  const headStore = new MemoryHeadStore();
  for (let turn = 0; turn < 6; turn += 1) {
    const part = texts.slice(turn * 20, (turn + 1) * 20);
    await (turn % 2 === 0 ? recordHere(ledger, part, { headStore }) : peer.record(ledger, part));
    await isGoodToBoth(t, peer, ledger.path, (turn + 1) * 20);
  }
  row(t, 'sealwright -> provedex -> sealwright', '6 turns of 20 events', 'valid to it, verified by us, after each');
});

testWith(['peer'], 'a ledger recorded there is imported, continued here, and still valid there', async (t) => {
  const peer = new Peer(t);
  const ledger = newLedger(t);
  const texts = someEvents(t, 50, easyDoubles);
  await peer.record(ledger, texts, 4);
  const to = join(newFolder(t), 'ledger.ndjson');
  const { path, report } = await importLedger(ledger.path, { signers, to });
  t.is(report.eventCount, texts.length);
  await recordHere({ ...ledger, path }, texts);
  await isGoodToBoth(t, peer, path, 2 * texts.length);
  await isGoodToBoth(t, peer, ledger.path, texts.length);
  row(t, 'provedex -> importLedger -> provedex', `${texts.length} events, then as many of ours`, 'valid to it, verified by us');
});

testWith(['peer'], 'line by line the bytes are the same, any doubles included', async (t) => {
  const peer = new Peer(t);
  const theirs = newLedger(t);
  const texts = someEvents(t, 600, doubles);
  await peer.record(theirs, texts);
  let reordered = 0;
  for (const [index, line] of linesOf(theirs.path).entries()) {
    const { seq, timestampNanos, parentHash, selfHash } = SignedEvent.parse(line);
    const text = texts[index] ?? '';
    const place = { seq, parentHash, timestampNanos, keypair };
    t.is(signEvent({ ...place, event: events.parse(text) }).toLine(), line);
    // JavaScript puts keys that look like an index first; what is hashed is sorted anyway.
    const ofValue = signEvent({ ...place, event: fromValue(text) });
    t.is(ofValue.selfHash, selfHash);
    if (ofValue.toLine() !== line) reordered += 1;
    if (!/"\d+":/.test(text)) t.is(ofValue.toLine(), line);
  }
  t.true(reordered > 0 && reordered < 300, `${reordered} lines with keys that JavaScript reorders`);

  const ours = newLedger(t);
  await recordHere(ours, texts);
  const lines = linesOf(ours.path);
  t.deepEqual(await peer.selfHashes(lines), lines.map((line) => SignedEvent.parse(line).selfHash));
  row(t, 'provedex = sealwright', `${texts.length} lines, sealed again at their times`, 'identical bytes');
  row(t, 'sealwright = provedex', `${texts.length} hashes, computed again by it`, 'identical');
});

testWith(['peer'], 'canonical JSON of random values is the same', async (t) => {
  const peer = new Peer(t);
  const values: Json[] = sample(t, jsonValues, 5000);
  const canonical = await peer.canonical(values.map(givenText));
  for (const [index, value] of values.entries()) {
    const text = canonical[index] ?? '';
    t.is(canonicalJson(toValue(value)).toString(), text);
    t.is(canonicalText(value), text);
    t.is(canonicalSha256(toValue(value)), sha256Hex(text));
  }
  row(t, 'provedex = sealwright', `canonical JSON of ${values.length} values`, 'identical');
});

for (const kind of ['uniform', 'bits'] as const) {
  testWith(['peer'], `0.1.1 misreads doubles that it sealed (${kind}); every one of them is verified here`, async (t) => {
    const peer = new Peer(t);
    const ledger = newLedger(t);
    const [count, seed] = [10_000, Math.floor(Math.random() * 2 ** 31)];
    const misread = await peer.doubles(ledger, { scratch: `${ledger.path}.single`, kind, count, seed });
    const rate = misread.length / count;
    row(t, 'provedex -> provedex', `${count} doubles (${kind}), seed ${seed}`, `${misread.length} misread: ${(100 * rate).toFixed(1)} %`);
    const [least, most] = kind === 'uniform' ? [0.09, 0.14] : [0.26, 0.34];
    t.true(rate > least && rate < most, `${rate}`);

    // One of them breaks the ledger from there on.
    const [[first, value] = [0, '0']] = misread;
    t.like(await peer.verify(ledger.path), { ok: false, broken_at: first });
    await isVerified(t, ledger.path, count);
    row(t, 'provedex -> sealwright', `${count} events, one double each (${kind})`, `broken to it at ${first}, verified by us`);

    // The same double, recorded here: the bytes are right, and the peer misreads them all the same.
    const own = newLedger(t);
    await recordHere(own, [HARD[0] ?? '', toolCalledWith(value), HARD[0] ?? '']);
    t.like(await peer.verify(own.path), { ok: false, broken_at: 1 });
    await isVerified(t, own.path, 3);
    row(t, 'sealwright -> provedex', `3 events, one with ${value}`, 'broken to it at 1, verified by us');
  });
}

const toolCalledWith = (number: string) =>
  `{"type":"ToolCalled","payload":{"tool_name":"t","args_sha256":"${'a'.repeat(64)}","args_redacted":{"v":${number}}}}`;

async function isVerified(t: ExecutionContext, path: string, count: number): Promise<void> {
  const last = SignedEvent.parse(linesOf(path).at(-1) ?? '');
  const expectedHead = { seq: last.seq, hash: last.selfHash };
  t.like(await verifyFile(path, { signers, expectedHead, spelling: 'exact' }), { verdict: 'verified', eventCount: count });
}

testWith(['peer'], '0.1.1 asks for no lock: both can open a ledger, and a session here notices what was written there', async (t) => {
  const peer = new Peer(t);
  const ledger = newLedger(t);
  const ended = (reason: string) => `{"type":"SessionEnded","payload":{"reason":"${reason}","summary_sha256":""}}`;
  await using session = await Session.open({ keypair, ledgerPath: ledger.path, sessionId: 'here' });
  await session.record(events.parse(ended('here')));
  await peer.hold(ledger);
  t.is(await peer.recordHeld(ended('there')), 1);
  const changed = { instanceOf: LedgerError, code: 'ERR_LEDGER_CHANGED', outcome: 'not-written' } as const;
  await rejectsError(t, () => session.record(events.parse(ended('here'))), changed);
  await isGoodToBoth(t, peer, ledger.path, 2);
  await session.close();

  // The other way round nobody notices: it goes on with the place that it has in memory.
  await recordHere(ledger, [ended('here')], { count: 1 });
  await isGoodToBoth(t, peer, ledger.path, 3);
  t.is(await peer.recordHeld(ended('there')), 2);
  t.like(await peer.verify(ledger.path), { ok: false, broken_at: 2, event_count: 4 });
  t.like(await verifyFile(ledger.path), { verdict: 'broken', code: 'seq_mismatch', line: 4 });
  await rejectsError(t, () => importLedger(ledger.path), { instanceOf: LedgerError, code: 'ERR_LEDGER_TAMPERED' });
  row(t, 'both at once', 'one ledger, open in both', 'noticed by us, its chain breaks');
});

testWith(['peer'], '0.1.1 does not read a ledger with extended kinds', async (t) => {
  const ledger = newLedger(t);
  const session = await Session.open({ keypair, ledgerPath: ledger.path, sessionId: 'x', events: 'extended' });
  await session.record(events.custom({ name: 'com.example.x', data: null }));
  await session.close();
  await t.throwsAsync(new Peer(t).verify(ledger.path), { message: /^ChainError: / });
  await isVerified(t, ledger.path, 1);
  row(t, 'sealwright -> provedex', '1 event of an extended kind', 'not readable to it, verified by us');
});
