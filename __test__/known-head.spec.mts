import { existsSync, renameSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { FileHeadStore, type Head, type HeadStore, keepHead, LedgerError, MemoryHeadStore, readHeadFile } from 'sealwright';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, openSession } from './helpers/ledgers.mts';

async function ledgerOf(t: ExecutionContext, count: number, ledgerPath = newPath(t)): Promise<{ ledgerPath: string; head: Head }> {
  const session = await openSession(t, { ledgerPath });
  for (let number = 0; number < count; number += 1) await session.record(ended(number));
  await session.close();
  return { ledgerPath, head: session.head ?? { seq: -1, hash: '' } };
}

test('a kept head is found again, and held against a session', async (t) => {
  const { ledgerPath, head } = await ledgerOf(t, 3);
  const other = await ledgerOf(t, 2);
  const file = newPath(t, 'heads.json');
  await keepHead(ledgerPath, new FileHeadStore(file), head);
  t.deepEqual([readHeadFile(file), readHeadFile(file, ledgerPath), readHeadFile(file, other.ledgerPath)], [head, head, null]);
  await keepHead(other.ledgerPath, new FileHeadStore(file), other.head);
  t.deepEqual([readHeadFile(file, ledgerPath), readHeadFile(file, other.ledgerPath)], [head, other.head]);
  throwsError(t, () => readHeadFile(file), { instanceOf: LedgerError, code: 'ERR_HEAD_STORE', message: `the head store ${file} knows 2 ledgers: which of them is meant?` });
  // Another ledger in its place.
  renameSync(other.ledgerPath, ledgerPath);
  t.deepEqual(readHeadFile(file, ledgerPath), other.head, 'by its first event');
  const open = () => openSession(t, { ledgerPath, headStore: new FileHeadStore(file) });
  await rejectsError(t, open, { instanceOf: LedgerError, code: 'ERR_ROLLBACK_DETECTED' });
  const keep = () => keepHead(ledgerPath, new FileHeadStore(file), other.head);
  await rejectsError(t, keep, { instanceOf: LedgerError, code: 'ERR_HEAD_STORE' });
});

test('a file may hold one head alone', async (t) => {
  const { ledgerPath, head } = await ledgerOf(t, 2);
  const file = newPath(t, 'head.json');
  writeFileSync(file, JSON.stringify(head));
  t.deepEqual([readHeadFile(file), readHeadFile(file, ledgerPath)], [head, head]);
  for (const text of ['', 'null', '{"seq":1}', `{"seq":-1,"hash":"${head.hash}"}`, '{"ledger:x":1}']) {
    writeFileSync(file, text);
    throwsError(t, () => readHeadFile(file, ledgerPath), { instanceOf: LedgerError, code: 'ERR_HEAD_STORE' });
  }
  const missing = newPath(t, 'none.json');
  throwsError(t, () => readHeadFile(missing), { instanceOf: LedgerError, code: 'ERR_HEAD_STORE' });
  t.false(existsSync(missing));
});

test('what cannot be kept', async (t) => {
  const { ledgerPath, head } = await ledgerOf(t, 1);
  const store = new MemoryHeadStore();
  const empty = (await ledgerOf(t, 0)).ledgerPath;
  await rejectsError(t, () => keepHead(empty, store, head), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' });
  for (const bad of [null, 'x', { seq: 0, hash: 'x' }]) {
    await rejectsError(t, () => keepHead(ledgerPath, store, bad as Head), { instanceOf: TypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
  await rejectsError(t, () => keepHead(ledgerPath, null as never, head), { instanceOf: TypeError, code: 'ERR_INVALID_ARGUMENT' });
});

test('a store of the caller’s is asked about a ledger that was pruned', async (t) => {
  const ledgerPath = newPath(t);
  const heads = new Map<string, Head>();
  const headStore: HeadStore = { get: (id) => heads.get(id) ?? null, set: (id, head) => void heads.set(id, head) };
  const options = { ledgerPath, headStore, events: 'extended', rotate: { maxEvents: 2 } } as const;
  const session = await openSession(t, options);
  for (let number = 0; number < 5; number += 1) await session.record(ended(number));
  t.not(await session.prune({ keep: 1 }), null);
  await session.close();
  t.is((await openSession(t, options)).head?.seq, 5);
});
