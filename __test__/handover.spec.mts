// A ledger is handed over to a signer of the caller's: it is asked whether it takes it, and signs from then on. Nothing that a
// signer does in between loses the ledger, or blocks the thread that it needs.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import {
  LedgerError,
  SealwrightRangeError,
  SealwrightTypeError,
  type SignedEvent,
  verifyFile,
} from 'sealwright';
import { verifyFile as crosscheck } from 'sealwright/crosscheck';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, key1, key2, linesOf, linesOfEvents, openSession, seed2 } from './helpers/ledgers.mts';
import { RecordingSigner } from './helpers/signers.mts';

const seed3 = new Uint8Array(32).fill(3);
const extended = { events: 'extended' } as const;
const refused = { instanceOf: LedgerError, code: 'ERR_SESSION_OPTIONS' } as const;

/** Asserts that a ledger is whole to both verifiers and to who knows its first key; gives who signed its events. */
async function whole(t: ExecutionContext, path: string): Promise<string[]> {
  const options = { signers: key1.publicKeyHex };
  const report = await verifyFile(path, options);
  t.like(report, { ok: true, tail: null, warnings: [] });
  t.deepEqual((await crosscheck(path, options)).toJSON(), report.toJSON());
  return linesOf(path).map((line) => (JSON.parse(line) as { signer_pubkey: string }).signer_pubkey);
}

test('a signer endorses the handover, and signs what was called behind it', async (t) => {
  const path = newPath(t);
  const [two, three] = [new RecordingSigner(seed2), new RecordingSigner(seed3)];
  const session = await openSession(t, { ledgerPath: path, ...extended });
  const calls: readonly Promise<SignedEvent | SignedEvent[]>[] = [
    session.record(ended(0)),
    session.rotateKey(two),
    session.recordMany([ended(2), ended(3)]),
    session.rotateKey(three, { signTimeoutMs: 5000 }),
    session.record(ended(5)),
    session.rotateKey(key1),
    session.record(ended(7)),
  ];
  const signed = (await Promise.all(calls)).flat();
  t.deepEqual(linesOf(path), linesOfEvents(signed));
  const [one, second, third] = [key1.publicKeyHex, two.publicKey, three.publicKey];
  t.deepEqual(await whole(t, path), [one, one, second, second, second, third, third, one]);
  t.is(session.publicKeyHex, one);
  t.is(session.recordSync(ended(8)).signerPubkey, one);

  const [first, rotated] = signed as [SignedEvent, SignedEvent];
  const [asked] = two.asked;
  const statement = `{"first_hash":"${first.selfHash}","new_key":"${second}","old_key":"${one}","seq":1}`;
  const text = `sealwright/key-rotation/v1\n${statement}`;
  t.like(asked, { seq: 1, parentHash: first.selfHash, hash: createHash('sha256').update(text).digest('hex') });
  t.is(Buffer.from(asked?.message ?? []).toString(), text);
  t.is(Buffer.from(asked?.canonical ?? []).toString(), text);
  t.is(rotated.event.payload['proof'], Buffer.from(two.signature({ ...asked, message: Buffer.from(text) } as never)).toString('hex'));
  // The others are events: of a session's signers each is asked what is meant for it.
  t.deepEqual([two, three].map(({ asked: all }) => all.map(({ seq }) => seq)), [
    [1, 2, 3, 4],
    [4, 5, 6],
  ]);
});

test('a signer hands over to a signer, also in a ledger without events', async (t) => {
  const path = newPath(t);
  const [one, two] = [new RecordingSigner(), new RecordingSigner(seed2)];
  const session = await openSession(t, { keypair: undefined, signer: one, ledgerPath: path, ...extended });
  await session.rotateKey(two);
  await session.record(ended(1));
  await session.close();
  t.deepEqual(await whole(t, path), [one.publicKey, two.publicKey]);
  t.deepEqual(one.asked.map(({ seq }) => seq), [0]);
  const again = await openSession(t, { keypair: key2, ledgerPath: path, ...extended });
  t.is((await again.record(ended(2))).seq, 2);
});

test('what a signer may answer that is no endorsement leaves the key in force', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, ...extended });
  await session.record(ended(0));
  const before = readFileSync(path);
  const answers: readonly [string, (signer: RecordingSigner) => unknown, string][] = [
    ['zeros', () => new Uint8Array(64), 'ERR_SIGNATURE_INVALID'],
    ['a signature of the hash', (signer) => signer.signature({ message: Buffer.from(signer.asked[0]?.hash ?? '', 'hex') } as never), 'ERR_SIGNATURE_INVALID'],
    ['too few bytes', () => new Uint8Array(63), 'ERR_SIGNATURE_INVALID'],
    ['null', () => null, 'ERR_SIGNATURE_INVALID'],
    ['a failure', () => Promise.reject(new Error('not for that ledger')), 'ERR_SIGNER_FAILED'],
    ['nothing', () => new Promise(() => {}), 'ERR_SIGNER_TIMEOUT'],
  ];
  for (const [what, answer, code] of answers) {
    const signer = new RecordingSigner(seed2);
    signer.answer = () => answer(signer);
    const expected = { instanceOf: LedgerError, code: code as 'ERR_SIGNER_FAILED', outcome: 'not-written' } as const;
    const signTimeoutMs = what === 'nothing' ? 20 : 10_000;
    await rejectsError(t, () => session.rotateKey(signer, { signTimeoutMs }), expected, what);
    t.deepEqual(readFileSync(path), before, what);
    t.is(signer.signals[0]?.aborted, what === 'nothing', what);
    t.is(session.publicKeyHex, key1.publicKeyHex);
  }
  t.is(session.recordSync(ended(1)).signerPubkey, key1.publicKeyHex);
  await whole(t, path);
});

test('a call that would block the thread of a signer to come is refused', async (t) => {
  const path = newPath(t);
  const two = new RecordingSigner(seed2);
  const session = await openSession(t, { ledgerPath: path, ...extended });
  const other = await openSession(t, { ledgerPath: path, ...extended });
  throwsError(t, () => session.rotateKeySync(two as never), { ...refused, outcome: 'not-written' });
  const reached = two.close();
  const rotated = session.rotateKey(two);
  throwsError(t, () => session.recordSync(ended('x')), { ...refused, outcome: 'not-written' });
  throwsError(t, () => other.recordSync(ended('x')), { ...refused, outcome: 'not-written' });
  throwsError(t, () => other.rotateKeySync(key2), { ...refused, outcome: 'not-written' });
  throwsError(t, () => session.closeSync(), refused);
  await reached;
  throwsError(t, () => other.recordSync(ended('x')), { ...refused, outcome: 'not-written' });
  two.open();
  await rotated;
  throwsError(t, () => session.recordSync(ended('x')), { ...refused, outcome: 'not-written' });
  t.is((await other.record(ended(1))).signerPubkey, two.publicKey);
  await other.rotateKey(key1);
  t.is(session.recordSync(ended(3)).signerPubkey, key1.publicKeyHex);
  t.is((await whole(t, path)).length, 4);
});

test('who joins brings a signer of the key in force; the one that came first signs while its session is open', async (t) => {
  const path = newPath(t);
  const [first, second] = [new RecordingSigner(seed2), new RecordingSigner(seed2)];
  const session = await openSession(t, { ledgerPath: path, ...extended });
  const old = await openSession(t, { ledgerPath: path, ...extended });
  await session.rotateKey(first);
  const mismatch = { instanceOf: LedgerError, code: 'ERR_SIGNER_MISMATCH' } as const;
  await rejectsError(t, () => openSession(t, { ledgerPath: path, ...extended }), mismatch);
  await session.close();
  await old.record(ended(1));
  t.is(first.asked.length, 2, 'nobody else is there yet');
  await openSession(t, { keypair: undefined, signer: second, ledgerPath: path, ...extended });
  await old.record(ended(2));
  t.deepEqual([first.asked.length, second.asked.length], [2, 1]);
  await whole(t, path);
});

test('what is no successor is refused before anything is asked', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, ...extended });
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  const two = new RecordingSigner(seed2);
  for (const wrong of [undefined, null, key2.publicKeyHex, {}, seed2, { ...two, sign: 1 }, Object.create(key2) as never]) {
    await rejectsError(t, () => session.rotateKey(wrong as never), invalid);
    throwsError(t, () => session.rotateKeySync(wrong as never), invalid);
  }
  for (const options of [null, [], { timeout: 1 }, { signTimeoutMs: '1' }]) {
    await rejectsError(t, () => session.rotateKey(two, options as never), invalid);
  }
  await rejectsError(t, () => session.rotateKey(two, { signTimeoutMs: 0 }), { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' });
  await rejectsError(t, () => session.rotateKey(key2, { signTimeoutMs: 1 }), invalid);
  const weak = { publicKey: '00'.repeat(32), sign: () => new Uint8Array(64) };
  await rejectsError(t, () => session.rotateKey(weak), { instanceOf: SealwrightTypeError, code: 'ERR_PUBLIC_KEY' });
  await rejectsError(t, () => session.rotateKey(new RecordingSigner()), invalid);
  t.is(two.asked.length, 0);
  t.is(session.head, null);
});
