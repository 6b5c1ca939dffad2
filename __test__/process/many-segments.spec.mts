// A ledger may have more files than a process may have open, and they may change while they are read: a rotation or a
// pruning meanwhile never looks like a break.

import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { LedgerError, readEvents, SealwrightError, type SegmentsReport, verifySegments } from 'sealwright';
import { newFolder } from '../helpers/folders.mts';
import { Child } from './helpers/child.mts';
import { keypair } from './helpers/fixture.mts';

test('300 segments are verified, pruned and opened by a process that may have 64 files open', async (t) => {
  const through = ['sh', '-c', 'ulimit -n 64 && exec "$@"', 'sh'];
  const child = new Child(t, 'few-files', { through, input: { folder: newFolder(t) } });
  const { code, messages, stderr } = await child.end;
  t.is(code, 0, stderr);
  const whole = (read: number, files: number, verdict: string) => ['verified', { read, verdict, files, whole: [true, files] }];
  t.deepEqual(messages, [
    whole(300, 304, 'intact'),
    ['pruned', 1, 3],
    whole(302, 302, 'intact'),
    whole(303, 303, 'intact'),
    ['active', true],
  ]);
});

/** Looks at a ledger again and again while it grows, for two seconds and until eleven looks have counted. */
async function beside(t: ExecutionContext, prunes: boolean, look: (ledgerPath: string) => Promise<boolean>): Promise<void> {
  const ledgerPath = join(newFolder(t), 'ledger.ndjson');
  const child = new Child(t, 'rotating', { input: { ledgerPath, prunes } });
  await child.next();
  let counted = 0;
  for (const end = performance.now() + 2000; performance.now() < end || counted <= 10; await setTimeout(1)) {
    if (await look(ledgerPath)) counted += 1;
  }
  child.tell();
  t.true((await child.next<number>()) > 100);
  await child.end;
}

const signers = keypair.publicKeyHex;

test('verifySegments beside a writer that rotates all the time', async (t) => {
  let before: SegmentsReport | undefined;
  await beside(t, false, async (ledgerPath) => {
    const report = await verifySegments(ledgerPath, { signers, expectedHead: before?.head ?? undefined });
    t.like(report, { ok: true, code: null, gaps: [], orphans: [], foreign: [] });
    t.true(report.eventCount >= (before?.eventCount ?? 1));
    before = report;
    return true;
  });
});

test('readEvents beside a writer that rotates all the time', async (t) => {
  let before = 0;
  await beside(t, false, async (ledgerPath) => {
    let next = 0;
    for await (const { seq } of readEvents(ledgerPath)) {
      t.is(seq, next);
      next += 1;
    }
    t.true(next >= before);
    before = next;
    return true;
  });
});

test('verifySegments beside a writer that also prunes: a report without a fault, or an error that says what was removed', async (t) => {
  const outcomes: Record<string, number> = {};
  await beside(t, true, async (ledgerPath) => {
    const outcome = await verifySegments(ledgerPath, { signers }).then(
      ({ ok, code }) => (ok ? 'whole' : String(code)),
      (error: unknown) => (LedgerError.is(error) ? error.code : Promise.reject(error as Error)),
    );
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    return outcome === 'whole';
  });
  t.log(outcomes);
  t.deepEqual(Object.keys(outcomes).filter((outcome) => !['whole', 'ERR_LEDGER_CHANGED'].includes(outcome)), []);
});

test('readEvents beside a writer that also prunes: events that follow each other, or an error that says what is missing', async (t) => {
  const outcomes: Record<string, number> = {};
  await beside(t, true, async (ledgerPath) => {
    let last: number | undefined;
    let outcome = 'whole';
    try {
      for await (const { seq } of readEvents(ledgerPath)) {
        if (last !== undefined) t.is(seq, last + 1);
        last = seq;
      }
    } catch (error) {
      if (!SealwrightError.is(error)) throw error;
      outcome = error.code;
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    return true;
  });
  t.log(outcomes);
  t.deepEqual(Object.keys(outcomes).filter((outcome) => !['whole', 'ERR_SEGMENT_MISSING'].includes(outcome)), []);
});
