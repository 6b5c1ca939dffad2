// What importLedger refuses for what it is: with a report where there is one, and without a trace.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ChainError, events, importLedger, LedgerError, SealwrightRangeError, SealwrightTypeError } from 'sealwright';
import { rejectsError } from './helpers/errors.mts';
import { danglingLink, newFifo, newFolder } from './helpers/folders.mts';
import { bytes, expectedHead, firstHash, isRefused, peerLedger, signers } from './helpers/imports.mts';
import { chainOf, key2, openSession, textOf } from './helpers/ledgers.mts';
import { variants } from './helpers/vectors.mts';

test('of the ledgers that the peer was given altered, those are imported that are not broken and have no tail', async (t) => {
  const ledgers = variants();
  t.is(ledgers.length, 47);
  let taken = 0;
  for (const { name: variant, path: source, cases } of ledgers) {
    const { path, to } = peerLedger(t, readFileSync(source));
    const [ours] = cases.map(({ expect }) => expect);
    const result = await importLedger(path, { to }).catch((error: unknown) => error);
    if (variant === 'torn_tail') {
      t.is((result as LedgerError).code, 'ERR_TORN_TAIL');
    } else if (ours?.class === 'intact') {
      taken += 1;
      t.true(readFileSync(to).equals(readFileSync(source)), variant);
    } else {
      const codes: Record<string, string | null> = {
        broken: 'ERR_LEDGER_TAMPERED',
        empty: 'ERR_LEDGER_NOT_FOUND',
        error: ours?.code ?? null,
      };
      const { code, report } = result as LedgerError;
      t.is(code as string, codes[ours?.class ?? ''] as string, variant);
      if (ours?.class === 'broken') t.like(report, { code: ours.code, ok: false }, variant);
      t.false(existsSync(to), variant);
    }
  }
  t.true(taken > 10, `${taken} taken`);
});

test('a broken ledger is refused with its report', async (t) => {
  const text = bytes.toString('utf8').replace('"seq":150', '"seq":150,"approved_by":"alice"');
  const tampered = { instanceOf: LedgerError, code: 'ERR_LEDGER_TAMPERED' } as const;
  for (const error of await isRefused(t, text, tampered)) {
    t.like((error as LedgerError).report, { verdict: 'broken', code: 'unsigned_field', line: 151, eventCount: 150 });
    t.regex(error.message, /is broken at line 151/);
  }
  const cut = bytes.subarray(0, bytes.lastIndexOf('\n', -2) + 1);
  const foreign = chainOf(3, { keypair: key2 });
  for (const [content, options, code] of [
    [cut, { expectedHead }, 'head_mismatch'],
    [textOf(foreign), { signers }, 'untrusted_signer'],
    [textOf(foreign), { expectedFirst: firstHash }, 'first_mismatch'],
  ] as const) {
    for (const error of await isRefused(t, content, tampered, options)) t.is((error as LedgerError).report?.code, code);
  }
});

test('a ledger that cannot be read to its end is refused as verifyFile does', async (t) => {
  const errors = await isRefused(t, `${bytes.toString('utf8')}[1]\n`, {
    instanceOf: ChainError,
    code: 'ERR_LEDGER_MALFORMED',
    line: 201,
  });
  for (const error of errors) t.is((error as ChainError).report?.eventCount, 200);
});

test('a file without events, or without a ledger in it, is no ledger to import', async (t) => {
  const notFound = { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' } as const;
  for (const content of ['', '\n \n', new Uint8Array(32).fill(7), '{"seq":0,']) {
    for (const error of await isRefused(t, content, notFound)) t.is((error as LedgerError).report?.verdict, 'empty');
  }
  const { path, to } = peerLedger(t);
  await rejectsError(t, () => importLedger(`${path}.missing`, { to }), notFound);
  await rejectsError(t, () => importLedger(danglingLink(t).link), notFound);
});

test('a tail is refused with its place; a session on a copy cuts it off, and the copy is imported', async (t) => {
  const torn = bytes.subarray(0, -100);
  const [error] = await isRefused(t, torn, { instanceOf: LedgerError, code: 'ERR_TORN_TAIL' });
  const offset = bytes.lastIndexOf('\n', -2) + 1;
  t.deepEqual((error as LedgerError).report?.tail, { offset, bytes: torn.length - offset });

  const { folder, path, to } = peerLedger(t, torn);
  const copy = join(folder, 'copy.ndjson');
  copyFileSync(path, copy);
  const session = await openSession(t, { ledgerPath: copy });
  t.is(session.recovery.tail?.offset, offset);
  await session.close();
  const { head } = await importLedger(copy, { to });
  t.is(head.seq, 198);
  t.true(readFileSync(to).equals(bytes.subarray(0, offset)));
});

test('other than core kinds are refused', async (t) => {
  const custom = chainOf(2, { event: () => events.custom({ name: 'com.example.x', data: 1 }) });
  for (const error of await isRefused(t, textOf(custom), { instanceOf: LedgerError, code: 'ERR_EVENT_SET' })) {
    t.is((error as LedgerError).report?.events, 'extended');
  }
});

test('what lies at `to` is never replaced', async (t) => {
  const { folder, path } = peerLedger(t);
  const file = join(folder, 'file');
  writeFileSync(file, 'mine');
  symlinkSync('file', join(folder, 'link'));
  mkdirSync(join(folder, 'folder'));
  const exists = { instanceOf: LedgerError, code: 'ERR_LEDGER_IO', osCode: 'EEXIST' } as const;
  for (const to of [file, join(folder, 'link'), join(folder, 'folder'), path, '/']) {
    await rejectsError(t, () => importLedger(path, { to }), exists, to);
  }
  const { link, target } = danglingLink(t);
  await rejectsError(t, () => importLedger(path, { to: link }), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' });
  t.false(existsSync(target));
  t.is(readFileSync(file, 'utf8'), 'mine');
  t.deepEqual(readdirSync(folder).toSorted(), ['file', 'folder', 'link', 'old.ndjson']);
});

test('what is no regular file is refused without waiting', async (t) => {
  for (const path of [newFolder(t), newFifo(t), '/dev/null']) {
    for (const options of [{}, { to: join(newFolder(t), 'x') }]) {
      await rejectsError(t, () => importLedger(path, options), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_A_FILE' }, path);
    }
  }
});

test('arguments of a wrong type or name', async (t) => {
  const { path } = peerLedger(t);
  const wrong = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  for (const options of [
    { into: path },
    { to: 7 },
    { to: '' },
    { headStore: {} },
    { signal: {} },
    { signers: [] },
    { expectedFirst: 'abc' },
    { expectedHead: { seq: 0, hash: 'abc' } },
    null,
  ]) {
    await rejectsError(t, () => importLedger(path, options as never), wrong, JSON.stringify(options));
  }
  await rejectsError(t, () => importLedger(7 as never), wrong);
  await rejectsError(t, () => importLedger(path, { signers: 'f'.repeat(64) }), { ...wrong, code: 'ERR_PUBLIC_KEY' });
  await rejectsError(t, () => importLedger(path, { expectedHead: { seq: -1, hash: expectedHead.hash } }), {
    instanceOf: SealwrightRangeError,
    code: 'ERR_OUT_OF_RANGE',
  });
});
