// importLedger: a ledger that another program wrote is verified, adopted where it lies or as a copy, and continued; what
// others do meanwhile is noticed. What is refused is in import-refused.spec.mts, what the system refuses in process/.

import {
  appendFileSync,
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import {
  FileHeadStore,
  type Head,
  type HeadStore,
  importLedger,
  LedgerError,
  MemoryHeadStore,
  Session,
} from 'sealwright';
import { reasonOf, rejectsError } from './helpers/errors.mts';
import { newFolder } from './helpers/folders.mts';
import {
  bytes,
  expectedHead,
  firstHash,
  isContinued,
  isRefused,
  isUntouched,
  modeOf,
  peerLedger,
  signers,
} from './helpers/imports.mts';
import { chainOf, ended, key1, key2, openSession, textOf } from './helpers/ledgers.mts';
import { MapHeadStore } from './helpers/stores.mts';

test('a copy has the same bytes, mode 0600, and is continued; the original stays as it is', async (t) => {
  const ledger = peerLedger(t);
  const imported = await importLedger(pathToFileURL(ledger.path), { signers, expectedHead, to: pathToFileURL(ledger.to) });
  t.is(imported.path, ledger.to);
  t.is(imported.firstHash, firstHash);
  t.deepEqual(imported.head, expectedHead);
  t.like(imported.report, { verdict: 'verified', eventCount: 200, bytes: bytes.length, checks: { signatures: { mode: 'all', checked: 200 } } });
  t.true(readFileSync(ledger.to).equals(bytes));
  t.deepEqual([modeOf(ledger.to), modeOf(dirname(ledger.to))], [0o600, 0o700]);
  t.deepEqual(readdirSync(dirname(ledger.to)), ['ledger.ndjson']);
  t.true(readFileSync(ledger.path).equals(bytes));
  t.is(modeOf(ledger.path), 0o644);
  await isContinued(t, imported.path);
});

test('in place no byte changes, the mode is narrowed to 0600, and the ledger is continued', async (t) => {
  const { folder, path } = peerLedger(t);
  const link = join(folder, 'link');
  symlinkSync('old.ndjson', link);
  const imported = await importLedger(link, { signers });
  t.is(imported.path, path);
  t.like(imported.report, { verdict: 'intact', checks: { signer: 'pinned', head: 'not-checked' } });
  t.true(readFileSync(path).equals(bytes));
  t.is(modeOf(path), 0o600);
  t.deepEqual(readdirSync(folder).toSorted(), ['link', 'old.ndjson']);
  await isContinued(t, imported.path);
});

test('a stricter mode stays, and one that was widened again is taken', async (t) => {
  const { path } = peerLedger(t);
  chmodSync(path, 0o600);
  await importLedger(path);
  t.is(modeOf(path), 0o600);
  chmodSync(path, 0o640);
  await isContinued(t, path);
  t.is(modeOf(path), 0o640);
});

test('without signers the ledger itself says who signed it', async (t) => {
  const { path, to } = peerLedger(t, textOf(chainOf(3, { keypairAt: (seq) => (seq < 2 ? key1 : key2) })));
  const { report } = await importLedger(path, { to });
  t.like(report, { verdict: 'intact', checks: { signer: 'self-asserted' } });
  t.deepEqual(report.warnings, [{ code: 'mixed_signers', count: 1, firstLine: 3 }]);
  await rejectsError(t, () => Session.open({ keypair: key1, ledgerPath: to, sessionId: 'x' }), {
    instanceOf: LedgerError,
    code: 'ERR_SIGNER_MISMATCH',
  });
});

test('a last event without its LF is imported as it is, and continued behind an LF', async (t) => {
  const { path, to } = peerLedger(t, bytes.subarray(0, -1));
  await importLedger(path, { to });
  t.true(readFileSync(to).equals(bytes.subarray(0, -1)));
  await isContinued(t, to);
});

test('a place where nothing can be created is not said to be a missing ledger', async (t) => {
  const { path } = peerLedger(t);
  // The system answers that there is no such file, of one that was to be created.
  const to = process.platform === 'linux' ? '/proc/sealwright' : join(path, 'sealwright');
  await rejectsError(t, () => importLedger(path, { to }), { instanceOf: LedgerError, code: 'ERR_LEDGER_IO' });
  t.true(readFileSync(path).equals(bytes));
});

const entries = (path: string): [string, Head][] => [
  [`ledger:${firstHash}`, expectedHead],
  [`path:${path}`, { seq: 0, hash: firstHash }],
];

test('a head store of any kind is told head and path, and the next session with it finds both', async (t) => {
  const folder = newFolder(t);
  const stores = [new FileHeadStore(join(folder, 'heads.json')), new MemoryHeadStore(), new MapHeadStore()];
  for (const store of stores) {
    for (const inPlace of [false, true]) {
      const { path, to } = peerLedger(t);
      const headStore = inPlace ? store : { store, wait: true };
      const imported = await importLedger(path, { headStore, ...(inPlace ? {} : { to }) });
      for (const [id, head] of entries(imported.path)) {
        const { seq, hash } = (await store.get(id)) ?? {};
        t.deepEqual({ seq, hash }, { ...head });
      }
      if (inPlace) await isContinued(t, imported.path, store);
    }
  }
});

test('with a head store a ledger that is cut or swapped after the import is not opened', async (t) => {
  const other = textOf(chainOf(300, { event: () => ended('another ledger') }));
  const harm: Record<string, (path: string) => void> = {
    cut: (path) => truncateSync(path, bytes.lastIndexOf('\n', -2) + 1),
    emptied: (path) => truncateSync(path, 0),
    removed: (path) => renameSync(path, `${path}.away`),
    swapped: (path) => writeFileSync(path, other),
  };
  for (const [what, act] of Object.entries(harm)) {
    const headStore = new MemoryHeadStore();
    const { path: ledgerPath } = await importLedger(peerLedger(t).path, { headStore });
    act(ledgerPath);
    const open = () => Session.open({ keypair: key1, sessionId: 'x', ledgerPath, headStore });
    await rejectsError(t, open, { instanceOf: LedgerError, code: 'ERR_ROLLBACK_DETECTED' }, what);
  }
});

/** A store that, when it is asked, first does something once, as others may while an import goes on. */
function meanwhile(act: () => unknown): HeadStore {
  let done: unknown;
  const get = async () => {
    await (done ??= act() ?? 'done');
    return null;
  };
  return { get, set: () => undefined };
}

test('a ledger that is written to while it is imported is refused', async (t) => {
  for (const inPlace of [false, true]) {
    for (const change of ['{', bytes.toString('utf8')]) {
      const ledger = peerLedger(t);
      const headStore = meanwhile(() => appendFileSync(ledger.path, change));
      const call = () => importLedger(ledger.path, { headStore, ...(inPlace ? {} : { to: ledger.to }) });
      await rejectsError(t, call, { instanceOf: LedgerError, code: 'ERR_LEDGER_CHANGED' });
      isUntouched(t, ledger, `${bytes.toString('utf8')}${change}`);
    }
  }
  const { folder, path } = peerLedger(t);
  writeFileSync(join(folder, 'other'), bytes);
  const headStore = meanwhile(() => renameSync(join(folder, 'other'), path));
  const moved = { instanceOf: LedgerError, code: 'ERR_LEDGER_CHANGED' } as const;
  await rejectsError(t, () => importLedger(path, { headStore }), moved);
});

test('while a ledger is imported no session can open it, and while a session has it open it is not imported', async (t) => {
  const locked = { instanceOf: LedgerError, code: 'ERR_LEDGER_LOCKED' } as const;
  for (const inPlace of [false, true]) {
    const { path, to } = peerLedger(t);
    const options = inPlace ? {} : { to };
    const session = await openSession(t, { ledgerPath: path });
    await rejectsError(t, () => importLedger(path, options), locked);
    await session.close();
    const open = () => Session.open({ keypair: key1, sessionId: 'x', ledgerPath: path });
    let tried = false;
    const headStore = meanwhile(async () => {
      await rejectsError(t, open, locked);
      await (inPlace ? rejectsError(t, () => importLedger(path), locked) : importLedger(path, { to: `${to}-2` }));
      tried = true;
    });
    await importLedger(path, { headStore, ...options });
    t.true(tried);
    await isContinued(t, path);
  }
});

test('nobody opens a copy before its head store knows it', async (t) => {
  const { path, to } = peerLedger(t);
  const store = new MapHeadStore();
  const told: string[] = [];
  store.set = async (id, head) => {
    told.push(id);
    store.heads.set(id, head);
    await rejectsError(t, () => Session.open({ keypair: key1, sessionId: 'x', ledgerPath: to }), {
      instanceOf: LedgerError,
      code: 'ERR_LEDGER_LOCKED',
    });
  };
  await importLedger(path, { to, headStore: store });
  t.deepEqual(told, entries(to).map(([id]) => id));
});

test('a head store that fails, or answers with something else, fails the import', async (t) => {
  const cause = new Error('no connection');
  const fails = () => Promise.reject(cause);
  const stores: HeadStore[] = [
    { get: fails, set: () => undefined },
    { get: () => null, set: fails },
    { get: () => null, set: (id) => (id.startsWith('path:') ? fails() : undefined) },
  ];
  for (const headStore of stores) {
    const error = { instanceOf: LedgerError, code: 'ERR_HEAD_STORE', cause } as const;
    const ledger = peerLedger(t);
    await rejectsError(t, () => importLedger(ledger.path, { headStore, to: ledger.to }), error);
    isUntouched(t, ledger, bytes);
    await importLedger(ledger.path, { to: ledger.to });
    await rejectsError(t, () => importLedger(peerLedger(t).path, { headStore }), error);
  }
  const headStore = { get: () => 'head' as never, set: () => undefined };
  await isRefused(t, bytes, { instanceOf: LedgerError, code: 'ERR_HEAD_STORE' }, { headStore });
});

test('a ledger that has lost what the head store knows is not imported, nor another one at its path', async (t) => {
  const rollback = { instanceOf: LedgerError, code: 'ERR_ROLLBACK_DETECTED' } as const;
  const later = new MapHeadStore();
  later.heads.set(`ledger:${firstHash}`, { seq: 200, hash: 'a'.repeat(64) });
  await isRefused(t, bytes, rollback, { headStore: later });

  const forked = new MapHeadStore();
  forked.heads.set(`ledger:${firstHash}`, { seq: 100, hash: 'a'.repeat(64) });
  await isRefused(t, bytes, rollback, { headStore: forked });

  const ledger = peerLedger(t);
  const taken = new MapHeadStore();
  for (const path of [ledger.path, ledger.to]) taken.heads.set(`path:${path}`, { seq: 0, hash: 'a'.repeat(64) });
  await rejectsError(t, () => importLedger(ledger.path, { headStore: taken }), rollback);
  await rejectsError(t, () => importLedger(ledger.path, { headStore: taken, to: ledger.to }), rollback);
  isUntouched(t, ledger, bytes);
  t.deepEqual(taken.told, []);
});

test('an import that is done can be done again in place, and an earlier head in the store is moved on', async (t) => {
  const { path, to } = peerLedger(t);
  const headStore = new MemoryHeadStore();
  const [third] = bytes.toString('utf8').split('\n').slice(2, 3);
  headStore.set(`ledger:${firstHash}`, { seq: 2, hash: /"self_hash":"(\w+)"/.exec(third ?? '')?.[1] ?? '' });
  await importLedger(path, { headStore, to });
  const { head } = await importLedger(to, { headStore });
  t.deepEqual(head, expectedHead);
  const { seq, hash } = headStore.get(`ledger:${firstHash}`) ?? {};
  t.deepEqual({ seq, hash }, { ...expectedHead });
});

test('a signal ends the import before it has begun, while it verifies, and while the store is asked', async (t) => {
  const reason = new Error('no longer');
  const ledger = peerLedger(t);
  t.is(await reasonOf(importLedger(ledger.path, { to: ledger.to, signal: AbortSignal.abort(reason) })), reason);
  isUntouched(t, ledger, bytes);

  const large = peerLedger(t, textOf(chainOf(6000)));
  const verifying = new AbortController();
  const importing = importLedger(large.path, { to: large.to, signal: verifying.signal });
  verifying.abort(reason);
  t.is(await reasonOf(importing), reason);
  isUntouched(t, large, readFileSync(large.path));

  const asking = new AbortController();
  const headStore = meanwhile(() => asking.abort(reason));
  t.is(await reasonOf(importLedger(ledger.path, { to: ledger.to, headStore, signal: asking.signal })), reason);
  isUntouched(t, ledger, bytes);

  const telling = new AbortController();
  const store = new MapHeadStore();
  store.set = () => telling.abort(reason);
  const { path } = await importLedger(ledger.path, { to: ledger.to, headStore: store, signal: telling.signal });
  t.is(path, ledger.to);
});
