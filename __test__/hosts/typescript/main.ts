// A host in TypeScript: its types are checked, those of the package too, and what the compiler writes is run.

import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ChainReport,
  events,
  LedgerError,
  readEvents,
  Session,
  SigningKeypair,
  type SignedEvent,
  type Verdict,
  verifyFile,
} from 'sealwright';
import { verifyFile as crosscheckFile } from 'sealwright/crosscheck';
import { loaded } from './subpaths.js';

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'host-'));
  const ledgerPath = join(folder, 'ledger.ndjson');
  const keypair: SigningKeypair = SigningKeypair.loadOrCreate(join(folder, 'signing.key'));
  const session: Session = await Session.open({ keypair, ledgerPath, sessionId: 'smoke' });
  await session.record(events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId: 'smoke' }));
  const last: SignedEvent = await session.record(events.sessionEnded({ reason: 'completed', summarySha256: '' }));
  const time: bigint = last.timestampNanos;
  assert.ok(time > 0n);
  await session.close();
  // @ts-expect-error: a session has no such option.
  await assert.rejects(Session.open({ keypair, ledgerPath, sessionId: 'smoke', colour: 'red' }));
  await assert.rejects(session.record(events.sessionEnded({ reason: '', summarySha256: '' })), (error: unknown) =>
    LedgerError.is(error) && error.code === 'ERR_SESSION_CLOSED' && error.outcome === 'not-written',
  );

  const report: ChainReport = await verifyFile(ledgerPath, { signers: keypair.publicKeyHex });
  const verdict: Verdict = report.verdict;
  assert.equal(verdict, 'intact');
  const second: ChainReport = await crosscheckFile(ledgerPath, { signers: keypair.publicKeyHex });
  assert.deepEqual(second.toJSON(), report.toJSON());
  const kinds: string[] = [];
  for await (const { event } of readEvents(ledgerPath)) kinds.push(event.type);
  assert.deepEqual(kinds, ['SessionStarted', 'SessionEnded']);
  rmSync(folder, { recursive: true });
  assert.ok(loaded.every((names) => names.length > 0));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
