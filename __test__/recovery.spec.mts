// What a crash left at the end of a ledger is kept beside it and cut off, or refused: never appended to, never thrown
// away, and never confused with tampering or with a file that is no ledger at all.

import { copyFileSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LedgerError, type Recovery, type Session, verifyFile, verifyFileSync } from 'sealwright';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newFolder, newPath } from './helpers/folders.mts';
import {
  chainOf,
  ended,
  forged,
  key1,
  key2,
  linesOf,
  openSession,
  openSessionSync,
  seed1,
  textOf,
  toolCalled,
  writeLedger,
} from './helpers/ledgers.mts';

const tampered = { instanceOf: LedgerError, code: 'ERR_LEDGER_TAMPERED' } as const;
const torn = { instanceOf: LedgerError, code: 'ERR_TORN_TAIL' } as const;
const three = chainOf(3);
const whole = textOf(three);
const lastStart = textOf(three.slice(0, 2)).length;

/** The files beside a ledger that keep a tail, with their bytes. */
function quarantined(path: string): Record<string, Buffer> {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.torn-`));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(dirname(path), name))]));
}

/** Opens, records one event, closes; the ledger must then verify with so many events. */
function goesOn(t: ExecutionContext, path: string, count: number): Recovery {
  const session = openSessionSync(t, { ledgerPath: path });
  const { recovery } = session;
  t.is(session.recordSync(ended('after')).seq, count - 1);
  session.closeSync();
  const report = verifyFileSync(path, { signers: key1.publicKeyHex });
  t.like(report, { verdict: 'intact', eventCount: count, tail: null, warnings: [] });
  return recovery;
}

/** Writes bytes, goes on, and expects that those from `offset` on were put aside. */
function isPutAside(
  t: ExecutionContext,
  path: string,
  bytes: Buffer,
  offset: number,
  reason: 'unterminated' | 'hole',
  kept: number,
): void {
  writeFileSync(path, bytes);
  const { tail, unacknowledged } = goesOn(t, path, kept + 1);
  const aside = bytes.subarray(offset);
  const lines = aside.toString('latin1').split('\n').length - (aside.at(-1) === 10 ? 1 : 0);
  t.deepEqual(tail, { offset, bytes: aside.length, lines, reason, path: tail?.path ?? '' });
  t.is(unacknowledged, null);
  t.is(dirname(tail?.path ?? ''), dirname(path));
  t.true(readFileSync(tail?.path ?? '').equals(aside));
  t.deepEqual(readFileSync(path).subarray(0, offset), bytes.subarray(0, offset));
}

test('last line cut at every byte: what is left of it is put aside, and the chain goes on', (t) => {
  for (let cut = lastStart + 1; cut < whole.length - 1; cut += 1) {
    const path = newPath(t);
    isPutAside(t, path, Buffer.from(whole.slice(0, cut)), lastStart, 'unterminated', 2);
    t.deepEqual(Object.keys(quarantined(path)), [`ledger.ndjson.torn-${lastStart}-0`]);
  }
});

test('only line cut anywhere: the ledger begins again', (t) => {
  const only = textOf(three.slice(0, 1));
  for (let cut = 1; cut < only.length - 1; cut += cut < 16 ? 1 : 37) {
    isPutAside(t, newPath(t), Buffer.from(only.slice(0, cut)), 0, 'unterminated', 0);
  }
});

test('last line lacks its LF: the event is kept, and an LF is written before the next', async (t) => {
  const path = newPath(t);
  writeFileSync(path, whole.slice(0, -1));
  const session = await openSession(t, { ledgerPath: path, tornTail: 'error' });
  t.deepEqual(session.recovery, { tail: null, unacknowledged: null });
  t.is(session.head?.seq, 2);
  t.is(readFileSync(path, 'utf8'), whole.slice(0, -1));
  const [first, second] = [await session.record(ended(3)), await session.record(ended(4))];
  t.is(readFileSync(path, 'utf8'), `${whole}${first.toLine()}\n${second.toLine()}\n`);
  t.like(await verifyFile(path, { spelling: 'exact' }), { verdict: 'intact', eventCount: 5 });
});

test('cut between two lines: nothing is put aside, since nothing says that there was more', (t) => {
  const path = newPath(t);
  writeFileSync(path, whole.slice(0, lastStart));
  t.deepEqual(goesOn(t, path, 3), { tail: null, unacknowledged: null });
  t.deepEqual(quarantined(path), {});
});

const PAGE = 4096;
/** A ledger of several pages, the first line longer than one. */
const paged = chainOf(40, { event: (seq) => (seq === 0 ? toolCalled('x'.repeat(6000)) : ended(`event ${seq}`)) });
const pagedBytes = Buffer.from(textOf(paged));
const startOf = (seq: number) => textOf(paged.slice(0, seq)).length;

/** Bytes in which some pages never reached the disk. */
function withHoles(bytes: Buffer, pages: readonly number[]): Buffer {
  const holed = Buffer.from(bytes);
  for (const page of pages) holed.fill(0, page * PAGE, Math.min((page + 1) * PAGE, holed.length));
  return holed;
}

/** How many of its first events do not touch a page. */
function eventsBefore(pages: readonly number[]): number {
  const first = Math.min(...pages) * PAGE;
  let count = 0;
  while (count < paged.length && startOf(count + 1) <= first) count += 1;
  return count;
}

test('a hole of one page, wherever it is: the events before it stay', (t) => {
  const pages = Math.ceil(pagedBytes.length / PAGE);
  t.true(pages > 6);
  for (let page = 0; page < pages; page += 1) {
    const kept = eventsBefore([page]);
    isPutAside(t, newPath(t), withHoles(pagedBytes, [page]), startOf(kept), 'hole', kept);
  }
});

test('several holes, and a hole in a file that was cut too', (t) => {
  for (const pages of [
    [1, 3],
    [2, 4, 5],
    [0, 2],
    [0, 1, 3],
  ]) {
    const kept = eventsBefore(pages);
    isPutAside(t, newPath(t), withHoles(pagedBytes, pages), startOf(kept), 'hole', kept);
    isPutAside(t, newPath(t), withHoles(pagedBytes, pages).subarray(0, -100), startOf(kept), 'hole', kept);
  }
});

test('zeros behind whole lines, of any length', (t) => {
  for (const length of [1, 2, 511, 512, 4096, 100_000]) {
    isPutAside(t, newPath(t), Buffer.concat([Buffer.from(whole), Buffer.alloc(length)]), whole.length, 'hole', 3);
    isPutAside(
      t,
      newPath(t),
      Buffer.concat([Buffer.from(whole), Buffer.alloc(length), Buffer.from('\n')]),
      whole.length,
      'hole',
      3,
    );
  }
});

test('a file of nothing but zeros is a ledger of which no page reached the disk', (t) => {
  for (const length of [1, 100, 4096, 100_000]) isPutAside(t, newPath(t), Buffer.alloc(length), 0, 'hole', 0);
});

test('everything unsynced may be missing in a group of a MiB', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  await session.recordMany([ended('a'), ended('b')]);
  const synced = readFileSync(path).length;
  await session.recordMany(Array.from({ length: 1500 }, (_, index) => ended(index)));
  await session.close();
  const bytes = readFileSync(path);
  const holed = Buffer.from(bytes);
  holed.fill(0, synced, bytes.length - 10_000);
  isPutAside(t, path, holed, synced, 'hole', 2);
});

test("tornTail: 'error' refuses a tail and touches nothing", async (t) => {
  const path = newPath(t);
  for (const bytes of [Buffer.from(whole.slice(0, -100)), withHoles(pagedBytes, [3]), Buffer.alloc(4096)]) {
    writeFileSync(path, bytes);
    await rejectsError(t, () => openSession(t, { ledgerPath: path, tornTail: 'error' }), torn);
    throwsError(t, () => openSessionSync(t, { ledgerPath: path, tornTail: 'error' }), torn);
    t.true(readFileSync(path).equals(bytes));
    t.deepEqual(quarantined(path), {});
  }
  const session = await openSession(t, { ledgerPath: path, tornTail: 'quarantine' });
  t.is(session.recovery.tail?.bytes, 4096);
});

test('tails are kept under free names, private, and never through a link', (t) => {
  const path = newPath(t);
  const half = Buffer.from(whole.slice(0, -100));
  const victim = join(newFolder(t), 'victim');
  const name = (number: number) => `${path}.torn-${lastStart}-${number}`;
  writeFileSync(victim, 'untouched');
  for (let crash = 0; crash < 3; crash += 1) isPutAside(t, path, half, lastStart, 'unterminated', 2);
  symlinkSync(victim, name(3));
  symlinkSync('/nowhere', name(4));
  isPutAside(t, path, half, lastStart, 'unterminated', 2);
  t.is(readFileSync(victim, 'utf8'), 'untouched');
  t.deepEqual(readdirSync(dirname(path)).length, 1 + 6);
  for (const number of [0, 1, 2, 5]) {
    t.true(readFileSync(name(number)).equals(half.subarray(lastStart)));
    t.is(statSync(name(number)).mode & 0o777, 0o600);
  }
});

test('a second crash, at another place, is put aside beside the first', (t) => {
  const path = newPath(t);
  isPutAside(t, path, Buffer.from(whole.slice(0, -100)), lastStart, 'unterminated', 2);
  const mended = readFileSync(path);
  isPutAside(t, path, mended.subarray(0, mended.length - 7), lastStart, 'unterminated', 2);
  isPutAside(t, path, Buffer.concat([mended, Buffer.from('{"seq":3,')]), mended.length, 'unterminated', 3);
  t.deepEqual(
    Object.keys(quarantined(path)).toSorted(),
    [
      `ledger.ndjson.torn-${lastStart}-0`,
      `ledger.ndjson.torn-${lastStart}-1`,
      `ledger.ndjson.torn-${mended.length}-0`,
    ].toSorted(),
  );
});

test('recovery is told to every session of the writer, and only to those', async (t) => {
  const path = newPath(t);
  writeFileSync(path, whole.slice(0, -100));
  const sessions = [await openSession(t, { ledgerPath: path }), openSessionSync(t, { ledgerPath: path })] as [
    Session,
    Session,
  ];
  t.is(sessions[0].recovery.tail?.offset, lastStart);
  t.deepEqual(sessions[1].recovery, sessions[0].recovery);
  await sessions[0].record(ended(2));
  for (const session of sessions) await session.close();
  t.deepEqual((await openSession(t, { ledgerPath: path })).recovery, { tail: null, unacknowledged: null });
});

test('recovering without recording leaves a good ledger', async (t) => {
  const path = newPath(t);
  writeFileSync(path, whole.slice(0, -100));
  (await openSession(t, { ledgerPath: path })).closeSync();
  t.is(readFileSync(path, 'utf8'), whole.slice(0, lastStart));
});

/** Ledgers whose end no crash leaves. */
const damaged: Record<string, string> = {
  'an edited event at the end': whole.replace('"reason":"2"', '"reason":"x"'),
  'an edited event before the end': whole.replace('"reason":"1"', '"reason":"x"'),
  'an edited first event': whole.replace('"reason":"0"', '"reason":"x"'),
  'a line of garbage at the end': `${whole}garbage\n`,
  'half a line, ended by an LF': `${whole.slice(0, -100)}\n`,
  'half a line before a whole one': whole.slice(0, lastStart - 50) + whole.slice(lastStart - 1),
  'an event missing': textOf([three[0], three[2]] as typeof three),
  'an event twice': textOf([...three, three[2]] as typeof three),
  'the first event missing': textOf(three.slice(1)),
  'a signature of the end that does not hold': `${textOf(three.slice(0, 2))}${forged(three[2])}\n`,
  'an unsigned field': `${textOf(three.slice(0, 2))}${three[2]?.toLine().replace('"seq":2', '"seq":2,"note":1')}\n`,
  'a byte-order mark': `\ufeff${whole}`,
  'an array for a line': `${whole}[]\n`,
};

for (const [name, text] of Object.entries(damaged)) {
  test(`tampered tail, ${name}: refused and untouched`, async (t) => {
    const path = newPath(t);
    writeFileSync(path, text);
    t.not(text, whole);
    for (const tornTail of ['quarantine', 'error'] as const) {
      await rejectsError(t, () => openSession(t, { ledgerPath: path, tornTail }), tampered);
      throwsError(t, () => openSessionSync(t, { ledgerPath: path, tornTail }), tampered);
    }
    t.is(readFileSync(path, 'utf8'), text);
    t.deepEqual(quarantined(path), {});
  });
}

test('signed by another key before the end: a run whose last signature does not hold is refused', async (t) => {
  const path = newPath(t);
  const mixed = chainOf(4, { keypairAt: (seq) => (seq < 2 ? key2 : key1) });
  writeLedger(path, mixed);
  t.is((await openSession(t, { ledgerPath: path })).head?.seq, 3);
  const lines = mixed.map((signed) => signed.toLine());
  const bad = newPath(t);
  writeFileSync(bad, `${lines.with(1, forged(mixed[1])).join('\n')}\n`);
  await rejectsError(t, () => openSession(t, { ledgerPath: bad }), tampered);
});

/** Files that someone may name by mistake. */
const others: Record<string, Buffer> = {
  'a key': Buffer.from(seed1),
  'a key of printable bytes': Buffer.from('{'.padEnd(32, 'x')),
  'a database': Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4080)]),
  'a JSON file': Buffer.from('{\n  "name": "sealwright",\n  "version": "1.0.0"\n}\n'),
  'a JSON file of one line': Buffer.from('{"a":1}'),
  'a text': Buffer.from('hello\nworld\n'),
  'a text of one line without an LF': Buffer.from('hello'),
  'an NDJSON file of something else': Buffer.from('{"level":30,"msg":"a"}\n{"level":30,"msg":"b"}\n'),
  'a ledger that begins later': Buffer.from('{"seq":1,'),
  'a program': Buffer.concat([Buffer.from('\u007fELF'), Buffer.alloc(60), Buffer.from([1, 2, 3])]),
  'zeros and then bytes of a program': Buffer.concat([Buffer.alloc(4096), Buffer.from([1, 2, 3])]),
  'a PEM file': Buffer.from('-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n'),
};

for (const [name, bytes] of Object.entries(others)) {
  test(`${name}, named as ledger by mistake: refused and untouched`, async (t) => {
    const path = newPath(t);
    writeFileSync(path, bytes);
    for (const tornTail of ['quarantine', 'error', undefined] as const) {
      await rejectsError(t, () => openSession(t, { ledgerPath: path, tornTail }), tampered);
    }
    t.true(readFileSync(path).equals(bytes));
    t.deepEqual(readdirSync(dirname(path)), ['ledger.ndjson']);
  });
}

test('blank lines at the end are kept, and end before the next event', async (t) => {
  for (const blank of ['\n', ' \t', '\r\n', '\n\n ']) {
    const path = newPath(t);
    writeFileSync(path, whole + blank);
    const session = await openSession(t, { ledgerPath: path });
    t.deepEqual(session.recovery, { tail: null, unacknowledged: null });
    t.is((await session.record(ended(3))).seq, 3);
    t.true(readFileSync(path, 'utf8').startsWith(whole + blank));
    t.like(await verifyFile(path), { verdict: 'intact', eventCount: 4, tail: null });
  }
});

test('a long ledger: only its end is read, a tear there is mended, one before it is tampering', async (t) => {
  const path = newPath(t);
  const long = chainOf(4000);
  const text = textOf(long);
  const start = textOf(long.slice(0, -1)).length;
  isPutAside(t, path, Buffer.from(text.slice(0, -50)), start, 'unterminated', 3999);
  const holed = Buffer.from(text);
  holed.fill(0, text.length - 200_000, text.length - 190_000);
  writeFileSync(path, holed);
  const session = await openSession(t, { ledgerPath: path });
  t.is(session.recovery.tail?.reason, 'hole');
  t.true((session.recovery.tail?.offset ?? 0) <= text.length - 200_000);
  await session.record(ended('after'));
  await session.close();
  t.like(await verifyFile(path), { verdict: 'intact', tail: null });
  // Two MiB before the end everything was synced long ago: opening trusts it, verifying finds it.
  holed.set(Buffer.from(text));
  holed.fill(0, 10_000, 12_000);
  writeFileSync(path, holed);
  (await openSession(t, { ledgerPath: path })).closeSync();
  await rejectsError(t, () => openSession(t, { ledgerPath: path, verifyOnOpen: 'all' }), tampered);
});

test('a copy of a recovered ledger and its tail give the bytes that the crash left', (t) => {
  const path = newPath(t);
  const crashed = Buffer.from(whole.slice(0, -30));
  writeFileSync(path, crashed);
  const session = openSessionSync(t, { ledgerPath: path });
  const { tail } = session.recovery;
  copyFileSync(path, `${path}.copy`);
  t.true(Buffer.concat([readFileSync(`${path}.copy`), readFileSync(tail?.path ?? '')]).equals(crashed));
  t.is(linesOf(path).length, 2);
});
