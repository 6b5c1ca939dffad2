import { readFileSync, writeFileSync } from 'node:fs';
import { events, Session, SigningKeypair, verifyFile } from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import { expect, test } from 'vitest';

test('what is recorded verifies, and a copy with one word changed does not', async () => {
  const keypair = SigningKeypair.loadOrCreate('signing.key');
  const session = await Session.open({ keypair, ledgerPath: 'ledger.ndjson', sessionId: 'call-1' });
  await session.record(events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId: 'call-1' }));
  await session.record(events.sessionEnded({ reason: 'completed', summarySha256: '' }));
  const options = { signers: keypair.publicKeyHex, expectedHead: session.head ?? undefined };
  await session.close();

  const report = await verifyFile('ledger.ndjson', options);
  expect(report.verdict).toBe('verified');
  expect((await crosscheck.verifyFile('ledger.ndjson', options)).toJSON()).toEqual(report.toJSON());

  writeFileSync('copy.txt', readFileSync('ledger.ndjson', 'utf8').replace('completed', 'cancelled'));
  expect((await verifyFile('copy.txt', options)).code).toBe('hash_mismatch');
  expect((await crosscheck.verifyFile('copy.txt', options)).code).toBe('hash_mismatch');
});
