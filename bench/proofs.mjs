// What proofs of a long ledger cost: the first checkpoint, which reads all of it, those that follow, and each proof.

import { performance } from 'node:perf_hooks';
import { summary } from './statistics.mjs';

const ORIGIN = 'bench.example/ledger';
/** Records between two checkpoints. */
const BETWEEN = 10;

/**
 * `{events, first, next, prove, verify, consistency}`: `first` are the milliseconds of the first checkpoint, the others
 * summaries, in milliseconds. The ledger grows by what is recorded between checkpoints.
 */
export async function measureProofs({ Session }, proofs, ledger, count) {
  const { proveConsistency, proveInclusion, verifyInclusion, logKey } = proofs;
  const { keypair, path } = ledger;
  const policy = `log ${logKey(ORIGIN, keypair.publicKeyHex)}\nquorum none\n`;
  const session = await Session.open({ keypair, ledgerPath: path, sessionId: 'proofs' });
  const sign = () => session.checkpoint({ origin: ORIGIN });
  const [first, from] = await timed(sign);
  const samples = { next: [], prove: [], verify: [], consistency: [] };
  const measured = async (name, work) => {
    const [milliseconds, value] = await timed(work);
    samples[name].push(milliseconds);
    return value;
  };
  for (let round = 0; round < count; round += 1) {
    await session.recordMany(Array.from({ length: BETWEEN }, () => ledger.event));
    ledger.events += BETWEEN;
    const checkpoint = await measured('next', sign);
    // Spread over the ledger, each in other tiles.
    const seq = Math.floor((ledger.events * ((round * 0.618) % 1)));
    const proof = await measured('prove', () => proveInclusion(path, seq, { checkpoint }));
    const { ok } = await measured('verify', () => verifyInclusion(proof, { policy, event: 'extra' }));
    if (!ok) throw new Error(`event ${seq} is not proved`);
    await measured('consistency', () => proveConsistency(path, { from, to: checkpoint }));
  }
  await session.close();
  const summaries = Object.entries(samples).map(([name, values]) => [name, summary(values)]);
  return { events: ledger.events, first, ...Object.fromEntries(summaries) };
}

async function timed(work) {
  const started = performance.now();
  const value = await work();
  return [performance.now() - started, value];
}
