// A session says that it ended, and with what; and while its ledger is quiet, that it is still there.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import {
  events,
  LedgerError,
  SealwrightRangeError,
  SealwrightTypeError,
  type Session,
  type SignedEvent,
  verifyFile,
} from 'sealwright';
import { verifyFile as crosscheck } from 'sealwright/crosscheck';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, key1, key2, linesOf, openSession, openSessionSync } from './helpers/ledgers.mts';

const extended = { events: 'extended' } as const;
const closed = { instanceOf: LedgerError, code: 'ERR_SESSION_CLOSED', outcome: 'not-written' } as const;

const payloads = (path: string, kind: string): Record<string, unknown>[] =>
  linesOf(path)
    .map((line) => (JSON.parse(line) as { event: { type: string; payload: Record<string, unknown> } }).event)
    .filter(({ type }) => type === kind)
    .map(({ payload }) => payload);

test('the end of a session says how much it recorded, and what was the last', async (t) => {
  const path = newPath(t);
  const sessionId = 'call "1"\n\u{1f600}';
  const session = await openSession(t, { ledgerPath: path, sessionId, ...extended });
  const other = await openSession(t, { ledgerPath: path, sessionId: 'other', ...extended });
  const records = [session.record(ended(0)), session.recordMany([ended(1), ended(2)]), session.rotateKey(key2)];
  const flying = other.record(ended(4));
  // What is in flight counts, and nothing of the other session.
  const end = session.end();
  await rejectsError(t, () => session.record(ended('late')), closed);
  const sealed = await end;
  const last = ((await Promise.all(records)).flat() as SignedEvent[]).at(-1);
  t.is((await flying).seq, 4);
  t.is(sealed.event.type, 'SessionSealed');
  t.deepEqual(sealed.event.payload, { session_id: sessionId, count: 4, head_seq: 3, head_hash: last?.selfHash });
  t.is(await session.end(), sealed);
  await session.close();

  const idle = openSessionSync(t, { ledgerPath: path, keypair: key2, sessionId: 'idle', ...extended });
  t.deepEqual(idle.endSync().event.payload, { session_id: 'idle', count: 0, head_seq: 0, head_hash: '' });
  throwsError(t, () => idle.endSync(), closed);
  await rejectsError(t, () => idle.end(), closed);
  t.deepEqual((await other.end()).event.payload['count'], 1);
  t.like(await verifyFile(path, { signers: key1.publicKeyHex }), { code: null, eventCount: 8, unknownKinds: {} });
});

test('the last session to end releases the ledger', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, ...extended });
  await session.end();
  const again = openSessionSync(t, { ledgerPath: path, ...extended });
  again.endSync();
  await openSession(t, { ledgerPath: path, verifyOnOpen: 'all', ...extended });
  t.is(payloads(path, 'SessionSealed').length, 2);
});

test('an end that is refused leaves the session open', async (t) => {
  const session = await openSession(t, { ledgerPath: newPath(t) });
  const refused = { instanceOf: LedgerError, code: 'ERR_EVENT_SET', outcome: 'not-written' } as const;
  await rejectsError(t, () => session.end(), refused);
  throwsError(t, () => session.endSync(), refused);
  t.is((await session.record(ended(0))).seq, 0);
  await session.close();
  await rejectsError(t, () => session.end(), closed);
});

test('an end that fails closes the session all the same', async (t) => {
  for (const end of [(session: Session) => session.end(), async (session: Session) => session.endSync()]) {
    const path = newPath(t);
    const session = await openSession(t, { ledgerPath: path, ...extended });
    await session.record(ended(0));
    const whole = readFileSync(path);
    appendFileSync(path, 'x');
    const changed = { instanceOf: LedgerError, code: 'ERR_LEDGER_CHANGED', outcome: 'not-written' } as const;
    await rejectsError(t, () => end(session), changed);
    await rejectsError(t, () => session.record(ended(1)), closed);
    writeFileSync(path, whole);
    const again = await openSession(t, { ledgerPath: path, ...extended });
    t.is(again.head?.seq, 0);
  }
});

test('a heartbeat is recorded while nothing else is', async (t) => {
  const path = newPath(t);
  const quiet = await openSession(t, { ledgerPath: path, sessionId: 'quiet', heartbeatMs: 1000, ...extended });
  const busy = await openSession(t, { ledgerPath: path, sessionId: 'busy', ...extended });
  for (let round = 0; round < 16; round += 1) {
    await busy.record(ended(round));
    await setTimeout(100);
  }
  while (payloads(path, 'Heartbeat').length < 2) await setTimeout(50);
  t.deepEqual(payloads(path, 'Heartbeat')[1], { session_id: 'quiet', interval_ms: 1000 });
  const written = linesOf(path);
  const times = written.map((line) => BigInt(/"timestamp_nanos":(\d+)/.exec(line)?.[1] ?? 0));
  for (const [index, line] of written.entries()) {
    if (!line.includes('"Heartbeat"')) continue;
    // Another session's records count too. On a machine that halts for a second there is one between them.
    const pause = Number((times[index] ?? 0n) - (times[index - 1] ?? 0n)) / 1e6;
    t.true(pause > 995, `${pause} ms`);
  }
  t.is(quiet.heartbeatError, null);
  t.is((await quiet.end()).event.payload['count'], payloads(path, 'Heartbeat').length);
  const lines = linesOf(path).length;
  await setTimeout(1200);
  t.is(linesOf(path).length, lines, 'an ended session has no heartbeat');
});

test('a heartbeat that fails is seen, and goes on when it can', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, heartbeatMs: 1000, ...extended });
  await session.record(ended(0));
  appendFileSync(path, 'x');
  // From here on none is written. One may have been, on a machine that halts for a second.
  const whole = readFileSync(path).subarray(0, -1);
  const before = whole.toString().split('"Heartbeat"').length - 1;
  while (session.heartbeatError === null) await setTimeout(50);
  t.regex(session.heartbeatError, /someone else changed it/);
  writeFileSync(path, whole);
  while (session.heartbeatError !== null) await setTimeout(50);
  t.true(payloads(path, 'Heartbeat').length > before);
});

test('a heartbeat takes a time, and extended kinds', async (t) => {
  const path = newPath(t);
  const range = { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' } as const;
  for (const heartbeatMs of [0, -1, 999, 1000.5, 2 ** 31, Infinity]) {
    await rejectsError(t, () => openSession(t, { ledgerPath: path, heartbeatMs, ...extended }), range, String(heartbeatMs));
  }
  const type = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  for (const heartbeatMs of ['1000', null, 1000n] as never[]) {
    throwsError(t, () => openSessionSync(t, { ledgerPath: path, heartbeatMs, ...extended }), type);
  }
  const core = { instanceOf: LedgerError, code: 'ERR_EVENT_SET' } as const;
  await rejectsError(t, () => openSession(t, { ledgerPath: path, heartbeatMs: 1000 }), core);
});

test('a report lists the sessions that have no end', async (t) => {
  const path = newPath(t);
  const begin = (session: Session) => {
    const { sessionId } = session;
    return session.record(events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId }));
  };
  const both = async () => {
    const report = await verifyFile(path);
    t.deepEqual((await crosscheck(path)).toJSON(), report.toJSON());
    return report.openSessions;
  };
  const first = await openSession(t, { ledgerPath: path, sessionId: 'first', ...extended });
  const second = await openSession(t, { ledgerPath: path, sessionId: 'second "2"', ...extended });
  await begin(first);
  await first.record(ended('SessionEnded names no session'));
  t.is(await both(), null, 'a core ledger cannot say it');
  await begin(second);
  await first.end();
  t.deepEqual(await both(), { count: 1, listed: ['second "2"'], unfollowed: 0 });
  await second.end();
  t.deepEqual(await both(), { count: 0, listed: [], unfollowed: 0 });
});
