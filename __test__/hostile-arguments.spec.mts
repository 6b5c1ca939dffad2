// What looks like an argument and is none is refused by name, at once, and never by V8 or by running out of memory. Found by
// process/seam-fuzz.spec.mts.

import test from 'ava';
import { ChainReport, readEvents, SealwrightTypeError, type SignedEvent, verifyChain, verifyFile } from 'sealwright';
import { logKey, serveWitness, Witness } from 'sealwright/proofs';
import { attestVerification, createAttestation, type Issuer, IssuerRegistry, RevocationList, serveTokens, TokenFolder, verifyAttestation } from 'sealwright/tokens';
import { native } from './helpers/addon.mts';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { newFolder, newPath } from './helpers/folders.mts';
import { chainOf, ended, key1, openSession } from './helpers/ledgers.mts';
import { TestIssuer } from './tokens/helpers/tokens.mts';

const refused = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
/** Nothing, said to be as long as an array can be. */
const hollow = () => Object.assign([], { length: 2 ** 32 - 1 }) as never[];
const issuer = new TestIssuer();
const issuers = issuer.registry;

test('an array is as long as it has elements: a length that it only claims takes no memory', (t) => {
  const lists = [
    () => native.verifyLines(hollow(), '{}'),
    () => native.verifyFilesSync(hollow(), false, '{}', null, null, false),
    () => native.checkVerificationRecord('{}', hollow()),
    () => native.verifyConsistency('', '', hollow(), ''),
    () => native.verifyInclusion('', '', null, hollow()),
    () => native.makeForkEvidence('', '', '', null, hollow()),
    () => native.witnessRequest('', 0, hollow()),
    () => native.attestoVerifyAnchor('{}', { contract: '', chainId: 1, confirmations: 1 }, hollow()),
    () => new native.NativeWitness(newPath(t), native.NativeKey.generate(), 'w.example', hollow()),
  ];
  for (const call of lists) t.throws(call, undefined, call.toString());
});

test('issuers, keys and DIDs that are not there are not waited for', (t) => {
  throwsError(t, () => IssuerRegistry.of(hollow(), { keys: [] }), refused);
  throwsError(t, () => new IssuerRegistry(hollow()), refused);
  const keys = Object.assign(hollow(), { 0: issuer.pair.publicJwk });
  t.is(IssuerRegistry.of([issuer.pair.did], { keys }).get(issuer.pair.did)?.keys.length, 1);
  throwsError(t, () => new IssuerRegistry([{ did: issuer.pair.did, keys: hollow() } as Issuer]), refused);
});

test('what stands for an object of ours, or inherits from one, is refused by name', async (t) => {
  const list = await RevocationList.create(newPath(t), issuer.pair);
  const session = await openSession(t, { ledgerPath: newPath(t), events: 'extended' });
  const witness = new Witness({ state: newPath(t), keypair: key1, name: 'w.example', logs: [logKey('example.com/a', key1.publicKeyHex)] });
  const event = chainOf(1)[0] as SignedEvent;
  const likes = <Own extends object>(own: Own): readonly Own[] => [new Proxy(own, {}), Object.create(own) as Own];
  for (const pair of likes(issuer.pair)) {
    await rejectsError(t, async () => RevocationList.forIssuer(newPath(t), pair), refused);
    await rejectsError(t, async () => serveTokens({ issuer: pair }), refused);
    await rejectsError(t, async () => createAttestation({ issuer: pair, status: 'FAILED', verified: false, engine: 'x', query: 'q' }), refused);
  }
  for (const registry of likes(issuers)) {
    throwsError(t, () => RevocationList.of(newPath(t), issuer.pair.did, registry), refused);
    await rejectsError(t, async () => verifyAttestation('', { issuers: registry }), refused);
  }
  for (const revocations of likes(list)) await rejectsError(t, async () => verifyAttestation('', { issuers, revocations }), refused);
  const verdict = { issuer: issuer.pair, status: 'FAILED', verified: false, engine: 'x', query: 'q' } as const;
  for (const like of likes(session)) await rejectsError(t, async () => createAttestation({ ...verdict, session: like }), refused);
  for (const like of likes(event)) throwsError(t, () => verifyChain([like]), refused);
  for (const like of likes(witness)) await rejectsError(t, async () => serveWitness({ witness: like }), refused);
  witness.close();
});

test('a proxy of a Date, and what only has its prototype, is none', async (t) => {
  for (const date of [new Proxy(new Date(), {}), Object.create(Date.prototype) as Date]) {
    throwsError(t, () => readEvents(newPath(t), { since: date }), refused);
    await rejectsError(t, async () => verifyAttestation('', { issuers, at: date }), refused);
    throwsError(t, () => new IssuerRegistry([{ did: issuer.pair.did, keys: [], validFrom: date }]), refused);
    const session = await openSession(t, { ledgerPath: newPath(t), events: 'extended' });
    await rejectsError(t, async () => session.prune({ before: date }), refused);
  }
});

test('what only has the prototype of an AbortSignal is none', async (t) => {
  const signal = Object.create(AbortSignal.prototype) as AbortSignal;
  await rejectsError(t, async () => verifyFile(newPath(t), { signal }), refused);
  const session = await openSession(t, { ledgerPath: newPath(t) });
  await rejectsError(t, async () => session.record(ended('x'), { signal }), refused);
});

test('no list of revocations is none, also where others stand beside it', async (t) => {
  const list = await RevocationList.create(newPath(t), issuer.pair);
  for (const revocations of [[undefined], [list, undefined], Object.assign([], { length: 1 }), []] as never[]) {
    await rejectsError(t, async () => verifyAttestation('', { issuers, revocations }), refused);
  }
});

test('a token that is no text is misuse, and no defect', async (t) => {
  await rejectsError(t, async () => new TokenFolder(newFolder(t)).put('j', undefined as never), refused);
});

test('what is no JSON of a report makes none', (t) => {
  const json = verifyChain([]).toJSON();
  for (const value of [undefined, null, 1, { ...json, timeRange: {} }, { ...json, timeRange: { from: '1', to: 'x' } }]) {
    throwsError(t, () => new ChainReport(value as never), refused);
  }
  t.is(new ChainReport({ ...json, timeRange: { from: '1', to: '2' } }).timeRange?.to, 2n);
});

test('an engine is called without asking its function how', async (t) => {
  const verify = new Proxy(() => ({ status: 'VERIFIED', verified: true, proofData: 'p' }), { get: () => undefined });
  const { attestation } = await attestVerification({ issuer: issuer.pair, engine: 'math', verify }, { query: 'q' });
  t.true(attestation.isIssued);
});
