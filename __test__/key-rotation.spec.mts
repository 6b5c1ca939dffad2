// A ledger is handed over from one key to the next: by the order of the calls, for every session, and so that an auditor who
// knows the first key follows to the last. What one of the two keys has not agreed to is refused.

import { readFileSync, writeFileSync } from 'node:fs';
import { sign } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import {
  type ChainReport,
  FileHeadStore,
  GENESIS_PARENT_HASH,
  LedgerError,
  SealwrightTypeError,
  type Session,
  type SignedEvent,
  SigningKeypair,
  verifyFile,
  type VerifyOptions,
} from 'sealwright';
import { verifyFile as crosscheck } from 'sealwright/crosscheck';
import { privateKey, type Rotation, rotationText, sealedLine } from './helpers/canonical.mts';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, key1, key2, linesOf, linesOfEvents, openSession, openSessionSync, seed1, seed2 } from './helpers/ledgers.mts';

const key3 = SigningKeypair.fromSeed(new Uint8Array(32).fill(3));
const extended = { events: 'extended' } as const;
const mismatch = { instanceOf: LedgerError, code: 'ERR_SIGNER_MISMATCH' } as const;

/** The report of both verifiers, under both ways of checking signatures. */
async function verified(t: ExecutionContext, path: string, options: VerifyOptions = {}): Promise<ChainReport> {
  const report = await verifyFile(path, options);
  t.deepEqual((await crosscheck(path, options)).toJSON(), report.toJSON());
  const last = { ...options, signatures: 'last' } as const;
  const quick = await verifyFile(path, last);
  t.deepEqual((await crosscheck(path, last)).toJSON(), quick.toJSON());
  t.is(quick.code, report.code);
  return report;
}

const signersOf = (signed: readonly SignedEvent[]) => signed.map(({ signerPubkey }) => signerPubkey);

test('who signs is decided by the order of the calls, in every session of the ledger', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, ...extended });
  const other = openSessionSync(t, { ledgerPath: path, ...extended });
  const calls = [
    session.record(ended(0)),
    other.record(ended(1)),
    session.rotateKey(key2),
    other.record(ended(3)),
    session.recordMany([ended(4), ended(5)]),
    other.rotateKey(key3),
    session.record(ended(7)),
  ];
  const signed = (await Promise.all(calls)).flat();
  t.deepEqual(linesOf(path), linesOfEvents(signed));
  const [one, two, three] = [key1, key2, key3].map(({ publicKeyHex: hex }) => hex) as [string, string, string];
  t.deepEqual(signersOf(signed), [one, one, one, two, two, two, two, three]);
  t.is(signed[2]?.event.type, 'KeyRotated');
  t.like(signed[2]?.event.payload, { old_key: one, new_key: two, first_hash: signed[0]?.selfHash });
  t.is(session.publicKeyHex, three);
  t.is(other.publicKeyHex, three);
  const report = await verified(t, path, { signers: one, expectedHead: session.head ?? undefined });
  t.like(report, { verdict: 'verified', warnings: [] });
  t.deepEqual(
    report.signers.map(({ publicKey, first, last, pinned }) => [publicKey, first, last, pinned]),
    [
      [one, 0, 2, true],
      [two, 3, 6, false],
      [three, 7, 7, false],
    ],
  );
});

test('a ledger that was handed over opens with the new key, in this process and later', async (t) => {
  const path = newPath(t);
  const session = openSessionSync(t, { ledgerPath: path, ...extended });
  const rotated = session.rotateKeySync(key2);
  t.is(rotated.event.payload['first_hash'], GENESIS_PARENT_HASH);
  await rejectsError(t, () => openSession(t, { ledgerPath: path, ...extended }), mismatch);
  const joined = await openSession(t, { ledgerPath: path, keypair: key2, ...extended });
  await session.close();
  await joined.close();
  // The last event is still signed by the old key.
  t.is(rotated.signerPubkey, key1.publicKeyHex);
  throwsError(t, () => openSessionSync(t, { ledgerPath: path, ...extended }), mismatch);
  const again = await openSession(t, { ledgerPath: path, keypair: key2, verifyOnOpen: 'all', ...extended });
  await again.record(ended('after'));
  await again.rotateKey(key1);
  await again.close();
  const back = await openSession(t, { ledgerPath: path, ...extended });
  t.is((await back.record(ended('back'))).signerPubkey, key1.publicKeyHex);
  t.is((await verified(t, path, { signers: key1.publicKeyHex })).code, null);
});

test('an auditor names the key that the ledger began with', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, ...extended });
  await session.record(ended(0));
  await session.rotateKey(key2);
  await session.record(ended(2));
  const [one, two] = [key1.publicKeyHex, key2.publicKeyHex];
  t.is((await verified(t, path, { signers: one })).code, null);
  t.is((await verified(t, path, { signers: [two, one] })).code, null);
  t.is((await verified(t, path)).code, null);
  for (const signers of [two, key3.publicKeyHex, [two, key3.publicKeyHex]]) {
    t.like(await verified(t, path, { signers }), { code: 'untrusted_signer', line: 1 });
  }
});

test('the head store knows the ledger by its first event, whoever signs', async (t) => {
  const path = newPath(t);
  const headStore = { store: new FileHeadStore(newPath(t, 'heads.json')), wait: true };
  const session = await openSession(t, { ledgerPath: path, headStore, ...extended });
  await session.record(ended(0));
  await session.rotateKey(key2);
  await session.close();
  const again = await openSession(t, { ledgerPath: path, keypair: key2, headStore, ...extended });
  t.deepEqual(again.recovery, { tail: null, unacknowledged: null });
  t.deepEqual(again.head, headStore.store.get(`ledger:${JSON.parse(linesOf(path)[0] ?? '').self_hash}`));
});

test('a rotation that fails leaves the key in force', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, ...extended });
  await session.record(ended(0));
  const same = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  await rejectsError(t, () => session.rotateKey(key1), same);
  throwsError(t, () => session.rotateKeySync(key1), same);
  for (const wrong of [undefined, null, key2.publicKeyHex, {}, seed2]) {
    await rejectsError(t, () => session.rotateKey(wrong as never), same);
  }
  const whole = readFileSync(path);
  writeFileSync(path, `${String(whole)}x`);
  const changed = { instanceOf: LedgerError, code: 'ERR_LEDGER_CHANGED', outcome: 'not-written' } as const;
  await rejectsError(t, () => session.rotateKey(key2), changed);
  throwsError(t, () => session.rotateKeySync(key2), changed);
  writeFileSync(path, whole);
  t.is(session.publicKeyHex, key1.publicKeyHex);
  t.is((await session.record(ended(1))).signerPubkey, key1.publicKeyHex);
  // Two at once to one key: the second finds it in force.
  const [first, second] = await Promise.allSettled([session.rotateKey(key2), session.rotateKey(key2)]);
  t.is(first.status, 'fulfilled');
  t.is(second.status, 'rejected');
  t.is((await session.record(ended(3))).signerPubkey, key2.publicKeyHex);
  await session.close();
  const closed = { instanceOf: LedgerError, code: 'ERR_SESSION_CLOSED', outcome: 'not-written' } as const;
  await rejectsError(t, () => session.rotateKey(key3), closed);
  throwsError(t, () => session.rotateKeySync(key3), closed);
  t.is((await verified(t, path, { signers: key1.publicKeyHex })).eventCount, 4);
});

test('a signer outside of the process hands over to a key', async (t) => {
  const path = newPath(t);
  const signer = {
    publicKey: key1.publicKeyHex,
    sign: async ({ hash }: { readonly hash: string }) => sign(null, Buffer.from(hash, 'hex'), privateKey(seed1)),
  };
  const session = await openSession(t, { ledgerPath: path, keypair: undefined, signer, ...extended });
  const signed = await Promise.all([session.record(ended(0)), session.rotateKey(key2), session.record(ended(2))]);
  t.deepEqual(signersOf(signed), [key1.publicKeyHex, key1.publicKeyHex, key2.publicKeyHex]);
  const joined = await openSession(t, { ledgerPath: path, keypair: key2, ...extended });
  t.is((await joined.record(ended(3))).signerPubkey, key2.publicKeyHex);
  t.is((await verified(t, path, { signers: key1.publicKeyHex })).code, null);
});

test('a core session does not rotate', async (t) => {
  const session = await openSession(t, { ledgerPath: newPath(t) });
  const refused = { instanceOf: LedgerError, code: 'ERR_EVENT_SET', outcome: 'not-written' } as const;
  await rejectsError(t, () => session.rotateKey(key2), refused);
  throwsError(t, () => session.rotateKeySync(key2), refused);
  t.is(session.head, null);
});

/** A ledger of two events by the first key, a rotation and an event, sealed and proven by `node:crypto`. */
function handMade(change: (right: Rotation) => Partial<Rotation>): string {
  const lines: string[] = [];
  const add = (eventText: string, seed: Uint8Array) => {
    const parentHash = lines.length === 0 ? GENESIS_PARENT_HASH : hashAt(lines.length - 1);
    lines.push(sealedLine({ eventText, seq: lines.length, parentHash, timestampNanos: 1n }, seed));
  };
  const hashAt = (seq: number) => (JSON.parse(lines[seq] ?? '') as { self_hash: string }).self_hash;
  add(ended(0).toString(), seed1);
  add(ended(1).toString(), seed1);
  const right = { oldSeed: seed1, newSeed: seed2, firstHash: hashAt(0), seq: 2 };
  add(rotationText({ ...right, ...change(right) }), seed1);
  add(ended(3).toString(), seed2);
  return lines.map((line) => `${line}\n`).join('');
}

test('a rotation that another implementation made is followed, and refused where it does not fit', async (t) => {
  const path = newPath(t);
  writeFileSync(path, handMade(() => ({})), { mode: 0o600 });
  t.is((await verified(t, path, { signers: key1.publicKeyHex })).code, null);
  const session: Session = await openSession(t, { ledgerPath: path, keypair: key2, ...extended });
  await session.record(ended('goes on'));
  t.is((await verified(t, path, { signers: key1.publicKeyHex })).eventCount, 5);

  const refused = {
    firstHash: () => ({ firstHash: 'a'.repeat(64) }),
    seq: () => ({ seq: 3 }),
    prefix: () => ({ prefix: '' }),
  };
  for (const [what, change] of Object.entries(refused)) {
    const bad = newPath(t);
    writeFileSync(bad, handMade(change), { mode: 0o600 });
    const report = await verified(t, bad, { signers: key1.publicKeyHex });
    t.like(report, { code: 'rotation_unendorsed', line: 3, brokenAt: 2, eventCount: 2 }, what);
    // Nobody goes on with such a ledger.
    const tampered = { instanceOf: LedgerError, code: 'ERR_LEDGER_TAMPERED' } as const;
    await rejectsError(t, () => openSession(t, { ledgerPath: bad, keypair: key2, ...extended }), tampered);
  }
});
