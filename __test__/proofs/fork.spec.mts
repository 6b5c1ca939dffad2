// Evidence of forks, by the public functions. What holds and what does not is tested in crates/core/tests/proofs/forks.rs.

import test from 'ava';
import { makeForkEvidence, verifyForkEvidence } from 'sealwright/proofs';
import { History, ORIGIN, policyOf, vkey, witness } from './helpers/history.mts';

const [one, other] = [new History('one'), new History('other')];
const policy = policyOf();

test('two checkpoints of one size with other roots are evidence', (t) => {
  const text = makeForkEvidence({ one: one.checkpoint(6), other: other.checkpoint(6), policy }) ?? '';
  const report = verifyForkEvidence(text, { policy });
  t.deepEqual(report.problems, []);
  t.deepEqual(report.older, { origin: ORIGIN, size: 6, root: one.root(6), witnesses: [] });
  t.deepEqual(report.newer, { origin: ORIGIN, size: 6, root: other.root(6), witnesses: [] });
  t.true(report.ok);
});

test('of two sizes it takes the proof, and the root where the smaller one is a power of two', (t) => {
  for (const [oldSize, newSize] of [[5, 9], [8, 13], [4, 5]] as const) {
    const fields = { one: one.checkpoint(oldSize), other: other.checkpoint(newSize), policy };
    const [proof, root] = [other.prove(oldSize, newSize), other.root(oldSize)];
    const text = makeForkEvidence({ ...fields, proof, root }) ?? '';
    t.true(verifyForkEvidence(text, { policy }).ok);
    t.is(makeForkEvidence({ ...fields, proof }), oldSize === 5 ? text : null);
    t.is(makeForkEvidence(fields), null);
  }
});

test('an honest log is not proven to lie', (t) => {
  const honest = { one: one.checkpoint(5), other: one.checkpoint(9), policy };
  t.is(makeForkEvidence({ ...honest, proof: one.prove(5, 9) }), null);
  t.is(makeForkEvidence({ ...honest, proof: other.prove(5, 9) }), null);
  t.is(makeForkEvidence({ ...honest, other: honest.one }), null);
});

test('no bit of evidence is without meaning', (t) => {
  const text = makeForkEvidence({ one: one.checkpoint(5), other: other.checkpoint(9), proof: other.prove(5, 9), policy }) ?? '';
  const bytes = Buffer.from(text);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { ok } = verifyForkEvidence(changed.toString(), { policy });
    if (ok) t.fail(`bit ${bit}: ${changed.toString()}`);
  }
  t.true(verifyForkEvidence(text, { policy }).ok);
});

test('what keeps it from holding is a problem', (t) => {
  const text = makeForkEvidence({ one: one.checkpoint(6), other: other.checkpoint(6), policy }) ?? '';
  const codes = (evidence: string, by = policy) => verifyForkEvidence(evidence, { policy: by }).problems.map(({ code }) => code);
  t.deepEqual(codes('garbage'), ['proof_malformed']);
  t.deepEqual(codes(text, 'quorum none'), ['log_untrusted', 'log_untrusted']);
  t.deepEqual(codes(`sealwright/fork-evidence/v1\n\n${one.checkpoint(6)}\n${one.checkpoint(6)}`), ['no_fork']);
  // Whose cosignature a policy wants plays no part.
  t.deepEqual(codes(text, policyOf([vkey(witness)])), []);
  t.throws(() => verifyForkEvidence(text, { policy: 'x' }), { code: 'ERR_POLICY_MALFORMED' });
  t.throws(() => verifyForkEvidence(1 as never, { policy }), { code: 'ERR_INVALID_ARGUMENT' });
  t.throws(() => makeForkEvidence({ one: 'x', other: 'y', policy }), { code: 'ERR_NOTE_MALFORMED' });
});
