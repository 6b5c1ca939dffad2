// A key that changes with every segment: the first one opens the chain, the last one is in the file.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { LedgerError, Session, type SessionOptions, SigningKeypair, verifyFile } from 'sealwright';
import { verifyFile as crosscheckFile } from 'sealwright/crosscheck';
import { rejectsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, key1, ledgerFiles } from './helpers/ledgers.mts';

const optionsOf = (ledgerPath: string): SessionOptions => ({
  evolvingKey: join(dirname(ledgerPath), 'signing.key'),
  ledgerPath,
  sessionId: 'test',
  events: 'extended',
  rotate: { maxEvents: 3 },
});

test('each segment is signed by a key of its own', async (t) => {
  const ledgerPath = newPath(t);
  const options = optionsOf(ledgerPath);
  const session = await Session.open(options);
  const first = session.publicKeyHex;
  const keys = new Set<string>();
  for (let seq = 0; seq < 10; seq += 1) keys.add((await session.record(ended(seq))).signerPubkey);
  t.is(keys.size, 4);
  t.is(session.rotateError, null);
  await session.close();

  const keyPath = join(dirname(ledgerPath), 'signing.key');
  t.is(SigningKeypair.load(keyPath).publicKeyHex, session.publicKeyHex);
  t.false(existsSync(`${keyPath}.next`));
  const again = Session.openSync(options);
  again.recordSync(ended('again'));
  again.closeSync();

  const whole = newPath(t, 'whole.ndjson');
  writeFileSync(whole, Buffer.concat(ledgerFiles(ledgerPath).map((path) => readFileSync(path))));
  for (const verify of [verifyFile, crosscheckFile]) {
    const report = await verify(whole, { signers: first });
    t.deepEqual([report.ok, report.eventCount, report.signers.length], [true, 14, 4], report.reason ?? '');
    t.is((await verify(whole, { signers: session.publicKeyHex })).code, 'untrusted_signer');
  }
});

test('a ledger that is handed over, and a key file that is not yet', async (t) => {
  const ledgerPath = newPath(t);
  const options = optionsOf(ledgerPath);
  const keyPath = join(dirname(ledgerPath), 'signing.key');
  const session = await Session.open(options);
  for (let seq = 0; seq < 3; seq += 1) await session.record(ended(seq));
  const old = readFileSync(keyPath);
  await session.record(ended(3));
  await session.close();
  writeFileSync(`${keyPath}.next`, readFileSync(keyPath), { mode: 0o600 });
  writeFileSync(keyPath, old);
  const again = await Session.open(options);
  t.is((await again.record(ended(4))).seq, 5);
  await again.close();
  t.is(SigningKeypair.load(keyPath).publicKeyHex, again.publicKeyHex);
});

test('what does not go with it', async (t) => {
  const ledgerPath = newPath(t);
  const options = optionsOf(ledgerPath);
  const argument = { instanceOf: TypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  await rejectsError(t, () => Session.open({ ...options, keypair: key1 }), argument);
  await rejectsError(t, () => Session.open({ ...options, rotate: undefined }), argument);
  await rejectsError(t, () => Session.open({ ...options, evolvingKey: 7 as unknown as string }), argument);
  const set = { instanceOf: LedgerError, code: 'ERR_EVENT_SET' } as const;
  await rejectsError(t, () => Session.open({ ...options, events: 'core' }), set);
  t.false(existsSync(ledgerPath));
  const session = await Session.open(options);
  const refused = { instanceOf: LedgerError, code: 'ERR_SESSION_OPTIONS' } as const;
  await rejectsError(t, () => session.rotateKey(key1), refused);
  const other = { instanceOf: LedgerError, code: 'ERR_SIGNER_MISMATCH' } as const;
  await rejectsError(t, () => Session.open({ ...options, evolvingKey: `${ledgerPath}.key` }), other);
  await session.close();
});
