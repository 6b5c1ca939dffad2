// Before each write the ledger must be the file that was opened, as long as it was left. What others did to it meanwhile
// is an error before anything is written: nothing acknowledged is lost, and the chain is never forked.

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { LedgerError, type Session, type SignedEvent, verifyFile } from 'sealwright';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { chainOf, ended, key1, linesOf, openSession } from './helpers/ledgers.mts';

const changed = { instanceOf: LedgerError, code: 'ERR_LEDGER_CHANGED', outcome: 'not-written' } as const;

interface Opened {
  readonly path: string;
  readonly session: Session;
  readonly signed: SignedEvent[];
}

/** A ledger of three events that is open. */
async function opened(t: ExecutionContext): Promise<Opened> {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  return { path, session, signed: await session.recordMany([0, 1, 2].map(ended)) };
}

/** Every way to record is refused, as often as it is tried; then the session is closed. */
async function isRefused(t: ExecutionContext, { session }: Opened): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    await rejectsError(t, () => session.record(ended('lost')), changed);
    throwsError(t, () => session.recordSync(ended('lost')), changed);
    await rejectsError(t, () => session.recordMany([ended('lost'), ended('too')]), changed);
  }
  t.is(session.head?.seq, 2);
  await session.close();
}

/** Opened again, the ledger holds what was acknowledged and goes on. */
async function goesOn(t: ExecutionContext, path: string, count: number): Promise<Session> {
  const session = await openSession(t, { ledgerPath: path });
  t.is((await session.record(ended('after'))).seq, count);
  t.like(await verifyFile(path, { signers: key1.publicKeyHex }), {
    verdict: 'intact',
    eventCount: count + 1,
    tail: null,
  });
  t.false(readFileSync(path, 'utf8').includes('lost'));
  return session;
}

test('file deleted while open: an error before the write', async (t) => {
  const ledger = await opened(t);
  rmSync(ledger.path);
  await isRefused(t, ledger);
  t.false(existsSync(ledger.path));
  await goesOn(t, ledger.path, 0);
});

test('file renamed while open: an error before the write; the chain goes on under the new name', async (t) => {
  const ledger = await opened(t);
  const moved = `${ledger.path}.1`;
  renameSync(ledger.path, moved);
  await isRefused(t, ledger);
  t.false(existsSync(ledger.path));
  t.deepEqual(
    linesOf(moved),
    ledger.signed.map((event) => event.toLine()),
  );
  await goesOn(t, moved, 3);
});

test('file truncated while open: an error before the write', async (t) => {
  const half = await opened(t);
  truncateSync(half.path, readFileSync(half.path).length - 100);
  await isRefused(t, half);
  const session = await goesOn(t, half.path, 2);
  t.is(session.recovery.tail?.reason, 'unterminated');
  // As log rotation by copytruncate does it.
  const emptied = await opened(t);
  copyFileSync(emptied.path, `${emptied.path}.1`);
  truncateSync(emptied.path, 0);
  await isRefused(t, emptied);
  t.is(readFileSync(emptied.path).length, 0);
  t.deepEqual(
    linesOf(`${emptied.path}.1`),
    emptied.signed.map((event) => event.toLine()),
  );
  await goesOn(t, `${emptied.path}.1`, 3);
});

test('file extended while open: an error before the write', async (t) => {
  const unterminated = await opened(t);
  appendFileSync(unterminated.path, '{"seq":3,"timest');
  await isRefused(t, unterminated);
  const session = await goesOn(t, unterminated.path, 3);
  t.is(session.recovery.tail?.bytes, 16);
  const foreign = await opened(t);
  appendFileSync(foreign.path, 'a line of someone else\n');
  await isRefused(t, foreign);
  await rejectsError(t, () => openSession(t, { ledgerPath: foreign.path }), {
    instanceOf: LedgerError,
    code: 'ERR_LEDGER_TAMPERED',
  });
  t.is(linesOf(foreign.path).length, 4);
});

test('file replaced while open: an error before the write, also by a copy of itself', async (t) => {
  for (const bytes of [
    undefined,
    Buffer.from(
      chainOf(3)
        .map((event) => `${event.toLine()}\n`)
        .join(''),
    ),
  ]) {
    const ledger = await opened(t);
    const replacement = bytes ?? readFileSync(ledger.path);
    writeFileSync(`${ledger.path}.new`, replacement);
    renameSync(`${ledger.path}.new`, ledger.path);
    // The file that is there now is another ledger to this process, and has its own writer.
    const other = await goesOn(t, ledger.path, 3);
    await isRefused(t, ledger);
    t.is((await other.record(ended('again'))).seq, 4);
    t.is(linesOf(ledger.path).length, 5);
  }
});

test('a change that is taken back is as if it had not been', async (t) => {
  const { path, session } = await opened(t);
  renameSync(path, `${path}.away`);
  await rejectsError(t, () => session.record(ended('lost')), changed);
  renameSync(`${path}.away`, path);
  t.is((await session.record(ended('back'))).seq, 3);
  const { length } = readFileSync(path);
  appendFileSync(path, 'x');
  await rejectsError(t, () => session.record(ended('lost')), changed);
  truncateSync(path, length);
  t.is((await session.record(ended('back'))).seq, 4);
  t.like(await verifyFile(path), { verdict: 'intact', eventCount: 5 });
});

test('the queue behind a refused record is refused too, one by one', async (t) => {
  const { path, session } = await opened(t);
  rmSync(path);
  const records = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => session.record(ended(index))));
  for (const record of records)
    t.like((record as PromiseRejectedResult).reason as LedgerError, {
      code: 'ERR_LEDGER_CHANGED',
      outcome: 'not-written',
    });
});
