// The main process records, into the folder that Electron keeps an application's data in.

const { join } = require('node:path');
const { app } = require('electron');
const { events, Session, SigningKeypair, verifyFile } = require('sealwright');

app.whenReady().then(record).then(
  () => app.quit(),
  (error) => {
    console.error(error);
    app.exit(1);
  },
);

async function record() {
  const ledgerPath = join(app.getPath('userData'), 'ledger.ndjson');
  const keypair = SigningKeypair.loadOrCreate(join(app.getPath('userData'), 'signing.key'));
  const session = await Session.open({ keypair, ledgerPath, sessionId: 'call-1' });
  await session.record(events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId: 'call-1' }));
  await session.record(events.sessionEnded({ reason: 'completed', summarySha256: '' }));
  const expectedHead = session.head ?? undefined;
  await session.close();

  const report = await verifyFile(ledgerPath, { signers: keypair.publicKeyHex, expectedHead });
  if (report.verdict !== 'verified') throw new Error(`the ledger is ${report.verdict}`);
}
