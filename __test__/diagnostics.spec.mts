// What diagnostics_channel is told of records and verifications: how many, how long, how it ended; and never what an
// event holds.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { appendFileSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import {
  type RecordDiagnostics,
  verifyChain,
  type VerifyDiagnostics,
  verifyFile,
  verifyFileSync,
  verifyStream,
} from 'sealwright';
import { newPath } from './helpers/folders.mts';
import { chainOf, ended, forged, openSession, openSessionSync, textOf, toolCalled, writeLedger } from './helpers/ledgers.mts';

/** What a channel is told of one ledger from now on, until the test ends. Tests of a file share its channels. */
function listen<Message extends { readonly ledgerPath: string | null }>(
  t: ExecutionContext,
  channel: 'sealwright:record' | 'sealwright:verify',
  ledgerPath: string | null,
): Message[] {
  const messages: Message[] = [];
  const listener = (message: unknown) => {
    if ((message as Message).ledgerPath === ledgerPath) messages.push(message as Message);
  };
  subscribe(channel, listener);
  t.teardown(() => unsubscribe(channel, listener));
  return messages;
}

const listenToRecords = (t: ExecutionContext, path: string) => listen<RecordDiagnostics>(t, 'sealwright:record', path);
const listenToVerifications = (t: ExecutionContext, path: string | null) =>
  listen<VerifyDiagnostics>(t, 'sealwright:verify', path);

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

test('each group is told once, and together they tell of every record, event and byte', async (t) => {
  const ledgerPath = newPath(t);
  const messages = listenToRecords(t, ledgerPath);
  const session = await openSession(t, { ledgerPath, sessionId: 'first' });
  await Promise.all(Array.from({ length: 50 }, (_, place) => session.record(ended(place))));
  await session.recordMany([ended('a'), ended('b'), ended('c')]);
  session.recordSync(ended('d'));

  const groups = messages.map(({ group }) => group);
  t.is(sum(messages.map(({ records }) => records)), 52);
  t.is(sum(groups.map((group) => group?.events ?? 0)), 54);
  t.is(sum(groups.map((group) => group?.bytes ?? 0)), (await verifyFile(ledgerPath)).bytes);
  t.true(messages.length < 52, 'records in flight share groups');
  for (const { sessionId, code, group } of messages) {
    t.is(sessionId, 'first');
    t.is(code, null);
    const { queuedMs = -1, sealMs = 0, writeMs = 0, syncMs = 0 } = group ?? {};
    t.true(queuedMs >= 0 && sealMs > 0 && writeMs > 0 && syncMs > 0, JSON.stringify(group));
  }
});

test('the sessions of a ledger are told apart, and each is told the size of the whole group', async (t) => {
  const ledgerPath = newPath(t);
  const messages = listenToRecords(t, ledgerPath);
  const [a, b] = [openSessionSync(t, { ledgerPath, sessionId: 'a' }), openSessionSync(t, { ledgerPath, sessionId: 'b' })];
  await Promise.all(Array.from({ length: 40 }, (_, place) => [a.record(ended(place)), b.record(ended(place))]).flat());
  const of = (id: string) => messages.filter(({ sessionId }) => sessionId === id);
  t.is(sum(of('a').map(({ records }) => records)), 40);
  t.is(sum(of('b').map(({ records }) => records)), 40);
  t.true(messages.some(({ records, group }) => (group?.events ?? 0) > records), 'two sessions shared a group');
});

for (const way of ['record', 'recordSync'] as const) {
  test(`${way}: a group that fails is told with its code and without measures`, async (t) => {
    const ledgerPath = newPath(t);
    const messages = listenToRecords(t, ledgerPath);
    const session = openSessionSync(t, { ledgerPath });
    appendFileSync(ledgerPath, 'someone else was here');
    await t.throwsAsync(async () => session[way](ended('x')), { code: 'ERR_LEDGER_CHANGED' });
    const failure = { ledgerPath, sessionId: 'test', records: 1, group: null, code: 'ERR_LEDGER_CHANGED' } as const;
    t.deepEqual(messages, [failure]);
  });
}

test('an event that is refused before it is queued is told to nobody', async (t) => {
  const ledgerPath = newPath(t);
  const messages = listenToRecords(t, ledgerPath);
  const session = openSessionSync(t, { ledgerPath });
  await t.throwsAsync(async () => session.record({} as never));
  t.deepEqual(messages, []);
});

test('a verification is told with its verdict, its code and its sizes', async (t) => {
  const [good, bad, garbage] = [newPath(t), newPath(t), newPath(t)];
  const chain = chainOf(3);
  writeLedger(good, chain);
  writeFileSync(bad, `${textOf(chain.slice(0, 2))}${forged(chain[2])}\n`);
  writeFileSync(garbage, `${textOf(chain.slice(0, 1))}garbage\n`);
  const told = async (path: string, verify: () => unknown) => {
    const messages = listenToVerifications(t, path);
    await Promise.resolve(verify()).catch(() => undefined);
    return messages.map(({ durationMs, ...rest }) => ({ ...rest, timed: durationMs > 0 }));
  };
  const file = { source: 'file', timed: true } as const;
  const { bytes } = verifyFileSync(good);
  const whole = { ...file, ledgerPath: good, verdict: 'intact', code: null, events: 3, bytes };
  t.deepEqual(await told(good, () => verifyFile(good)), [whole]);
  t.deepEqual(await told(good, () => verifyFileSync(good)), [whole]);
  const { byteOffset } = verifyFileSync(bad);
  t.deepEqual(await told(bad, () => verifyFile(bad)), [
    { ...file, ledgerPath: bad, verdict: 'broken', code: 'bad_signature', events: 2, bytes: byteOffset },
  ]);
  const first = textOf(chain.slice(0, 1)).length;
  t.deepEqual(await told(garbage, () => verifyFile(garbage)), [
    { ...file, ledgerPath: garbage, verdict: null, code: 'ERR_LEDGER_MALFORMED', events: 1, bytes: first },
  ]);
  const gone = newPath(t);
  t.deepEqual(await told(gone, () => verifyFile(gone)), [
    { ...file, ledgerPath: gone, verdict: null, code: 'ERR_LEDGER_NOT_FOUND', events: 0, bytes: 0 },
  ]);
});

// The others of this file verify files: their messages have a path.
test.serial('streams and chains are told without a path', async (t) => {
  const messages = listenToVerifications(t, null);
  const chain = chainOf(2);
  verifyChain(chain);
  await verifyStream(pieces(textOf(chain)));
  t.deepEqual(
    messages.map(({ source, verdict, events }) => [source, verdict, events]),
    [
      ['chain', 'intact', 2],
      ['stream', 'intact', 2],
    ],
  );
});

async function* pieces(text: string) {
  yield text;
}

test('nothing of an event, a key or a hash is told', async (t) => {
  const ledgerPath = newPath(t);
  const records = listenToRecords(t, ledgerPath);
  const verifications = listenToVerifications(t, ledgerPath);
  const session = await openSession(t, { ledgerPath });
  const { selfHash } = await session.record(toolCalled({ secret: 'hunter2' }));
  session.recordSync(toolCalled({ secret: 'hunter2' }));
  await verifyFile(ledgerPath);
  const told = JSON.stringify([records, verifications]);
  t.is(records.length + verifications.length, 3);
  for (const secret of ['hunter2', 'tool', session.publicKeyHex, selfHash]) t.false(told.includes(secret), secret);
});

test('a listener that throws harms no record', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  const thrown: unknown[] = [];
  const fail = (message: unknown) => {
    if ((message as RecordDiagnostics).ledgerPath === ledgerPath) throw new Error('a listener that throws');
  };
  // Node reports what a listener throws as an uncaught exception of its own.
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error.message));
  t.teardown(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  });
  subscribe('sealwright:record', fail);
  await session.record(ended('a'));
  session.recordSync(ended('b'));
  unsubscribe('sealwright:record', fail);
  await new Promise(setImmediate);
  t.is(session.head?.seq, 1);
  t.deepEqual(thrown, ['a listener that throws', 'a listener that throws']);
});
