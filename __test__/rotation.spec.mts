// A ledger that is full goes on in a new file: limits, names, and what cannot be had.

import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { LedgerError, type RotateOptions, Session, verifyStream } from 'sealwright';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, key1, ledgerFiles, openSession } from './helpers/ledgers.mts';

const sessionOptions = (ledgerPath: string, rotate?: RotateOptions) =>
  ({ keypair: key1, ledgerPath, sessionId: 'test', rotate }) as const;

const filesOf = (ledgerPath: string) => ledgerFiles(ledgerPath).map((path) => basename(path));

async function concatenationIsIntact(t: ExecutionContext, ledgerPath: string, events: number): Promise<void> {
  const pieces = ledgerFiles(ledgerPath).map((path) => readFileSync(path));
  const report = await verifyStream(Readable.from(pieces), { signers: key1.publicKeyHex });
  t.true(report.ok, report.reason ?? '');
  t.deepEqual([report.eventCount, report.tail], [events, null]);
}

test('each limit seals the file and goes on in another one', async (t) => {
  for (const [rotate, files] of [
    [{ maxEvents: 4 }, ['ledger.0-3.ndjson', 'ledger.4-7.ndjson', 'ledger.ndjson']],
    [{ maxBytes: 1600 }, ['ledger.0-2.ndjson', 'ledger.3-5.ndjson', 'ledger.6-8.ndjson', 'ledger.ndjson']],
    [{ maxEvents: 4, maxBytes: 1e9, maxAgeMs: 1e9 }, ['ledger.0-3.ndjson', 'ledger.4-7.ndjson', 'ledger.ndjson']],
  ] as const) {
    const ledgerPath = newPath(t);
    const session = await openSession(t, sessionOptions(ledgerPath, rotate));
    for (let seq = 0; seq < 10; seq += 1) t.is((await session.record(ended(seq))).seq, seq);
    t.is(session.rotateError, null);
    await session.close();
    t.deepEqual(filesOf(ledgerPath), files);
    for (const name of files) {
      const sealed = name !== 'ledger.ndjson';
      t.is(statSync(join(dirname(ledgerPath), name)).mode & 0o777, sealed ? 0o400 : 0o600, name);
    }
    await concatenationIsIntact(t, ledgerPath, 10);
  }
});

test('records of all kinds in flight become one chain over many files', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, sessionOptions(ledgerPath, { maxEvents: 16 }));
  const singles = Array.from({ length: 100 }, (_, index) => session.record(ended(index)));
  const batch = session.recordMany(Array.from({ length: 40 }, (_, index) => ended(`batch ${index}`)));
  const seqs = (await Promise.all([...singles, batch])).flat().map(({ seq }) => seq);
  session.recordSync(ended('last'));
  t.deepEqual(seqs, Array.from({ length: 140 }, (_, seq) => seq));
  await session.close();
  await concatenationIsIntact(t, ledgerPath, 141);
  t.true(filesOf(ledgerPath).length >= 4);
});

test('limits that are none', async (t) => {
  const ledgerPath = newPath(t);
  for (const rotate of [{}, { maxBytes: undefined }, { maxLines: 3 }, 7, [], { maxEvents: '3' }]) {
    await rejectsError(t, () => Session.open(sessionOptions(ledgerPath, rotate as RotateOptions)), {
      instanceOf: TypeError,
      code: 'ERR_INVALID_ARGUMENT',
    });
  }
  for (const rotate of [{ maxEvents: 0 }, { maxBytes: -1 }, { maxAgeMs: 2 ** 53 }]) {
    await rejectsError(t, () => Session.open(sessionOptions(ledgerPath, rotate)), {
      instanceOf: RangeError,
      code: 'ERR_OUT_OF_RANGE',
    });
  }
  t.deepEqual(filesOf(ledgerPath), []);
});

test('a further session has the limits of the ledger, and cannot have others', async (t) => {
  const ledgerPath = newPath(t);
  const first = await openSession(t, sessionOptions(ledgerPath, { maxEvents: 2 }));
  const second = await openSession(t, sessionOptions(ledgerPath));
  for (let seq = 0; seq < 3; seq += 1) await second.record(ended(seq));
  await rejectsError(t, () => Session.open(sessionOptions(ledgerPath, { maxEvents: 3 })), {
    instanceOf: LedgerError,
    code: 'ERR_SESSION_OPTIONS',
  });
  const third = await openSession(t, sessionOptions(ledgerPath, { maxEvents: 2 }));
  t.deepEqual(third.head, first.head);
  t.is(filesOf(ledgerPath).length, 2);
});

test('a segment is not recorded in, and a ledger that lost its active file is not begun anew', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, sessionOptions(ledgerPath, { maxEvents: 1 }));
  for (let seq = 0; seq < 2; seq += 1) await session.record(ended(seq));
  await session.close();
  const segment = join(dirname(ledgerPath), 'ledger.0-0.ndjson');
  throwsError(t, () => Session.openSync(sessionOptions(segment)), { instanceOf: LedgerError, code: 'ERR_LEDGER_SEALED' });
  const elsewhere = newPath(t);
  writeFileSync(join(dirname(elsewhere), 'ledger.0-0.ndjson'), readFileSync(segment));
  throwsError(t, () => Session.openSync(sessionOptions(elsewhere)), { instanceOf: LedgerError, code: 'ERR_SEGMENT_MISSING' });
  writeFileSync(join(dirname(elsewhere), 'ledger.0-00.ndjson'), '');
  throwsError(t, () => Session.openSync(sessionOptions(elsewhere)), { instanceOf: LedgerError, code: 'ERR_SEGMENT_REFUSED' });
});

test('a rotation that cannot be is told, and tried again', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, sessionOptions(ledgerPath, { maxEvents: 1 }));
  mkdirSync(`${ledgerPath}.next`);
  for (let seq = 0; seq < 3; seq += 1) t.is((await session.record(ended(seq))).seq, seq);
  t.regex(session.rotateError ?? '', /next file/);
  rmdirSync(`${ledgerPath}.next`);
  await session.record(ended(3));
  t.is(session.rotateError, null);
  t.deepEqual(filesOf(ledgerPath), ['ledger.0-2.ndjson', 'ledger.ndjson']);
});
