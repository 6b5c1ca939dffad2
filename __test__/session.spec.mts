// A session acknowledges an event when it is on the disk, in the order of the calls; whatever it could not record changes
// nothing; and closing it waits for everything and releases the ledger.

import { mkdirSync, renameSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { LedgerError, SealwrightRangeError, SealwrightTypeError, Session, SignedEvent, SigningError } from 'sealwright';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newFolder, newPath } from './helpers/folders.mts';
import {
  ended,
  isIntact,
  key1,
  linesOf,
  linesOfEvents,
  openSession,
  openSessionSync,
  reasonsOf,
} from './helpers/ledgers.mts';

const refusal = (code: LedgerError['code']) => ({ instanceOf: LedgerError, code, outcome: 'not-written' }) as const;
const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;

test('what is returned is what stands in the file', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  t.is(session.head, null);
  const signed = [
    await session.record(ended(0)),
    session.recordSync(ended(1)),
    ...(await session.recordMany([ended(2), ended(3)])),
    await session.record({ type: 'SessionEnded', payload: { summary_sha256: '', reason: '4' } }),
    session.recordSync({ type: 'SessionEnded', payload: { reason: '5', summary_sha256: '' } }),
    ...(await session.recordMany([{ type: 'SessionEnded', payload: { reason: '6', summary_sha256: '' } }])),
  ];
  t.deepEqual(linesOf(path), linesOfEvents(signed));
  t.deepEqual(reasonsOf(signed), ['0', '1', '2', '3', '4', '5', '6']);
  t.true(signed.every((event) => event instanceof SignedEvent));
  for (const [index, event] of signed.entries()) {
    t.is(event.seq, index);
    t.is(event.parentHash, signed[index - 1]?.selfHash ?? '0'.repeat(64));
    t.is(event.signerPubkey, key1.publicKeyHex);
  }
  t.deepEqual(session.head, { seq: 6, hash: signed.at(-1)?.selfHash ?? '' });
  await isIntact(t, path, 7);
});

test('records in flight are sealed in the order of the calls', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  const single = Array.from({ length: 300 }, (_, index) => session.record(ended(index)));
  const many = session.recordMany([ended(300), ended(301), ended(302)]);
  const late = session.record(ended(303));
  // What was called before stands before it.
  const sync = session.recordSync(ended(304));
  const signed = [...(await Promise.all(single)), ...(await many), await late, sync];
  t.deepEqual(
    reasonsOf(signed),
    Array.from({ length: 305 }, (_, index) => String(index)),
  );
  t.deepEqual(linesOf(path), linesOfEvents(signed));
  await isIntact(t, path, 305);
});

test('several sessions of one ledger share one chain', async (t) => {
  const path = newPath(t);
  const sessions = [
    await openSession(t, { ledgerPath: path, sessionId: 'a' }),
    await openSession(t, { ledgerPath: pathToFileURL(path), sessionId: 'b' }),
    openSessionSync(t, { ledgerPath: relative(process.cwd(), path), sessionId: 'c' }),
  ];
  const [first] = sessions as [Session];
  const records = Array.from({ length: 150 }, (_, index) => sessions[index % 3]?.record(ended(index)) ?? t.fail());
  const signed = (await Promise.all(records)) as SignedEvent[];
  t.deepEqual(linesOf(path).toSorted(), linesOfEvents(signed).toSorted());
  t.deepEqual(
    sessions.map(({ sessionId }) => sessionId),
    ['a', 'b', 'c'],
  );
  for (const session of sessions) t.deepEqual(session.head, first.head);
  first.closeSync();
  await rejectsError(t, () => first.record(ended('x')), refusal('ERR_SESSION_CLOSED'));
  t.is((await sessions[1]?.record(ended('still open')))?.seq, 150);
  await isIntact(t, path, 151);
});

test('sessions opened at once on a new ledger share one chain', async (t) => {
  const path = join(newFolder(t), 'new', 'ledger.ndjson');
  const sessions = await Promise.all(Array.from({ length: 8 }, () => openSession(t, { ledgerPath: path })));
  const signed = await Promise.all(sessions.map((session, index) => session.record(ended(index))));
  t.deepEqual(signed.map(({ seq }) => seq).toSorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
  await isIntact(t, path, 8);
});

test('a ledger is resumed where it ended', async (t) => {
  const path = newPath(t);
  const written: SignedEvent[] = [];
  for (let round = 0; round < 4; round += 1) {
    const session =
      round % 2 === 0 ? await openSession(t, { ledgerPath: path }) : openSessionSync(t, { ledgerPath: path });
    t.deepEqual(session.head, round === 0 ? null : { seq: round * 2 - 1, hash: written.at(-1)?.selfHash ?? '' });
    t.deepEqual(session.recovery, { tail: null, unacknowledged: null });
    written.push(await session.record(ended('async')), session.recordSync(ended('sync')));
    if (round % 2 === 0) await session.close();
    else session.closeSync();
  }
  t.deepEqual(linesOf(path), linesOfEvents(written));
  await isIntact(t, path, 8);
});

test('what cannot be recorded changes nothing: the next record has the next seq', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  await session.record(ended(0));
  const field = { instanceOf: SealwrightTypeError, code: 'ERR_EVENT_FIELD' } as const;
  const wrong: [
    event: unknown,
    expected: { instanceOf: new (...args: never[]) => Error; code: LedgerError['code']; path?: string | undefined },
  ][] = [
    [undefined, { ...invalid, code: 'ERR_JSON_UNSUPPORTED', path: undefined }],
    [null, { ...field, path: undefined }],
    ['text', { ...field, path: undefined }],
    [{}, { ...field, path: 'type' }],
    [
      { type: 'SessionEnded', payload: {} },
      { ...field, path: 'payload.reason' },
    ],
    [
      { type: 'SessionEnded', payload: { reason: 'r', summary_sha256: 'x' } },
      { instanceOf: SigningError, code: 'ERR_EVENT_DIGEST', path: 'payload.summary_sha256' },
    ],
    [
      { type: 'Nothing', payload: {} },
      { instanceOf: SigningError, code: 'ERR_EVENT_KIND', path: 'type' },
    ],
    [
      { type: 'SessionEnded', payload: { reason: Number.NaN } },
      { instanceOf: SealwrightRangeError, code: 'ERR_JSON_NUMBER', path: 'payload.reason' },
    ],
    [session, { ...invalid, code: 'ERR_JSON_UNSUPPORTED', path: undefined }],
  ];
  for (const [event, expected] of wrong) {
    await rejectsError(t, () => session.record(event as never), expected, inspect(event));
    throwsError(t, () => session.recordSync(event as never), expected, inspect(event));
    const place = expected.path === undefined ? '[1]' : `[1].${expected.path}`;
    await rejectsError(
      t,
      () => session.recordMany([ended('first'), event as never]),
      { ...expected, path: place },
      inspect(event),
    );
  }
  for (const batch of [undefined, null, ended(0), {}, 'text', new Set([ended(0)])])
    await rejectsError(t, () => session.recordMany(batch as never), invalid);
  for (const options of [null, 1, { timeout: 1 }, { signal: {} }, { signal: null }]) {
    await rejectsError(t, () => session.record(ended(0), options as object), invalid, inspect(options));
    await rejectsError(t, () => session.recordMany([ended(0)], options as object), invalid, inspect(options));
  }
  t.is((await session.record(ended(1))).seq, 1);
  await isIntact(t, path, 2);
});

test('close waits for records in flight; every call returns the same promise', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  const settled: unknown[] = [];
  const records = Array.from({ length: 100 }, (_, index) =>
    session.record(ended(index)).then((signed) => settled.push(signed)),
  );
  const closing = session.close();
  t.is(session.close(), closing);
  await closing;
  t.is(settled.length, 100);
  await Promise.all(records);
  t.is(session.close(), closing);
  session.closeSync();
  session.closeSync();
  session[Symbol.dispose]();
  await session[Symbol.asyncDispose]();
  await isIntact(t, path, 100);
});

test('closeSync writes what is in flight; the promises resolve afterwards', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  const records = Array.from({ length: 100 }, (_, index) => session.record(ended(index)));
  session.closeSync();
  t.is(linesOf(path).length, 100);
  // The ledger is free at once.
  const again = openSessionSync(t, { ledgerPath: path });
  t.is(again.recordSync(ended('again')).seq, 100);
  t.deepEqual(
    (await Promise.all(records)).map(({ seq }) => seq),
    Array.from({ length: 100 }, (_, index) => index),
  );
  await session.close();
});

test('after closing nothing is recorded', async (t) => {
  const path = newPath(t);
  const closed = await openSession(t, { ledgerPath: path });
  await closed.record(ended(0));
  void closed.close();
  const refused = refusal('ERR_SESSION_CLOSED');
  await rejectsError(t, () => closed.record(ended(1)), refused);
  await rejectsError(t, () => closed.recordMany([ended(1)]), refused);
  await rejectsError(t, () => closed.recordMany([]), refused);
  throwsError(t, () => closed.recordSync(ended(1)), refused);
  await rejectsError(t, () => closed.ready(), refused);
  await closed.close();
  throwsError(t, () => closed.recordSync(ended(1)), refused);
  t.is(closed.head?.seq, 0);
  t.is(closed.sessionId, 'test');
  t.is(closed.headStoreError, null);
  t.deepEqual(closed.recovery, { tail: null, unacknowledged: null });
  await isIntact(t, path, 1);
});

test('using and await using close', async (t) => {
  const path = newPath(t);
  const options = { keypair: key1, ledgerPath: path, sessionId: 'scoped' };
  let [sync, asynchronous]: (Session | undefined)[] = [];
  let record: Promise<SignedEvent>;
  {
    using session = Session.openSync(options);
    record = session.record(ended(0));
    sync = session;
  }
  t.is(linesOf(path).length, 1);
  await record;
  {
    await using session = await Session.open(options);
    record = session.record(ended(1));
    asynchronous = session;
  }
  t.is(linesOf(path).length, 2);
  await record;
  for (const session of [sync, asynchronous])
    await rejectsError(t, () => session.record(ended('x')), refusal('ERR_SESSION_CLOSED'));
});

test('a ledger in a folder that goes away while it is open', async (t) => {
  const folder = join(newFolder(t), 'folder');
  mkdirSync(folder);
  const session = await openSession(t, { ledgerPath: join(folder, 'ledger.ndjson') });
  await session.record(ended(0));
  renameSync(folder, `${folder}.moved`);
  await rejectsError(t, () => session.record(ended(1)), refusal('ERR_LEDGER_CHANGED'));
  renameSync(`${folder}.moved`, folder);
  t.is((await session.record(ended(1))).seq, 1);
});

test('a session that is no longer referenced is closed when it is collected', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const path = newPath(t);
  await (async () => {
    const options = { keypair: key1, ledgerPath: path, sessionId: 'dropped', maxQueueBytes: 1000 };
    // The timer of a heartbeat holds no session.
    const session = await Session.open({ ...options, events: 'extended', heartbeatMs: 60_000 });
    await session.record(ended(0));
  })();
  // While it lives, the ledger cannot be opened with another limit.
  for (;;) {
    collect();
    await new Promise(setImmediate);
    try {
      t.is(openSessionSync(t, { ledgerPath: path, maxQueueBytes: 2000 }).recordSync(ended(1)).seq, 1);
      return;
    } catch (error) {
      if (!LedgerError.is(error) || error.code !== 'ERR_SESSION_OPTIONS') throw error;
    }
  }
});
