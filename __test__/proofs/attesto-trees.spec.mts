// The trees that Attesto 0.5.0 makes beside windows and checkpoints, built from its vectors with what is exported: canonical JSON
// and hashes in a domain. They are checked by nothing here.

import { createHash } from 'node:crypto';
import test from 'ava';
import { canonicalCommitmentJson, domainHash } from 'sealwright/proofs';
import { vectors } from './helpers/attesto.mts';

type Node = (left: string, right: string) => object;

/** The root over hashes: a node without a sibling is that of the level above. */
function fold(domain: string, level: readonly string[], node: Node): string {
  if (level.length < 2) return level[0] ?? '';
  const above: string[] = [];
  for (let at = 0; at < level.length; at += 2) {
    const [left = '', right] = level.slice(at, at + 2);
    above.push(right === undefined ? left : domainHash(domain, node(left, right)));
  }
  return fold(domain, above, node);
}

test('data sets', (t) => {
  const { domain, salt_hex: salt, rows, tombstone, ...expected } = vectors.erp;
  const salted = (value: object) => {
    const hash = createHash('sha256').update(Buffer.from(salt, 'hex'));
    return hash.update(canonicalCommitmentJson(value)).digest('hex');
  };
  const leaves = rows.map((row) => ({ kind: 'row', row_uid: salted({ Id: row['Id'] }), leaf_hash: salted(row) }));
  t.like(leaves[0], { row_uid: expected.row0_uid, leaf_hash: expected.row0_leaf });
  const root = (given: typeof leaves) => {
    const sorted = given.toSorted((a, b) => (a.row_uid < b.row_uid ? -1 : 1));
    const hashes = sorted.map((leaf) => domainHash(domain, leaf));
    return fold(domain, hashes, (left, right) => ({ kind: 'node', left_hash: left, right_hash: right }));
  };
  t.deepEqual(rows.map((_, index) => root(leaves.slice(0, index + 1))), [...expected.roots_by_row_count]);
  const [uid, leaf] = tombstone;
  t.is(root([...leaves, { kind: 'tombstone', row_uid: uid, leaf_hash: leaf }]), expected.root_with_tombstone);
});

test('bundles and capsules', (t) => {
  const { provenance } = vectors;
  const domain = (name: string) => `attesto.provenance.v1.${name}`;
  const node: Node = (left, right) => ({ kind: 'node', left, right });
  const leaves = provenance.bundle_leaves.map((leaf) => domainHash(domain('bundle_tree'), { kind: 'leaf', ...leaf }));
  t.deepEqual(leaves, [...provenance.bundle_leaf_digests]);
  const bundle = fold(domain('bundle_tree'), leaves, node);
  t.is(bundle, provenance.bundle_merkle_root);
  const typed = { kind: 'root', tree: 'bundle_provenance', leaf_count: leaves.length, merkle_root: bundle };
  t.is(domainHash(domain('bundle_tree'), typed), provenance.bundle_provenance_root);

  const claims = fold(domain('claims_tree'), provenance.claim_commitments, node);
  t.is(claims, provenance.claims_merkle_root);
  const { length: count } = provenance.claim_commitments;
  const claimsRoot = domainHash(domain('claims_tree'), { kind: 'root', tree: 'claims', leaf_count: count, merkle_root: claims });
  t.is(claimsRoot, provenance.claims_root);

  // What blinds its leaves is not among the vectors.
  const top = provenance.top_leaf_digests;
  const merkleRoot = fold(domain('capsule_node'), top, node);
  t.is(domainHash(domain('capsule_root'), { kind: 'root', leaf_count: top.length, merkle_root: merkleRoot }), provenance.capsule_root);
});
