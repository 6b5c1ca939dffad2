import { events, Session, SigningKeypair } from 'sealwright';

/** Records a call, and resolves with what its verification needs. */
export async function recordCall(ledgerPath) {
  const keypair = SigningKeypair.loadOrCreate('signing.key');
  const session = await Session.open({ keypair, ledgerPath, sessionId: 'call-1' });
  await session.record(events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId: 'call-1' }));
  await session.record(events.sessionEnded({ reason: 'completed', summarySha256: '' }));
  const expectedHead = session.head ?? undefined;
  await session.close();
  return { signers: keypair.publicKeyHex, expectedHead };
}
