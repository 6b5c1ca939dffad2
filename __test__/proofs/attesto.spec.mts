// What the Attesto 0.5.0 package computed comes out the same here: every set of vectors/peers/attesto/vectors.json that is about
// something that this package does.

import test from 'ava';
import { FileHeadStore, float, SealwrightRangeError } from 'sealwright';
import {
  advanceStreamHead,
  canonicalCommitmentJson,
  domainHash,
  metadataCommitment,
  payloadCommitment,
  UnsafeNumberError,
  verifyCheckpointRoot,
  verifyCompleteness,
  verifyInclusionProof,
  verifyMetadataCommitment,
  verifyPayloadCommitment,
  verifyReceipt,
  verifyReceiptFile,
} from 'sealwright/proofs';
import { parseJson, toValue } from '../helpers/canonical.mts';
import { codes, event, hashesOf, headsExample, listed, publicKey, vectors, vectorsText, windowOf } from './helpers/attesto.mts';

const canonical = (value: unknown) => canonicalCommitmentJson(value, { preflight: false }).toString();

test('no set of the vectors is forgotten', (t) => {
  // Of other parts of the peer: its web hooks, and the fields of its typed events, which are payloads like any other.
  const elsewhere = ['webhook', 'connector', 'typed_events'];
  const said = 'package seed_hex public_key_hex protocol protocol_version domains anchor_selector';
  const here = 'payload_commitments domain_hashes normalization number_guard stream windows window_leaf_example';
  const more = 'checkpoint_roots anchor_calldata erp bundle_hash_example receipt_export provenance';
  const names = [said, here, more].flatMap((text) => text.split(' '));
  t.deepEqual(Object.keys(vectors).toSorted(), [...names, ...elsewhere].toSorted());
});

test('commitments and their canonical JSON', (t) => {
  t.is(vectors.payload_commitments.length, 12);
  for (const { payload, canonical_json: text, ...expected } of vectors.payload_commitments) {
    t.is(canonicalCommitmentJson(payload).toString(), text);
    t.deepEqual({ ...payloadCommitment(payload) }, expected.commitment);
    t.deepEqual({ ...metadataCommitment(payload) }, expected.metadata_commitment);
  }
});

test('hashes in a domain', (t) => {
  t.is(vectors.domain_hashes.length, 12);
  for (const { domain, value, hash } of vectors.domain_hashes) t.is(domainHash(domain, value), hash);
  const { domain, payload, hash } = vectors.bundle_hash_example;
  t.is(domainHash(domain, payload), hash);
  t.throws(() => domainHash('a\0', payload), { code: 'ERR_INVALID_ARGUMENT' });
});

test('values that JSON has no form for', (t) => {
  const [time = '', bytes = '', keys = '', doubles = ''] = vectors.normalization.map(({ canonical: text }) => text);
  t.is(canonical({ t: new Date(Date.UTC(2026, 0, 2, 1, 4, 5, 678)) }), time);
  t.is(canonical({ b: new Uint8Array([0, 255]) }), bytes);
  t.is(canonical({ b: Buffer.from('00ff', 'hex') }), bytes);
  t.is(canonical({ m: { None: 3, 1: 2 } }), keys);
  t.is(canonical(toValue(parseJson(doubles))), doubles);
  t.is(canonical([10n ** 30n, -(10n ** 30n), float(1), -0]), `[1${'0'.repeat(30)},-1${'0'.repeat(30)},1.0,-0.0]`);
  for (const refused of [new Date(Number.NaN), new Date(-1e14), new Map(), undefined, 2 ** 53, Number.NaN, '\ud800']) {
    const error = t.throws(() => canonical([refused])) as Error & { code?: string };
    t.regex(error.code ?? '', /^ERR_JSON_(UNSUPPORTED|NUMBER|STRING)$/);
  }
});

test('numbers that languages read differently are refused, with their place', (t) => {
  // Read without loss: it has 1.0 among its values.
  const guard = (toValue(parseJson(vectorsText)) as { number_guard: { value: unknown; ok: boolean; path?: string }[] }).number_guard;
  t.is(guard.length, 10);
  for (const { value, ok, path } of guard) {
    if (ok) {
      t.notThrows(() => payloadCommitment(value));
      continue;
    }
    const error = t.throws(() => payloadCommitment(value), { instanceOf: UnsafeNumberError });
    t.true(error instanceof SealwrightRangeError);
    t.like(error, { code: 'ERR_UNSAFE_NUMBER', path, name: 'RangeError' });
    t.true(error.message.endsWith(`(at ${path})`));
    t.notThrows(() => payloadCommitment(value, { preflight: false }));
  }
  // A number that JavaScript itself may have rounded is refused in either case.
  t.like(t.throws(() => payloadCommitment({ a: [2 ** 53] })), { code: 'ERR_UNSAFE_NUMBER', path: '$.payload.a[0]' });
  t.like(t.throws(() => payloadCommitment({ a: [2 ** 53] }, { preflight: false })), { code: 'ERR_JSON_NUMBER', path: '$.payload.a[0]' });
  t.like(t.throws(() => metadataCommitment({ x: 0.5 })), { path: '$.metadata.x' });
  t.like(t.throws(() => payloadCommitment([0.5], { path: '$.events[3].payload' })), { path: '$.events[3].payload[0]' });
});

test('a stream: envelopes, commitments and receipts', (t) => {
  t.is(vectors.stream.length, 7);
  for (const vector of vectors.stream) {
    t.is(domainHash('attesto.v2.event', vector.envelope), vector.event_hash);
    t.is(domainHash('attesto.v2.stream', vector.stream_head), vector.stream_head_hash);
    for (const given of [listed(vector), { envelope_json: vector.envelope }, vector.envelope, JSON.stringify(listed(vector))]) {
      t.deepEqual(verifyPayloadCommitment(vector.payload, given), { ok: true, problems: [], eventHash: vector.event_hash });
      t.true(verifyMetadataCommitment(vector.metadata, given).ok);
    }
    const flat = { payload_commitment: vector.envelope['payload_commitment'] };
    t.deepEqual(verifyPayloadCommitment(vector.payload, flat), { ok: true, problems: [], eventHash: null });
    const report = verifyReceipt(vector.receipt, { publicKey });
    t.deepEqual(report.problems, []);
    t.is(report.receiptHash, vector.receipt.receiptHash);
    t.like(report.receipt, { streamId: 'str_x', seqNo: vector.envelope['seq_no'], eventHash: vector.event_hash, mock: false });
    const { receiptHash, signature, payload } = vector.receipt;
    const { keyEpoch, signatureHex, ...others } = signature;
    const snake = { payload, receipt_hash: receiptHash, signature: { ...others, key_epoch: keyEpoch, signature_hex: signatureHex } };
    t.true(verifyReceipt(JSON.stringify(snake, null, 2), { publicKey }).ok);
    const response = { receipt: vector.receipt, streamId: 'str_x', seqNo: vector.envelope['seq_no'], eventHash: vector.event_hash };
    t.true(verifyReceipt(response, { publicKey }).ok);
  }
});

test('windows: each leaf has its proof', (t) => {
  t.is(vectors.windows.length, 7);
  for (const { rootHash, leaves } of vectors.windows) {
    for (const { streamEventId, seqNo, leafIndex, leafHash, proof } of leaves) {
      const { event_hash, stream_head_hash } = event(seqNo);
      const leaf = { ...vectors.window_leaf_example, stream_event_id: streamEventId, seq_no: seqNo, leaf_index: leafIndex, event_hash, stream_head_hash };
      const place = { leafIndex, leafCount: leaves.length, proof, rootHash };
      t.deepEqual(verifyInclusionProof({ ...place, leaf }), { ok: true, problems: [], leafHash });
      t.deepEqual(verifyInclusionProof({ ...place, leafHash }), { ok: true, problems: [], leafHash });
    }
  }
});

test('the roots of checkpoints', (t) => {
  t.is(vectors.checkpoint_roots.length, 9);
  for (const { window_hashes: windows, root } of vectors.checkpoint_roots) {
    t.deepEqual(verifyCheckpointRoot(windows, root, { windowCount: windows.length }), { ok: true, problems: [], rootHash: root });
  }
});

test('a list of events is complete, by envelopes or by what it claims', (t) => {
  const whole = verifyCompleteness(vectors.stream.map(listed).toReversed(), { fromSeqNo: 1, toSeqNo: 7 });
  t.deepEqual(whole, { ok: true, problems: [], basis: 'envelopes', eventCount: 7, lastEventHash: event(7).event_hash });
  const range = { fromSeqNo: 3, toSeqNo: 6, prevEventHash: event(2).event_hash, lastEventHash: event(6).event_hash };
  t.true(verifyCompleteness(vectors.stream.slice(2, 6).map(listed), range).ok);
  const hashes = vectors.stream.map(hashesOf);
  t.like(verifyCompleteness(hashes, { fromSeqNo: 1, toSeqNo: 7, allowHashesOnly: true }), { ok: true, basis: 'hashes' });
  const mixed = [...hashes.slice(0, 3), ...vectors.stream.slice(3).map(listed)];
  t.like(verifyCompleteness(mixed, { fromSeqNo: 1, toSeqNo: 7, allowHashesOnly: true }), { ok: true, basis: 'mixed' });
});

test('the file of a receipt, with its event and without its payload', (t) => {
  const { payload: _, payload_commitment: __, ...bare } = vectors.receipt_export;
  t.like(verifyReceiptFile(bare, { publicKey }), { ok: true, payloadShown: false });
  const whole = verifyReceiptFile(JSON.stringify(vectors.receipt_export), { publicKey, event: listed(event(2)) });
  t.deepEqual(codes(whole), []);
  t.like(whole, { ok: true, payloadShown: true, receipt: { seqNo: 2 } });
});

test('a file of heads that the peer wrote is a head store', async (t) => {
  const store = new FileHeadStore(headsExample);
  t.like(store.get('str_x'), { seq: 7 });
  const report = await advanceStreamHead(event(7).receipt, { publicKey, store });
  t.like(report, { ok: true, step: 'replay' });
  t.is(windowOf(7).leaves.length, 7);
});
