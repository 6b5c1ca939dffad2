// What the Attesto 0.5.0 package lets pass and this one does not: a test for each row of docs/attesto.md, and what else is wrong
// with the things that are checked.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { FileHeadStore, type Head, LedgerError, MemoryHeadStore, SealwrightTypeError } from 'sealwright';
import {
  advanceStreamHead,
  domainHash,
  payloadCommitment,
  verifyCheckpointExtension,
  verifyCheckpointRoot,
  verifyCompleteness,
  verifyEventProof,
  verifyInclusionProof,
  verifyPayloadCommitment,
  verifyReceipt,
  verifyReceiptFile,
} from 'sealwright/proofs';
import { newPath } from '../helpers/folders.mts';
import { codes, event, hashesOf, listed, publicKey, signReceipt, vectors, windowOf } from './helpers/attesto.mts';
import type { JsonObject } from './helpers/attesto.mts';

const receiptOf = (seqNo: number, changes: JsonObject) => signReceipt({ ...event(seqNo).receipt.payload, ...changes });
const other = 'ab'.repeat(32);

/** A stream that was told otherwise: events of the vectors with other envelopes, chained anew from a number on. */
function retold(from: number, change: JsonObject): { envelope: JsonObject; event_hash: string }[] {
  let before: string | null = null;
  return vectors.stream.map(({ envelope, event_hash }, index) => {
    const told: JsonObject = index + 1 < from ? envelope : { ...envelope, ...change, prev_event_hash: before };
    before = index + 1 < from ? event_hash : domainHash('attesto.v2.event', told);
    return { envelope: told, event_hash: before };
  });
}

test('row 2: a fork behind a gap, and a gap that nothing shows', async (t) => {
  const store = new MemoryHeadStore();
  const advance = (seqNo: number, changes: JsonObject = {}, between?: JsonObject[]) =>
    advanceStreamHead(receiptOf(seqNo, changes), { publicKey, store, ...(between && { between }) });
  t.like(await advance(2), { ok: true, step: 'first' });
  t.like(await advance(2), { ok: true, step: 'replay' });
  t.like(await advance(3), { ok: true, step: 'next' });
  t.deepEqual(codes(await advance(2)), ['stream_fork']);
  t.deepEqual(codes(await advance(3, { event_hash: other })), ['stream_fork']);
  t.deepEqual(codes(await advance(4, { prev_event_hash: other })), ['stream_fork']);
  // The peer takes any receipt that skips a number.
  t.deepEqual(codes(await advance(5)), ['stream_gap']);
  t.deepEqual(codes(await advance(6, { prev_event_hash: other })), ['stream_gap']);
  t.deepEqual(codes(await advance(6, {}, [listed(event(4))])), ['stream_gap']);
  t.deepEqual(codes(await advance(6, {}, [listed(event(5))])), ['chain_broken']);
  t.deepEqual(codes(await advance(6, {}, [hashesOf(event(4)), hashesOf(event(5))])), ['hashes_only']);
  const foreign = retold(4, { use_case: 'another' }).slice(3, 5);
  t.deepEqual(codes(await advance(6, {}, foreign)), ['stream_fork']);
  t.is(store.get('str_x')?.seq, 3);
  t.like(await advance(6, {}, [listed(event(5)), listed(event(4))]), { ok: true, step: 'next' });
  t.deepEqual(store.get('str_x'), { seq: 6, hash: event(6).event_hash });
});

test('row 2: a store that cannot be read is not an empty one', async (t) => {
  for (const text of ['', '{', '[]', '{"str_x":[7]}', '[["str_x",7]]']) {
    const path = newPath(t, 'heads.json');
    writeFileSync(path, text, { mode: 0o600 });
    const store = new FileHeadStore(path);
    const error = await t.throwsAsync(advanceStreamHead(event(1).receipt, { publicKey, store }), { instanceOf: LedgerError });
    t.is(error.code, 'ERR_HEAD_STORE', text);
    t.is(readFileSync(path, 'utf8'), text);
  }
});

test('row 2: of two that go on from one head, one is told of the fork', async (t) => {
  const path = newPath(t, 'heads.json');
  await advanceStreamHead(event(2).receipt, { publicKey, store: new FileHeadStore(path) });
  const store = new FileHeadStore(path);
  /** Another process is faster: it keeps its head between our question and our answer. */
  const beaten = (head: Head) => ({
    get: (id: string) => store.get(id),
    set: (id: string, ours: Head) => {
      store.set(id, head);
      store.set(id, ours);
    },
  });
  const report = await advanceStreamHead(event(3).receipt, { publicKey, store: beaten({ seq: 3, hash: other }) });
  t.deepEqual(codes(report), ['stream_fork']);
  t.deepEqual(store.get('str_x'), { seq: 3, hash: other });
  const failing = { get: () => null, set: () => { throw new Error('no'); } };
  await t.throwsAsync(advanceStreamHead(event(3).receipt, { publicKey, store: failing }), { code: 'ERR_HEAD_STORE' });
});

test('row 2: nothing that does not hold, or is no stream, reaches the store', async (t) => {
  const path = newPath(t, 'heads.json');
  const store = new FileHeadStore(path);
  const receipts = [{ ...event(1).receipt, receiptHash: other }, receiptOf(1, { stream_id: `ledger:${other}` }), 'no JSON'];
  for (const receipt of receipts) t.false((await advanceStreamHead(receipt, { publicKey, store })).ok);
  t.false(existsSync(path));
});

test('row 3: hashes that were made up, omissions that were numbered away, and nothing at all', (t) => {
  const range = { fromSeqNo: 1, toSeqNo: 3 };
  const invented = [
    { seq_no: 1, event_hash: 'a1'.repeat(32), prev_event_hash: null },
    { seq_no: 2, event_hash: 'a2'.repeat(32), prev_event_hash: 'a1'.repeat(32) },
    { seq_no: 3, event_hash: 'a3'.repeat(32), prev_event_hash: 'a2'.repeat(32) },
  ];
  t.like(verifyCompleteness(invented, range), { ok: false, basis: 'hashes' });
  t.deepEqual(codes(verifyCompleteness(invented, range)), ['hashes_only']);
  const claimed = vectors.stream.slice(0, 3).map((vector, index) => ({ envelope: vector.envelope, ...invented[index] }));
  t.true(codes(verifyCompleteness(claimed, range)).includes('hash_mismatch'));
  // Event 2 is left out, and 3 stands in its place.
  const omitted = [event(1), event(3)].map((vector, index) => ({ ...listed(vector), seq_no: index + 1 }));
  t.true(codes(verifyCompleteness(omitted, { fromSeqNo: 1, toSeqNo: 2 })).includes('outer_mismatch'));
  const renumbered = retold(2, { seq_no: 2, use_case: 'another' }).slice(0, 2);
  t.true(verifyCompleteness(renumbered, { fromSeqNo: 1, toSeqNo: 2 }).ok);
  t.deepEqual(
    codes(verifyCompleteness(renumbered, { fromSeqNo: 1, toSeqNo: 2, lastEventHash: event(2).event_hash })),
    ['end_mismatch'],
  );
  t.deepEqual(codes(verifyCompleteness([], { fromSeqNo: 1, toSeqNo: 0 })), ['range_empty']);
  t.deepEqual(codes(verifyCompleteness([], range)), ['range_empty']);
  t.deepEqual(codes(verifyCompleteness([listed(event(1))], { fromSeqNo: 0, toSeqNo: 1 })), ['range_empty']);
});

test('row 3: what a list lacks, has twice, or has from elsewhere', (t) => {
  const all = vectors.stream.map(listed);
  const check = (events: readonly object[], fromSeqNo = 1, toSeqNo = 7, options: object = {}) =>
    codes(verifyCompleteness(events, { fromSeqNo, toSeqNo, ...options }));
  t.deepEqual(check(all.slice(1)), ['sequence_gap']);
  t.deepEqual(check(all.slice(0, -1)), ['sequence_gap']);
  t.deepEqual(check(all.toSpliced(3, 1)), ['sequence_gap']);
  t.deepEqual(check([...all, listed(event(7))]), ['sequence_gap']);
  t.deepEqual(check(all, 1, 6), ['sequence_gap']);
  t.deepEqual(check(all.with(3, retold(4, { use_case: 'x' })[3] ?? {})), ['chain_broken']);
  t.deepEqual(check(retold(4, { stream_id: 'str_y' })), ['stream_mismatch']);
  t.deepEqual(check(all.slice(2), 3, 7, { prevEventHash: other }), ['end_mismatch']);
  t.deepEqual(check([{ ...listed(event(1)), protocol: 'x' }, ...all.slice(1)]), []);
  t.deepEqual(check(retold(1, { protocol: 'x' })).slice(0, 1), ['protocol_mismatch']);
  t.deepEqual(check([{ seq_no: 1 }], 1, 1).slice(0, 1), ['event_malformed']);
  t.deepEqual(check([{ ...hashesOf(event(2)), prev_event_hash: null }], 2, 2).slice(0, 1), ['event_malformed']);
});

test('row 4: checkpoints without what they are checked by', (t) => {
  t.deepEqual(codes(verifyCheckpointExtension({}, { from_seq_no: 1 })), ['checkpoint_malformed']);
  const previous = { stream_id: 'str_x', from_seq_no: 1, to_seq_no: 4, checkpoint_hash: 'c1'.repeat(32) };
  const current = {
    stream_id: 'str_x',
    from_seq_no: 5,
    to_seq_no: 9,
    checkpoint_hash: 'c2'.repeat(32),
    previous_checkpoint_hash: previous.checkpoint_hash,
  };
  t.deepEqual(verifyCheckpointExtension(previous, current), { ok: true, problems: [] });
  const changed = (changes: object) => codes(verifyCheckpointExtension(previous, { ...current, ...changes }));
  t.deepEqual(changed({ from_seq_no: 6 }), ['sequence_gap']);
  t.deepEqual(changed({ previous_checkpoint_hash: other }), ['chain_broken']);
  t.deepEqual(changed({ stream_id: 'str_y' }), ['stream_mismatch']);
  t.deepEqual(changed({ to_seq_no: 4 }), ['checkpoint_malformed']);
  t.deepEqual(changed({ previousCheckpointHash: other }), ['checkpoint_malformed']);
});

test('row 4: a node that is shown as a window, and one that is shown as a leaf', (t) => {
  const three = vectors.checkpoint_roots[2] ?? t.fail();
  const two = vectors.checkpoint_roots[1] ?? t.fail();
  if (!three || !two) return;
  // The peer takes [node(a, b), c] for [a, b, c].
  const shortened = [two.root, three.window_hashes[2] ?? ''];
  const report = verifyCheckpointRoot(shortened, three.root, { windowCount: 3 });
  t.is(report.rootHash, three.root);
  t.deepEqual(codes(report), ['count_mismatch']);
  t.deepEqual(codes(verifyCheckpointRoot([], three.root, { windowCount: 0 })), ['range_empty']);
  t.deepEqual(codes(verifyCheckpointRoot(three.window_hashes.toReversed(), three.root, { windowCount: 3 })), ['root_mismatch']);
  t.deepEqual(codes(verifyCheckpointRoot(['x'], three.root, { windowCount: 1 })), ['checkpoint_malformed']);

  const { rootHash, leaves } = windowOf(4);
  const inner = windowOf(2).rootHash;
  const beside = leaves[0]?.proof[1] ?? t.fail();
  if (!beside) return;
  const shape = { leafIndex: 0, leafCount: 4, rootHash };
  t.deepEqual(codes(verifyInclusionProof({ ...shape, leafHash: inner, proof: [beside] })), ['proof_length']);
  t.deepEqual(codes(verifyInclusionProof({ ...shape, leafHash: rootHash, proof: [] })), ['proof_length']);
  const node = { kind: 'node', left_hash: leaves[0]?.leafHash, right_hash: leaves[1]?.leafHash };
  t.deepEqual(codes(verifyInclusionProof({ ...shape, leafCount: 2, leaf: node, proof: [beside] })), ['proof_malformed']);
});

test('row 4: a leaf has the place that was named, and no other', (t) => {
  const { rootHash, leaves } = windowOf(5);
  const [first, second] = leaves;
  if (first === undefined || second === undefined) return t.fail();
  const check = (changes: object) =>
    codes(verifyInclusionProof({ leafHash: first.leafHash, leafIndex: 0, leafCount: 5, proof: first.proof, rootHash, ...changes }));
  t.deepEqual(check({}), []);
  t.deepEqual(check({ leafIndex: 1 }), ['side_mismatch']);
  t.deepEqual(check({ leafIndex: 4 }), ['proof_length']);
  t.deepEqual(check({ leafIndex: 5 }), ['proof_range']);
  t.deepEqual(check({ leafCount: 0 }), ['proof_range']);
  t.deepEqual(check({ leafCount: 9 }), ['proof_length']);
  t.deepEqual(check({ leafHash: second.leafHash }), ['root_mismatch']);
  t.deepEqual(check({ leafHash: 'A'.repeat(64) }), ['proof_malformed']);
  t.deepEqual(check({ proof: [{ side: 'up', hash: other }] }), ['proof_malformed']);
  t.deepEqual(check({ proof: Array.from({ length: 64 }, () => first.proof[0]) }), ['proof_malformed']);
  const leaf = { ...vectors.window_leaf_example, leaf_index: 1 };
  t.true(check({ leafHash: undefined, leaf }).includes('index_mismatch'));
  t.throws(() => check({ leaf }), { code: 'ERR_INVALID_ARGUMENT' });
});

test('row 5: a signed payload that is no receipt', (t) => {
  const check = (payload: JsonObject) => verifyReceipt(signReceipt(payload), { publicKey });
  for (const payload of [{}, { x: 1 }]) {
    const report = check(payload);
    t.deepEqual(codes(report), ['receipt_malformed']);
    t.is(report.receipt, null);
  }
  const { payload } = event(2).receipt;
  for (const name of Object.keys(payload)) {
    const { [name]: _, ...rest } = payload;
    t.deepEqual(codes(check(rest)), ['receipt_malformed'], name);
    t.deepEqual(codes(check({ ...payload, [name]: [] })), ['receipt_malformed'], name);
  }
  t.deepEqual(codes(check({ ...payload, protocol: 'x' })), ['protocol_mismatch']);
  t.deepEqual(codes(check({ ...payload, protocol_version: '0.2' })), ['protocol_mismatch']);
  for (const seq of [0, 1, -1, 2.5]) t.deepEqual(codes(check({ ...payload, seq_no: seq })), ['receipt_malformed']);
  t.deepEqual(codes(check({ ...payload, prev_event_hash: null })), ['receipt_malformed']);
  t.deepEqual(codes(check({ ...payload, signer: { alg: 'rsa', kid: 'kid-1', key_epoch: 'epoch-1' } })), ['algorithm_unsupported']);
  t.true(check({ ...payload, mock: true }).receipt?.mock);
});

test('row 5: a signature that names another key, a key without a secret, members that nobody signed', (t) => {
  const { receipt } = event(2);
  const check = (changes: object) => codes(verifyReceipt({ ...receipt, ...changes }, { publicKey }));
  const signed = (changes: JsonObject) => check({ signature: { ...receipt.signature, ...changes } });
  t.deepEqual(signed({ kid: 'kid-2' }), ['kid_mismatch']);
  t.deepEqual(signed({ keyEpoch: 'epoch-2' }), ['kid_mismatch']);
  t.deepEqual(signed({ alg: 'rsa' }), ['algorithm_unsupported']);
  t.deepEqual(signed({ note: 'x' }), ['unsigned_member']);
  t.deepEqual(signed({ signatureHex: '00'.repeat(64) }), ['bad_signature']);
  t.deepEqual(signed({ signatureHex: '' }), ['receipt_malformed']);
  t.deepEqual(check({ approved_by: 'x' }), ['unsigned_member']);
  t.deepEqual(check({ receiptHash: other }), ['hash_mismatch']);
  t.deepEqual(check({ receipt_hash: receipt.receiptHash }), ['receipt_malformed']);
  const { publicKey: another } = generateKeyPairSync('ed25519');
  const pem = another.export({ type: 'spki', format: 'pem' }).toString();
  t.deepEqual(codes(verifyReceipt(receipt, { publicKey: pem })), ['bad_signature']);
  // The identity verifies a signature that anyone can write, for the peer.
  for (const weak of [`01${'00'.repeat(31)}`, `ee${'ff'.repeat(30)}7f`, '00'.repeat(32)]) {
    t.throws(() => verifyReceipt(receipt, { publicKey: weak }), { instanceOf: SealwrightTypeError, code: 'ERR_PUBLIC_KEY' });
  }
  const response = { receipt, seqNo: 77, eventHash: 'OUTER', streamId: 'str_x' };
  t.deepEqual(codes(verifyReceipt(response, { publicKey })), ['outer_mismatch', 'outer_mismatch']);
});

test('row 6: a file that brings its own key, and a payload that belongs to no receipt', (t) => {
  const whole = vectors.receipt_export;
  const { payload: _, payload_commitment: __, ...bare } = whole;
  const { privateKey, publicKey: attacker } = generateKeyPairSync('ed25519');
  const hint = attacker.export({ format: 'jwk' }).x ?? '';
  const forged = {
    ...bare,
    receipt: signReceipt({ ...event(2).receipt.payload, tenant_id: 'forged' }, {}, privateKey),
    witness_public_key_hex: Buffer.from(hint, 'base64url').toString('hex'),
  };
  t.like(verifyReceiptFile(forged), { ok: false, receipt: null });
  t.deepEqual(codes(verifyReceiptFile(forged)), ['key_unpinned']);
  t.deepEqual(codes(verifyReceiptFile(forged, { publicKey })), ['bad_signature']);
  t.deepEqual(codes(verifyReceiptFile(bare)), ['key_unpinned']);

  const payload = { decision: 'deny', score_bp: 1 };
  const unrelated = { ...bare, payload, payload_commitment: { ...payloadCommitment(payload) } };
  t.like(verifyReceiptFile(unrelated, { publicKey }), { ok: false, payloadShown: false });
  t.deepEqual(codes(verifyReceiptFile(unrelated, { publicKey })), ['payload_unbound']);
  t.deepEqual(codes(verifyReceiptFile(unrelated, { publicKey, event: listed(event(2)) })), ['commitment_mismatch']);
  const envelope = { ...event(2).envelope, payload_commitment: { ...payloadCommitment(payload) } };
  t.deepEqual(codes(verifyReceiptFile(unrelated, { publicKey, event: { envelope } })), ['payload_unbound']);
  t.deepEqual(codes(verifyReceiptFile(whole, { publicKey })), ['payload_unbound']);
  t.deepEqual(codes(verifyReceiptFile({ ...whole, payload }, { publicKey, event: listed(event(2)) })).slice(0, 1), ['commitment_mismatch']);
});

test('row 6: what else a file may say wrongly', (t) => {
  const { payload: _, payload_commitment: __, ...bare } = vectors.receipt_export;
  const check = (changes: object) => codes(verifyReceiptFile({ ...bare, ...changes }, { publicKey }));
  t.deepEqual(check({}), []);
  t.deepEqual(check({ seq_no: 3 }), ['outer_mismatch']);
  t.deepEqual(check({ stream_id: 'str_y' }), ['outer_mismatch']);
  t.deepEqual(check({ event_hash: other }), ['outer_mismatch']);
  t.deepEqual(check({ note: 'approved' }), ['unsigned_member']);
  t.deepEqual(check({ format_version: 2 }), ['export_malformed']);
  t.deepEqual(check({ receipt: 'x' }), ['receipt_malformed']);
});

test('row 8: a disclosure or bundle is no evidence, and a time that was edited is not signed', (t) => {
  const disclosure = { protocol: 'ATTESTO-DISCLOSURE-001', protocol_version: '0.1', issuer: { public_key_hex: publicKey } };
  t.deepEqual(codes(verifyReceiptFile(disclosure, { publicKey })), ['export_malformed']);
  // The receipts of a bundle: the edited time decides whether its key was revoked.
  const { receipt } = event(2);
  const edited = { ...receipt, payload: { ...receipt.payload, issued_at: '2020-01-01T00:00:00.000Z' } };
  const report = verifyReceipt(edited, { publicKey });
  t.deepEqual(codes(report), ['bad_signature', 'hash_mismatch']);
  t.is(report.receipt, null);
  const { signature: _, ...unsigned } = edited;
  t.deepEqual(codes(verifyReceipt(unsigned, { publicKey })), ['receipt_malformed']);
});

test('commitments that are missing, wrong, or not of the envelope', (t) => {
  const { payload, envelope, event_hash } = event(2);
  const check = (given: object, value: unknown = payload) => codes(verifyPayloadCommitment(value, given));
  t.deepEqual(check({ envelope }, { ...payload, score_bp: 1 }), ['commitment_mismatch']);
  t.deepEqual(check({}), ['commitment_missing']);
  const { payload_commitment: _, ...without } = envelope;
  t.deepEqual(check({ envelope: without }), ['commitment_missing']);
  t.deepEqual(check({ envelope, event_hash: other }), ['hash_mismatch']);
  t.deepEqual(check({ envelope, event_hash, payload_commitment: { ...payloadCommitment({}) } }), ['outer_mismatch']);
  t.deepEqual(check({ payload_commitment: { hash_alg: 'md5', canonical_payload_hash: other } }), ['algorithm_unsupported']);
  t.deepEqual(check({ envelope, envelope_json: envelope }), ['event_malformed']);
});

test('what comes from elsewhere never throws', (t) => {
  const texts = ['', 'null', '[]', '"x"', '{"a":1,"a":2}', '{"payload":{"a":"\\ud800"}}', '1e400', '\ud800'];
  const parsed = ['{"payload":{"n":1e400}}', '{"payload":"\\ud800"}'].map((text) => JSON.parse(text) as object);
  const deep = `${'['.repeat(200)}${']'.repeat(200)}`;
  const hostile = [...texts, deep, ...parsed, { n: 2 ** 60 }, { f: () => 1 }, [], new Map()] as (string | object)[];
  for (const given of hostile) {
    const reports = [
      verifyReceipt(given, { publicKey }),
      verifyReceiptFile(given, { publicKey }),
      verifyReceiptFile({}, { publicKey, event: given }),
      verifyPayloadCommitment({}, given),
      verifyCompleteness(given as object[], { fromSeqNo: 1, toSeqNo: 1 }),
      verifyCheckpointExtension(given, given),
      verifyCheckpointRoot(given as string[], other, { windowCount: 1 }),
      verifyInclusionProof({ leaf: given, leafIndex: 0, leafCount: 1, proof: given as [], rootHash: other }),
      verifyEventProof(given, { batchId: 'b', merkleRoot: other }),
    ];
    for (const report of reports) {
      t.false(report.ok);
      t.true(report.problems.length > 0);
    }
  }
  t.throws(() => verifyReceipt(undefined as unknown as object, { publicKey }), { code: 'ERR_INVALID_ARGUMENT' });
});
