// A ledger is opened as it was asked for, or not at all: what does not fit is refused before anything is touched.

import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import test from 'ava';
import {
  events,
  LedgerError,
  MemoryHeadStore,
  SealwrightRangeError,
  SealwrightTypeError,
  Session,
  type SessionOptions,
  verifyFile,
} from 'sealwright';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { danglingLink, newFifo, newFolder, newPath } from './helpers/folders.mts';
import {
  chainOf,
  DIGEST,
  ended,
  key1,
  key2,
  linesOf,
  openSession,
  openSessionSync,
  textOf,
  toolCalled,
  writeLedger,
} from './helpers/ledgers.mts';

const refusal = (code: LedgerError['code']) => ({ instanceOf: LedgerError, code, outcome: 'not-written' }) as const;
const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
const custom = events.custom({ name: 'com.example.refund', data: { order: 7 } });

test('opening and closing append nothing', async (t) => {
  const path = newPath(t);
  (await openSession(t, { ledgerPath: path })).closeSync();
  t.is(readFileSync(path, 'utf8'), '');
  writeLedger(path, chainOf(3));
  await (await openSession(t, { ledgerPath: path })).close();
  t.is(readFileSync(path, 'utf8'), textOf(chainOf(3)));
});

test('a new ledger and its folders are private', (t) => {
  const path = join(newFolder(t), 'new', 'folders', 'ledger.ndjson');
  openSessionSync(t, { ledgerPath: path });
  t.is(statSync(path).mode & 0o777, 0o600);
  for (const folder of [dirname(path), dirname(dirname(path))]) t.is(statSync(folder).mode & 0o777, 0o700);
});

test('the mode of a ledger that is there stays', (t) => {
  const path = newPath(t);
  writeLedger(path, chainOf(1));
  chmodSync(path, 0o640);
  openSessionSync(t, { ledgerPath: path }).recordSync(ended(1));
  t.is(statSync(path).mode & 0o777, 0o640);
});

test('a symlink to a ledger is followed, a dangling one refused', async (t) => {
  const path = newPath(t);
  const link = `${path}.link`;
  writeLedger(path, chainOf(2));
  symlinkSync(path, link);
  const [direct, linked] = [await openSession(t, { ledgerPath: path }), await openSession(t, { ledgerPath: link })];
  t.is((await linked.record(ended(2))).seq, 2);
  t.is((await direct.record(ended(3))).seq, 3);
  t.is(linesOf(path).length, 4);
  const dangling = danglingLink(t);
  const missing = { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' } as const;
  await rejectsError(t, () => openSession(t, { ledgerPath: dangling.link }), missing);
  throwsError(t, () => openSessionSync(t, { ledgerPath: dangling.link }), missing);
  t.false(existsSync(dangling.target));
});

test('a folder, a FIFO and a device are no ledger', async (t) => {
  const notAFile = { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_A_FILE' } as const;
  for (const ledgerPath of [newFolder(t), newFifo(t), '/dev/zero', '/dev/null']) {
    await rejectsError(t, () => openSession(t, { ledgerPath }), notAFile, ledgerPath);
    throwsError(t, () => openSessionSync(t, { ledgerPath }), notAFile, ledgerPath);
  }
  const file = newPath(t);
  writeLedger(file, chainOf(1));
  await rejectsError(t, () => openSession(t, { ledgerPath: join(file, 'ledger.ndjson') }), {
    instanceOf: LedgerError,
    code: 'ERR_LEDGER_NOT_FOUND',
    osCode: 'ENOTDIR',
  });
});

test('the event may be any of the seven kinds; Custom needs an extended session', async (t) => {
  const path = newPath(t);
  const core = await openSession(t, { ledgerPath: path });
  const all = [
    events.sessionStarted({ agentId: 'a', modelId: 'm', sessionId: 's' }),
    events.utteranceCaptured({ audioSha256: DIGEST, transcript: 't', lang: 'en', durationMs: 1 }),
    toolCalled({ q: 1 }),
    events.toolReturned({ toolName: 't', resultSha256: DIGEST, latencyMs: 1, success: true }),
    events.modelInvoked({
      modelId: 'm',
      promptSha256: DIGEST,
      responseSha256: DIGEST,
      promptTokens: 1,
      responseTokens: 2,
    }),
    events.utteranceSpoken({ textSha256: DIGEST, text: 't', audioSha256: '' }),
    ended('done'),
  ];
  for (const event of all) t.is((await core.record(event)).event.toString(), event.toString());
  await rejectsError(t, () => core.record(custom), refusal('ERR_EVENT_SET'));
  throwsError(t, () => core.recordSync(custom), refusal('ERR_EVENT_SET'));
  await rejectsError(t, () => core.recordMany([ended(7), custom]), refusal('ERR_EVENT_SET'));
  t.is((await core.record(ended(7))).seq, 7);
  const extended = await openSession(t, { ledgerPath: path, events: 'extended' });
  t.is((await extended.record(custom)).seq, 8);
  t.like(await verifyFile(path), { verdict: 'intact', eventCount: 9, events: 'extended' });
});

test('ERR_EVENT_SET: a core session is not opened on extended kinds', async (t) => {
  const path = newPath(t);
  const open = (options: Partial<SessionOptions>) => openSession(t, { ledgerPath: path, ...options });
  writeLedger(path, chainOf(3, { event: (seq) => (seq === 1 ? custom : ended(seq)) }));
  const refused = { instanceOf: LedgerError, code: 'ERR_EVENT_SET' } as const;
  await rejectsError(t, () => open({}), refused);
  await rejectsError(t, () => open({ events: 'core', verifyOnOpen: 'all' }), refused);
  const extended = await open({ events: 'extended' });
  await rejectsError(t, () => open({ events: 'core' }), refused);
  extended.closeSync();
  // Far before the window only verifying everything finds it.
  writeLedger(path, chainOf(2500, { event: (seq) => (seq === 1 ? custom : ended(seq)) }));
  (await open({})).closeSync();
  await rejectsError(t, () => open({ verifyOnOpen: 'all' }), refused);
  const core = await open({});
  const joined = await open({ events: 'extended' });
  await joined.record(custom);
  await rejectsError(t, () => open({}), refused);
  t.is((await core.record(ended('x'))).seq, 2501);
});

test('ERR_SIGNER_MISMATCH: resuming with another key, and joining with another key', async (t) => {
  const path = newPath(t);
  const refused = { instanceOf: LedgerError, code: 'ERR_SIGNER_MISMATCH' } as const;
  const session = await openSession(t, { ledgerPath: path });
  await rejectsError(t, () => openSession(t, { ledgerPath: path, keypair: key2 }), refused);
  await session.record(ended(0));
  await session.close();
  const before = readFileSync(path);
  await rejectsError(t, () => openSession(t, { ledgerPath: path, keypair: key2 }), refused);
  throwsError(t, () => openSessionSync(t, { ledgerPath: path, keypair: key2 }), refused);
  t.deepEqual(readFileSync(path), before);
  t.is((await (await openSession(t, { ledgerPath: path })).record(ended(1))).seq, 1);
});

test('ERR_SESSION_OPTIONS: what belongs to the writer cannot be asked for differently', async (t) => {
  const path = newPath(t);
  const store = new MemoryHeadStore();
  const open = (options: Partial<SessionOptions>) => openSession(t, { ledgerPath: path, ...options });
  const session = await open({ headStore: store, tornTail: 'error', maxQueueBytes: 1_000_000 });
  const refused = { instanceOf: LedgerError, code: 'ERR_SESSION_OPTIONS' } as const;
  const different: Partial<SessionOptions>[] = [
    { headStore: new MemoryHeadStore() },
    { headStore: { store, wait: true } },
    { tornTail: 'quarantine' },
    { maxQueueBytes: 1_000_001 },
  ];
  for (const options of different) {
    await rejectsError(t, () => open(options), refused, inspect(options));
    throwsError(t, () => openSessionSync(t, { ledgerPath: path, ...options }), refused, inspect(options));
  }
  const same: Partial<SessionOptions>[] = [
    {},
    { headStore: store },
    { headStore: { store } },
    { headStore: { store, wait: false }, tornTail: 'error', maxQueueBytes: 1_000_000 },
    { events: 'extended' },
    { verifyOnOpen: 'all' },
    { lockTimeoutMs: 5 },
    { sessionId: 'another' },
  ];
  for (const [index, options] of same.entries()) t.is((await (await open(options)).record(ended(index))).seq, index);
  t.is((await session.record(ended('x'))).seq, same.length);
});

test("verifyOnOpen: 'all' refuses what is broken far before the end, with the report", async (t) => {
  const path = newPath(t);
  const chain = chainOf(2500);
  const open = (options: Partial<SessionOptions>) => openSession(t, { ledgerPath: path, ...options });
  const good = textOf(chain);
  const broken = good.replace('"reason":"100"', '"reason":"x"');
  writeFileSync(path, broken);
  const refused = { instanceOf: LedgerError, code: 'ERR_LEDGER_TAMPERED' } as const;
  const error = await rejectsError(t, () => open({ verifyOnOpen: 'all' }), refused);
  t.like(error.report, { verdict: 'broken', code: 'hash_mismatch', brokenAt: 100, line: 101, eventCount: 100 });
  t.is(
    throwsError(t, () => openSessionSync(t, { ledgerPath: path, verifyOnOpen: 'all' }), refused).report?.brokenAt,
    100,
  );
  // The end alone is good, and whoever has it open goes on.
  const session = await open({});
  await rejectsError(t, () => open({ verifyOnOpen: 'all' }), refused);
  t.is((await session.record(ended('x'))).seq, 2500);
  await session.close();
  writeFileSync(path, good.replace('{"seq":100,', '{"seq":100;'));
  const malformed = await rejectsError(t, () => open({ verifyOnOpen: 'all' }), refused);
  t.like(malformed.report, { verdict: 'intact', eventCount: 100 });
  writeFileSync(path, good);
  t.is((await open({ verifyOnOpen: 'all' })).head?.seq, 2499);
});

test('options that are wrong are refused before anything is touched', async (t) => {
  const path = newPath(t);
  const good = { keypair: key1, ledgerPath: path, sessionId: 's' };
  const wrong: unknown[] = [
    undefined,
    null,
    'path',
    {},
    [],
    { ...good, keypair: undefined },
    { ...good, keypair: {} },
    { ...good, keypair: key1.publicKeyHex },
    { ...good, ledgerPath: undefined },
    { ...good, ledgerPath: '' },
    { ...good, ledgerPath: 'a\0b' },
    { ...good, ledgerPath: '\ud800' },
    { ...good, ledgerPath: new URL('https://example.com/') },
    { ...good, sessionId: undefined },
    { ...good, sessionId: 1 },
    { ...good, sessionId: '\udc00' },
    { ...good, ledger: path },
    { ...good, events: 'all' },
    { ...good, events: null },
    { ...good, verifyOnOpen: true },
    { ...good, verifyOnOpen: 'none' },
    { ...good, tornTail: 'ignore' },
    { ...good, tornTail: null },
    { ...good, lockTimeoutMs: '1' },
    { ...good, lockTimeoutMs: null },
    { ...good, verifyOnOpen: null },
    { ...good, maxQueueBytes: '1' },
    { ...good, maxQueueBytes: null },
    { ...good, headStore: null },
    { ...good, headStore: 'file' },
    { ...good, headStore: {} },
    { ...good, headStore: { get: () => null } },
    { ...good, headStore: { store: {} } },
    { ...good, headStore: { store: new MemoryHeadStore(), wait: 1 } },
    { ...good, headStore: { store: new MemoryHeadStore(), await: true } },
  ];
  for (const options of wrong) {
    await rejectsError(t, () => Session.open(options as SessionOptions), invalid, inspect(options, { depth: 1 }));
    throwsError(t, () => Session.openSync(options as SessionOptions), invalid, inspect(options, { depth: 1 }));
  }
  const outOfRange = { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' } as const;
  for (const numbers of [
    { lockTimeoutMs: -1 },
    { lockTimeoutMs: 0.5 },
    { lockTimeoutMs: 2 ** 32 },
    { lockTimeoutMs: Number.POSITIVE_INFINITY },
    { maxQueueBytes: 0 },
    { maxQueueBytes: Number.NaN },
  ]) {
    await rejectsError(t, () => Session.open({ ...good, ...numbers }), outOfRange, inspect(numbers));
    throwsError(t, () => Session.openSync({ ...good, ...numbers }), outOfRange, inspect(numbers));
  }
  t.false(existsSync(path));
  t.throws(() => Reflect.construct(Session, []));
});

test('undefined stands for an option that is not given', async (t) => {
  const options = {
    headStore: undefined,
    verifyOnOpen: undefined,
    tornTail: undefined,
    events: undefined,
    lockTimeoutMs: undefined,
    maxQueueBytes: undefined,
  };
  const session = await openSession(t, { ledgerPath: newPath(t), ...options });
  t.is((await session.record(ended(0), undefined)).seq, 0);
  t.is(session.publicKeyHex, key1.publicKeyHex);
});
