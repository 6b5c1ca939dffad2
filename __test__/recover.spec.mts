import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { discardQuarantined, type ErrorCode, inspectTail, LedgerError, recoverLedger, type Session } from 'sealwright';
import { rejectsError } from './helpers/errors.mts';
import { newFolder, newPath } from './helpers/folders.mts';
import { ended, openSession } from './helpers/ledgers.mts';

async function recorded(session: Session, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) await session.record(ended(number));
  await session.close();
}

test('a torn tail is looked at, kept beside the ledger, and discarded', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  await recorded(session, 2);
  const whole = readFileSync(ledgerPath);
  t.deepEqual(await inspectTail(ledgerPath), { head: session.head, tail: null, quarantined: [] });
  t.is(await recoverLedger(ledgerPath), null);
  t.deepEqual(await discardQuarantined(ledgerPath), []);

  appendFileSync(ledgerPath, '{"seq":2,\u001b');
  const found = await inspectTail(ledgerPath);
  const excerpt = Buffer.from('{"seq":2,\u001b');
  const place = { offset: whole.length, bytes: 10, lines: 1, reason: 'unterminated' };
  t.deepEqual(found as unknown, { head: session.head, tail: { ...place, excerpt }, quarantined: [] });
  t.is(readFileSync(ledgerPath).length, whole.length + 10, 'nothing was changed');

  const kept = await recoverLedger(ledgerPath);
  t.like(kept, place);
  t.deepEqual([readFileSync(ledgerPath), readFileSync(kept?.path ?? '')], [whole, excerpt]);
  const quarantined = [{ path: kept?.path ?? '', offset: whole.length, bytes: 10 }];
  t.deepEqual((await inspectTail(ledgerPath)).quarantined, quarantined);
  t.deepEqual(await discardQuarantined(ledgerPath), quarantined);
  t.false(existsSync(kept?.path ?? ''));
});

test('what nobody may mend', async (t) => {
  const ledgerPath = newPath(t);
  const missing = newPath(t);
  const session = await openSession(t, { ledgerPath });
  await session.record(ended('a'));
  for (const call of [inspectTail, recoverLedger, discardQuarantined]) {
    const refuses = (path: string, code: ErrorCode) => rejectsError(t, () => call(path), { instanceOf: LedgerError, code });
    await refuses(ledgerPath, 'ERR_LEDGER_LOCKED');
    await refuses(missing, 'ERR_LEDGER_NOT_FOUND');
    await refuses(newFolder(t), 'ERR_LEDGER_NOT_A_FILE');
    await rejectsError(t, () => call(7 as never), { instanceOf: TypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
  t.false(existsSync(missing));
  await session.close();
  appendFileSync(ledgerPath, '{"seq":7}\n');
  await rejectsError(t, () => recoverLedger(ledgerPath), { instanceOf: LedgerError, code: 'ERR_LEDGER_TAMPERED' });
});
