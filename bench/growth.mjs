// Whether a ledger's age is felt: the same measurements at several lengths of one ledger.

import { performance } from 'node:perf_hooks';
import { measureOpen } from './processes.mjs';
import { summary } from './statistics.mjs';

/** Records before those that are measured: the first writes the end of the ledger again. */
const WARM_UP = 20;

/**
 * At the ledger's present length: `{events, bytes, record, open, all, last}`. `record` is a summary of `recordSync` in
 * microseconds, `open` one of the first `Session.open` of a process in milliseconds; `all` and `last` are the seconds of
 * one `verifyFile` each. The ledger grows by what is recorded.
 */
export async function measureGrowth(sealwright, ledger, { grownRecords, grownOpens }) {
  const record = await recordOneByOne(sealwright, ledger, grownRecords);
  const { events, bytes, first: open } = await measureOpen(ledger, grownOpens);
  const all = await secondsOf(sealwright, ledger, 'all');
  const last = await secondsOf(sealwright, ledger, 'last');
  return { events, bytes, record, open, all, last };
}

async function recordOneByOne({ Session }, ledger, count) {
  const session = await Session.open({ keypair: ledger.keypair, ledgerPath: ledger.path, sessionId: 'growth' });
  const samples = [];
  for (let number = 0; number < WARM_UP + count; number += 1) {
    const started = performance.now();
    session.recordSync(ledger.event);
    if (number >= WARM_UP) samples.push((performance.now() - started) * 1000);
    ledger.events += 1;
  }
  await session.close();
  return summary(samples);
}

async function secondsOf({ verifyFile }, { path, keypair, events }, signatures) {
  const started = performance.now();
  const { ok, eventCount, reason } = await verifyFile(path, { signers: keypair.publicKeyHex, signatures });
  if (!ok || eventCount !== events) throw new Error(`${eventCount} of ${events} events: ${reason}`);
  return (performance.now() - started) / 1000;
}
