// Checkpoints and proofs, by the public functions. That proofs hold, and that nothing else does, is tested in
// crates/core/tests/proofs; here that what they say comes through.

import test from 'ava';
import { ProofError, SealwrightTypeError, SignedEvent } from 'sealwright';
import { logKey, openCheckpoint, verifyConsistency, verifyInclusion, witnessKey } from 'sealwright/proofs';
import { key1, key2 } from '../helpers/ledgers.mts';
import { consistencyProof, inclusionProof, line, newer, older, policy, selfHash } from './helpers/proof.mts';

test('a proof shows its event and its checkpoint', (t) => {
  const signed = SignedEvent.parse(line);
  for (const event of [line, signed, 'extra'] as const) {
    const report = verifyInclusion(inclusionProof, { policy, event, signers: key1.publicKeyHex });
    t.deepEqual(report.problems, []);
    t.true(report.ok);
    t.deepEqual(report.event, { seq: 1, selfHash, kind: 'SessionEnded', signer: key1.publicKeyHex, pinned: true });
    t.like(report.checkpoint, { origin: 'example.com/ledger', size: 3, witnesses: [{ name: 'w.example', time: 1_700_000_000 }] });
    t.regex(report.checkpoint?.root ?? '', /^[0-9a-f]{64}$/);
  }
  t.false(verifyInclusion(inclusionProof, { policy, event: line }).event?.pinned);
});

test('what is wrong is a problem, and nothing throws', (t) => {
  const codes = (proof: string, options: object = {}) =>
    verifyInclusion(proof, { policy, event: 'extra', ...options }).problems.map(({ code }) => code);
  t.deepEqual(codes('garbage'), ['proof_malformed']);
  t.deepEqual(codes(inclusionProof, { signers: key2.publicKeyHex }), ['untrusted_signer']);
  t.deepEqual(codes(inclusionProof, { event: 'garbage' }), ['event_malformed']);
  t.deepEqual(codes(inclusionProof.replace(/— w.*\n/, '')), ['quorum_missing']);
  t.deepEqual(codes(inclusionProof.replace('index 1', 'index 0')), ['index_mismatch', 'root_mismatch']);
});

test('a log that only grew is told from one that did not', (t) => {
  const report = verifyConsistency({ from: older, to: newer, proof: consistencyProof, policy });
  t.deepEqual(report.problems, []);
  t.true(report.ok);
  t.like(report, { from: { size: 2 }, to: { size: 3 } });
  const backwards = verifyConsistency({ from: newer, to: older, proof: consistencyProof, policy });
  t.deepEqual(backwards.problems.map(({ code }) => code), ['proof_range']);
  const [hash] = consistencyProof;
  const refused = (proof: unknown, message: RegExp) =>
    t.throws(() => verifyConsistency({ from: older, to: newer, proof: proof as string[], policy }), { instanceOf: SealwrightTypeError, message });
  refused(hash, /^proof must be an array of strings, found "/);
  refused([hash, 5], /^proof\[1\] must be a string, found 5$/);
  refused([hash, 'x'], /64 lower-case hex digits/);
});

test('a checkpoint is opened by a policy or refused', (t) => {
  t.like(openCheckpoint(newer, { policy }), { origin: 'example.com/ledger', size: 3 });
  const code = (note: string, text = policy) => t.throws(() => openCheckpoint(note, { policy: text }), { instanceOf: ProofError }).code;
  t.is(code(newer.replace('—', '-')), 'ERR_NOTE_MALFORMED');
  t.is(code(newer.replace('\n3\n', '\n4\n')), 'ERR_NOTE_SIGNATURE');
  t.is(code(newer.replace(/— w.*\n/, '')), 'ERR_QUORUM_MISSING');
  t.is(code(newer, `log ${logKey('example.com/other', key1.publicKeyHex)}\nquorum none\n`), 'ERR_NOTE_UNTRUSTED');
  t.is(code(newer, 'quorum'), 'ERR_POLICY_MALFORMED');
});

test('keys have the names of logs and witnesses', (t) => {
  // Of golang.org/x/mod/sumdb/note: the same key, name and id.
  const peter = '1a5cd907143c384c41e830c5bce12aa8817ec5649aaabf2c31388b35b2d744d6';
  t.is(logKey('PeterNeumann', peter), 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
  t.regex(witnessKey('w.example', key1.publicKeyHex), /^w\.example\+[0-9a-f]{8}\+B[A-Za-z0-9+/]{43}$/);
  t.is(t.throws(() => logKey('https://example.com/x', key1.publicKeyHex), { instanceOf: ProofError }).code, 'ERR_CHECKPOINT_ORIGIN');
  t.is(t.throws(() => witnessKey('a b', key1.publicKeyHex), { instanceOf: ProofError }).code, 'ERR_NOTE_KEY');
  t.throws(() => witnessKey('w', 'f'.repeat(64)), { instanceOf: SealwrightTypeError, code: 'ERR_PUBLIC_KEY' });
});
