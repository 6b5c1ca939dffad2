// A process whose build computes something else than the format says: tells how each operation that hashes ends.

import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  canonicalJson,
  canonicalSha256,
  computeSelfHash,
  doctor,
  events,
  GENESIS_PARENT_HASH,
  importLedger,
  readEvents,
  SealwrightError,
  SelfTestError,
  Session,
  sha256Hex,
  SigningKeypair,
  verifyChain,
  verifyFile,
  verifyFileSync,
  verifyStream,
} from 'sealwright';
import { input, say } from '../helpers/talk.mts';

const { ledgerPath, keyPath, addon } = input as { ledgerPath: string; keyPath: string; addon: string };
const { native } = (await import(pathToFileURL(addon).href)) as { native: typeof import('../../../index.js') };
native.testFault('self-test');

const event = events.sessionEnded({ reason: 'done', summarySha256: '' });
const signer = { publicKey: '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8', sign: () => new Uint8Array(64) };
async function* nothing(): AsyncGenerator<string> {}

const operations: Record<string, () => unknown> = {
  canonicalJson: () => canonicalJson({}),
  canonicalSha256: () => canonicalSha256({}),
  sha256Hex: () => sha256Hex(''),
  computeSelfHash: () =>
    computeSelfHash({ event, seq: 0, parentHash: GENESIS_PARENT_HASH, timestampNanos: 0n }),
  'SigningKeypair.generate': () => SigningKeypair.generate(),
  'SigningKeypair.fromSeed': () => SigningKeypair.fromSeed(new Uint8Array(32)),
  'SigningKeypair.load': () => SigningKeypair.load(keyPath),
  'SigningKeypair.loadOrCreate': () => SigningKeypair.loadOrCreate(keyPath),
  verifyFile: () => verifyFile(ledgerPath),
  verifyFileSync: () => verifyFileSync(ledgerPath),
  verifyStream: () => verifyStream(nothing()),
  verifyChain: () => verifyChain([]),
  importLedger: () => importLedger(ledgerPath),
  readEvents: () => readEvents(ledgerPath).next(),
  'Session.open': () => Session.open({ signer, ledgerPath, sessionId: 'signed elsewhere' }),
};

const ends: Record<string, string> = {};
for (const [name, operation] of Object.entries(operations)) {
  try {
    await operation();
    ends[name] = 'done';
  } catch (error) {
    const known = SelfTestError.is(error) && SealwrightError.is(error) && error instanceof SelfTestError;
    ends[name] = known ? `${error.name} ${error.code}: ${error.message}` : String(error);
  }
}
const { checks } = await doctor({ keyPath });
say({ ends, keyExists: existsSync(keyPath), checks: checks.filter(({ status }) => status === 'failed') });
