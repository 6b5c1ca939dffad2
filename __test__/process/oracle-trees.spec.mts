// Trees and proofs compared with those of golang.org/x/mod/sumdb/tlog: it reads our tiles, makes our roots and proofs, and
// takes the ones that we make.

import { spawnSync } from 'node:child_process';
import { lastCheckpoint, openCheckpoint, proveConsistency, proveInclusion } from 'sealwright/proofs';
import { newPath } from '../helpers/folders.mts';
import { ended, openSession } from '../helpers/ledgers.mts';
import { oraclePath, testWith } from '../helpers/parts.mts';
import { ORIGIN as origin, policy } from '../proofs/helpers/recorded.mts';

/** What the program makes of a value; what it complains of is thrown. */
function oracle<Output>(name: string, input: object): Output {
  const { status, stdout, stderr } = spawnSync(oraclePath, [name], { input: JSON.stringify(input), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Output;
}

interface Proved {
  readonly root: string;
  readonly leaves: readonly string[];
  readonly inclusion: readonly (readonly string[])[];
  readonly consistency: readonly (readonly string[] | null)[];
}

const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');

/** The hashes of an inclusion proof. */
const pathOf = (proof: string) => proof.slice(proof.indexOf('\nindex '), proof.indexOf('\n\n')).split('\n').slice(2).map(hex);

testWith(['go'], 'Go reads our tiles, and proves what we prove', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  const sizes = [1, 2, 255, 256, 257, 600];
  const checkpoints = new Map<number, string>();
  for (const size of sizes) {
    const count = size - (session.head?.seq ?? -1) - 1;
    await session.recordMany(Array.from({ length: count }, () => ended('x')));
    checkpoints.set(size, await session.checkpoint({ origin }));
  }
  for (const [size, checkpoint] of checkpoints) {
    const { root } = openCheckpoint(checkpoint, { policy });
    const leaves = [...new Set([0, 1, 254, 255, 256, 511, 512, size - 1])].filter((leaf) => leaf < size);
    const older = sizes.filter((other) => other <= size);
    // The folder has the full tile where a partial one was.
    if (size >= 256) {
      const folder = `${ledgerPath}.tlog`;
      const proved = size === 600 ? oracle<Proved>('tree-prove', { folder, size, root, leaves, sizes: older }) : undefined;
      if (proved !== undefined) t.is(proved.root, root);
      for (const [index, old] of older.entries()) {
        const proof = await proveConsistency(ledgerPath, { from: checkpoints.get(old) ?? '', to: checkpoint });
        if (proved !== undefined) t.deepEqual(proof, proved.consistency[index] ?? []);
      }
      for (const [index, leaf] of leaves.entries()) {
        const path = pathOf(await proveInclusion(ledgerPath, leaf, { checkpoint }));
        if (proved !== undefined) t.deepEqual(path, proved.inclusion[index]);
      }
    }
  }
  const to = (await lastCheckpoint(ledgerPath)) ?? '';
  const { root, size } = openCheckpoint(to, { policy });
  const { leaves: [hash = ''] } = oracle<Proved>('tree-prove', { folder: `${ledgerPath}.tlog`, size, root, leaves: [300], sizes: [] });
  const proof = pathOf(await proveInclusion(ledgerPath, 300, { checkpoint: to }));
  t.deepEqual(oracle('proof-check', { size, root, leaf: 300, hash, proof }), { problem: '' });
  t.notDeepEqual(oracle('proof-check', { size, root, leaf: 301, hash, proof }), { problem: '' });
  const old = openCheckpoint(checkpoints.get(257) ?? '', { policy });
  const grown = await proveConsistency(ledgerPath, { from: checkpoints.get(257) ?? '', to });
  t.deepEqual(oracle('proof-check', { size, root, proof: grown, oldSize: 257, oldRoot: old.root }), { problem: '' });
  t.notDeepEqual(oracle('proof-check', { size, root, proof: grown, oldSize: 257, oldRoot: root }), { problem: '' });
});

testWith(['go'], 'Go notices a tile that is another one', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  await session.recordMany(Array.from({ length: 300 }, () => ended('x')));
  const { root, size } = openCheckpoint(await session.checkpoint({ origin }), { policy });
  const ask = { folder: `${ledgerPath}.tlog`, size, leaves: [3], sizes: [] };
  t.is(oracle<Proved>('tree-prove', { ...ask, root }).root, root);
  t.throws(() => oracle('tree-prove', { ...ask, root: root.replace(/^../, (digits) => (digits === '00' ? '01' : '00')) }), { message: /inconsistent tile/ });
});
