// Checkpoints of a session, and proofs that lead to them: what an agent's backend does, and what somebody without the ledger
// does with it.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import test from 'ava';
import { LedgerError, MemoryHeadStore, ProofError, SealwrightTypeError, SigningKeypair } from 'sealwright';
import {
  keepCosignatures,
  lastCheckpoint,
  logKey,
  openCheckpoint,
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from 'sealwright/proofs';
import { newPath } from '../helpers/folders.mts';
import { ended, key1, key2, openSession } from '../helpers/ledgers.mts';
import { ORIGIN, policy, record } from './helpers/recorded.mts';

/** A path, once nothing is there. */
function emptied(path: string): string {
  rmSync(path, { recursive: true });
  return path;
}

test('each event of a ledger is proved to somebody who has not got it', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  await record(session, 300);
  const checkpoint = await session.checkpoint({ origin: ORIGIN });
  t.like(openCheckpoint(checkpoint, { policy }), { origin: ORIGIN, size: 300, witnesses: [] });
  t.is(await lastCheckpoint(ledgerPath), checkpoint);
  // Recording goes on meanwhile.
  await record(session, 20);
  for (const seq of [0, 255, 256, 299]) {
    const proof = await proveInclusion(ledgerPath, seq, { checkpoint });
    const report = verifyInclusion(proof, { policy, event: 'extra', signers: key1.publicKeyHex });
    t.deepEqual(report.problems, []);
    t.like(report, { ok: true, event: { seq, pinned: true }, checkpoint: { size: 300 } });
  }
  await t.throwsAsync(proveInclusion(ledgerPath, 300, { checkpoint }), { code: 'ERR_OUT_OF_RANGE' });
});

test('the ledger of today goes on from that of last month', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath, rotate: { maxEvents: 40 } });
  const from = await session.checkpoint({ origin: ORIGIN });
  t.is(openCheckpoint(from, { policy }).size, 0);
  await record(session, 100);
  const middle = await session.checkpoint({ origin: ORIGIN });
  await record(session, 200);
  const to = await session.checkpoint({ origin: ORIGIN });
  for (const [earlier, later] of [[from, middle], [middle, to], [from, to], [to, to]] as const) {
    const proof = await proveConsistency(ledgerPath, { from: earlier, to: later });
    t.deepEqual(verifyConsistency({ from: earlier, to: later, proof, policy }).problems, []);
  }
  await t.throwsAsync(proveConsistency(ledgerPath, { from: to, to: middle }), { code: 'ERR_OUT_OF_RANGE' });
});

test('what is signed covers what is on stable storage, nothing else, and is the same when nothing was added', async (t) => {
  const ledgerPath = newPath(t);
  const first = await openSession(t, { ledgerPath });
  await record(first, 3);
  await first.close();
  // Nothing was recorded since: what was found at opening counts, too.
  const session = await openSession(t, { ledgerPath });
  const one = await session.checkpoint({ origin: ORIGIN });
  t.is(openCheckpoint(one, { policy }).size, 3);
  t.is(await session.checkpoint({ origin: ORIGIN }), one);
  const [before, record4] = await Promise.all([session.checkpoint({ origin: ORIGIN }), session.record(ended('x'))]);
  t.true([3, 4].includes(openCheckpoint(before, { policy }).size));
  t.is(openCheckpoint(await session.checkpoint({ origin: ORIGIN }), { policy }).size, record4.seq + 1);
  await session.close();
  await t.throwsAsync(session.checkpoint({ origin: ORIGIN }), { code: 'ERR_SESSION_CLOSED' });
});

test('a ledger that was cut back or exchanged gets no checkpoint', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  await record(session, 5);
  await session.checkpoint({ origin: ORIGIN });
  await session.close();
  rmSync(ledgerPath);
  const other = await openSession(t, { ledgerPath });
  const refused = async () => t.throwsAsync(other.checkpoint({ origin: ORIGIN }), { instanceOf: ProofError, code: 'ERR_CHECKPOINT_CONFLICT' });
  await refused();
  await record(other, 9);
  await refused();
});

test('a checkpoint has the key and the origin that it is asked for', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  const note = await session.checkpoint({ origin: ORIGIN, keypair: key2 });
  t.is(openCheckpoint(note, { policy: `log ${logKey(ORIGIN, key2.publicKeyHex)}\nquorum none` }).size, 0);
  t.throws(() => openCheckpoint(note, { policy }), { code: 'ERR_NOTE_UNTRUSTED' });
  const both = await session.checkpoint({ origin: ORIGIN });
  t.is(openCheckpoint(both, { policy }).size, 0);
  await t.throwsAsync(session.checkpoint({ origin: 'example.com/other' }), { code: 'ERR_CHECKPOINT_ORIGIN' });
  await t.throwsAsync(session.checkpoint({ origin: 'https://example.com' }), { code: 'ERR_CHECKPOINT_ORIGIN' });
  await t.throwsAsync(session.checkpoint({} as never), { instanceOf: SealwrightTypeError });
  const key = SigningKeypair.generate();
  const signer = { publicKey: key.publicKeyHex, sign: () => Promise.reject(new Error('no')) };
  const outside = await openSession(t, { ledgerPath: newPath(t), keypair: undefined, signer });
  await t.throwsAsync(outside.checkpoint({ origin: ORIGIN }), { message: /keypair is missing/ });
  t.is(openCheckpoint(await outside.checkpoint({ origin: ORIGIN, keypair: key1 }), { policy }).size, 0);
});

test('cosignatures are kept with the checkpoint that they are of', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath, headStore: new MemoryHeadStore() });
  const note = await session.checkpoint({ origin: ORIGIN });
  const cosigned = `${note}— w.example ${Buffer.alloc(76, 7).toString('base64')}\n`;
  await keepCosignatures(ledgerPath, cosigned);
  t.is(await lastCheckpoint(ledgerPath), cosigned);
  t.is(await session.checkpoint({ origin: ORIGIN }), cosigned);
  await record(session, 1);
  await session.checkpoint({ origin: ORIGIN });
  await keepCosignatures(ledgerPath, cosigned);
  t.not(await lastCheckpoint(ledgerPath), cosigned);
  await t.throwsAsync(keepCosignatures(ledgerPath, 'garbage'), { code: 'ERR_NOTE_MALFORMED' });
});

test('before the first checkpoint there is none, and where no ledger is that is said', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  await record(session, 1);
  t.is(await lastCheckpoint(ledgerPath), null);
  const note = await session.checkpoint({ origin: ORIGIN });
  const missing = newPath(t);
  await t.throwsAsync(lastCheckpoint(missing), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' });
  await t.throwsAsync(keepCosignatures(missing, note), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' });
  t.deepEqual(readdirSync(dirname(missing)), []);
  // What was signed counts, whatever became of the ledger.
  await session.close();
  rmSync(ledgerPath);
  t.is(await lastCheckpoint(ledgerPath), note);
});

test('whatever is wrong with the folder of a tree has a code, and recording goes on', async (t) => {
  const spoilt: Record<string, readonly [code: string, spoil: (tree: string) => void]> = {
    'a checkpoint that is garbage': ['ERR_NOTE_MALFORMED', (tree) => writeFileSync(`${tree}/checkpoint`, 'garbage')],
    'an empty one': ['ERR_NOTE_MALFORMED', (tree) => writeFileSync(`${tree}/checkpoint`, '')],
    'a folder in its place': ['ERR_TREE_IO', (tree) => mkdirSync(emptied(`${tree}/checkpoint`))],
    'a link to a folder': ['ERR_TREE_IO', (tree) => symlinkSync('.', emptied(`${tree}/checkpoint`))],
    'a lock that is a folder': ['ERR_TREE_IO', (tree) => mkdirSync(emptied(`${tree}/lock`))],
    'a lock that leads elsewhere': ['ERR_TREE_IO', (tree) => symlinkSync('../ledger.ndjson', emptied(`${tree}/lock`))],
    'tiles that are a file': ['ERR_TREE_IO', (tree) => writeFileSync(emptied(`${tree}/tile`), '')],
    'a file in the place of all': ['ERR_TREE_IO', (tree) => writeFileSync(emptied(tree), '')],
  };
  for (const [what, [code, spoil]] of Object.entries(spoilt)) {
    const ledgerPath = newPath(t);
    const session = await openSession(t, { ledgerPath });
    await record(session, 3);
    const checkpoint = await session.checkpoint({ origin: ORIGIN });
    spoil(`${ledgerPath}.tlog`);
    const error = await t.throwsAsync(session.checkpoint({ origin: ORIGIN }), { instanceOf: ProofError, code }, what);
    t.true(error?.message.includes('.tlog'), error?.message);
    t.is((await session.record(ended('next'))).seq, 3);
    // Proofs need no folder.
    t.true(verifyInclusion(await proveInclusion(ledgerPath, 1, { checkpoint }), { policy, event: 'extra' }).ok, what);
    await session.close();
  }
});

test('the tree is made anew where it is gone, and nobody else may read it', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  await record(session, 260);
  const checkpoint = await session.checkpoint({ origin: ORIGIN });
  const tree = `${ledgerPath}.tlog`;
  rmSync(tree, { recursive: true });
  t.is(await lastCheckpoint(ledgerPath), null);
  const report = verifyInclusion(await proveInclusion(ledgerPath, 259, { checkpoint }), { policy, event: 'extra' });
  t.true(report.ok);
  t.is(readFileSync(`${tree}/tile/0/000`).length, 8192);
  t.true(existsSync(`${tree}/tile/0/001.p/4`) && existsSync(`${tree}/tile/1/000.p/1`));
  t.is(statSync(tree).mode & 0o077, 0);
  t.is(statSync(`${tree}/tile/0/000`).mode & 0o077, 0);
  // Beside the ledger it is in nobody's way.
  t.true(readdirSync(dirname(ledgerPath)).length > 1);
  const signal = AbortSignal.abort(new Error('enough'));
  await t.throwsAsync(proveInclusion(ledgerPath, 0, { checkpoint, signal }), { message: 'enough' });
});
