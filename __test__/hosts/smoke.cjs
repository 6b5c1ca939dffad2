// What every host does with the package that was installed: makes a key, records two events, verifies the ledger and a
// copy with one word changed, natively and by crosscheck. Nothing here ends the process: it must end by itself.

const { strict: assert } = require('node:assert');
const { mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** Takes the package and its subpath `crosscheck` as the host has loaded them. */
module.exports = async function smoke({ events, Session, SigningKeypair, verifyFile }, crosscheck) {
  const folder = mkdtempSync(join(tmpdir(), 'host-'));
  try {
    const ledger = join(folder, 'ledger.ndjson');
    const keypair = SigningKeypair.loadOrCreate(join(folder, 'signing.key'));
    const session = await Session.open({ keypair, ledgerPath: ledger, sessionId: 'smoke' });
    await session.record(events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId: 'smoke' }));
    const last = await session.record(events.sessionEnded({ reason: 'completed', summarySha256: '' }));
    const expectedHead = { seq: last.seq, hash: last.selfHash };
    await session.close();

    const options = { signers: keypair.publicKeyHex, expectedHead };
    const report = await verifyFile(ledger, options);
    assert.equal(report.verdict, 'verified');
    assert.equal(report.eventCount, 2);
    assert.deepEqual((await crosscheck.verifyFile(ledger, options)).toJSON(), report.toJSON());

    const copy = join(folder, 'copy.ndjson');
    writeFileSync(copy, readFileSync(ledger, 'utf8').replace('completed', 'cancelled'));
    for (const verify of [verifyFile, crosscheck.verifyFile]) {
      const tampered = await verify(copy, { signers: keypair.publicKeyHex });
      assert.equal(tampered.verdict, 'broken');
      assert.equal(tampered.code, 'hash_mismatch');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
};
