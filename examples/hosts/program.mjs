// What the projects bun, deno, esbuild, permission and webpack run: it records, and verifies what it recorded.

import { events, Session, SigningKeypair, verifyFile } from 'sealwright';

/** In the current folder. Throws unless the ledger verifies. */
export async function recordAndVerify() {
  const keypair = SigningKeypair.loadOrCreate('signing.key');
  const session = await Session.open({ keypair, ledgerPath: 'ledger.ndjson', sessionId: 'call-1' });
  await session.record(events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId: 'call-1' }));
  await session.record(events.sessionEnded({ reason: 'completed', summarySha256: '' }));
  const expectedHead = session.head ?? undefined;
  await session.close();

  const report = await verifyFile('ledger.ndjson', { signers: keypair.publicKeyHex, expectedHead });
  if (report.verdict !== 'verified') throw new Error(`the ledger is ${report.verdict}`);
}
