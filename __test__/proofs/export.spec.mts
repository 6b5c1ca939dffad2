// A ledger's tree as files for a web server: what somebody who fetches them finds, and when nothing is written.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ChainError, LedgerError, ProofError, readEvents, SealwrightTypeError, sha256Hex } from 'sealwright';
import { exportTiles, logKey, openCheckpoint } from 'sealwright/proofs';
import { rejectsError } from '../helpers/errors.mts';
import { newFolder, newPath } from '../helpers/folders.mts';
import { ended, key1, newSegments, openSession } from '../helpers/ledgers.mts';

const origin = 'example.com/ledger';
const policy = `log ${logKey(origin, key1.publicKeyHex)}\nquorum none\n`;

/** The checkpoint of a ledger as it is. */
async function checkpointOf(t: Parameters<typeof openSession>[0], ledgerPath: string): Promise<string> {
  const session = await openSession(t, { ledgerPath });
  const checkpoint = await session.checkpoint({ origin });
  await session.close();
  return checkpoint;
}

test('what is served is the checkpoint, its hashes, and the hash of each event', async (t) => {
  const { ledger } = await newSegments(t, { count: 300, maxEvents: 100 });
  const checkpoint = await checkpointOf(t, ledger);
  // Recording goes on meanwhile: it is the tree of the checkpoint all the same.
  const session = await openSession(t, { ledgerPath: ledger });
  await session.record(ended('later'));
  const folder = join(newFolder(t), 'served');
  const exported = await exportTiles(ledger, folder, { checkpoint });
  t.is(readFileSync(join(folder, 'checkpoint'), 'utf8'), checkpoint);
  const file = (name: string) => readFileSync(join(folder, 'tile', name));
  const entries = Buffer.concat([file('entries/000'), file('entries/001.p/44')]);
  const leaves = Buffer.concat([file('0/000'), file('0/001.p/44')]);
  t.is(entries.length, 300 * 34);
  for await (const { seq, selfHash } of readEvents(ledger, { to: 299 })) {
    const entry = entries.subarray(seq * 34, (seq + 1) * 34);
    t.is(entry.toString('hex'), `0020${selfHash}`);
    const leaf = sha256Hex(Buffer.concat([Buffer.of(0), entry.subarray(2)]));
    t.is(leaves.subarray(seq * 32, (seq + 1) * 32).toString('hex'), leaf);
  }
  t.is(openCheckpoint(checkpoint, { policy }).size, 300);
  t.deepEqual(exported, { events: 300, files: 6, bytes: entries.length + leaves.length + file('1/000.p/1').length + Buffer.byteLength(checkpoint) });
});

test('one ledger has an export of each of its checkpoints, and no other ledger has', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  const folder = (name: string) => join(newFolder(t), name);
  const empty = await session.checkpoint({ origin });
  await session.record(ended('one'));
  const one = await session.checkpoint({ origin });
  await session.record(ended('two'));
  t.deepEqual(await exportTiles(ledgerPath, folder('none'), { checkpoint: empty }), { events: 0, files: 1, bytes: Buffer.byteLength(empty) });
  t.like(await exportTiles(ledgerPath, folder('one'), { checkpoint: one }), { events: 1, files: 3 });
  const other = newPath(t);
  await (await openSession(t, { ledgerPath: other })).record(ended('other'));
  const target = folder('other');
  await rejectsError(t, () => exportTiles(other, target, { checkpoint: one }), { instanceOf: ProofError, code: 'ERR_PROOF_DIVERGED' });
  t.false(existsSync(target));
});

test('a folder with anything in it is left alone', async (t) => {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  await session.record(ended('one'));
  const checkpoint = await session.checkpoint({ origin });
  const folder = newFolder(t);
  writeFileSync(join(folder, 'index.html'), 'x');
  const refused = (target: string) =>
    rejectsError(t, () => exportTiles(ledgerPath, target, { checkpoint }), { instanceOf: LedgerError, code: 'ERR_OUTPUT_REFUSED', osCode: undefined }, target);
  await refused(folder);
  await refused(join(folder, 'index.html'));
  await refused(join(folder, 'missing', 'served'));
  await refused(`${ledgerPath}.tlog`);
  t.deepEqual(readdirSync(folder), ['index.html']);
});

test('what was pruned cannot be exported, nor what is broken', async (t) => {
  const { ledger } = await newSegments(t, { count: 30 });
  const session = await openSession(t, { ledgerPath: ledger, events: 'extended', rotate: { maxEvents: 10 } });
  const checkpoint = await session.checkpoint({ origin });
  await session.prune({ before: 10 });
  await session.close();
  const folder = join(newFolder(t), 'served');
  const error = await rejectsError(t, () => exportTiles(ledger, folder, { checkpoint }), { instanceOf: ProofError, code: 'ERR_TREE_MISSING' });
  t.regex(error.message, /events 0 to 9 were pruned/);
  const whole = await newSegments(t, { count: 30, maxEvents: 100 });
  const signed = await checkpointOf(t, whole.ledger);
  writeFileSync(whole.ledger, readFileSync(whole.ledger, 'utf8').replace('"reason":"7"', '"reason":"8"'));
  await rejectsError(t, () => exportTiles(whole.ledger, folder, { checkpoint: signed }), { instanceOf: ChainError, code: 'ERR_CHAIN_BROKEN' });
  t.false(existsSync(folder));
});

test('arguments are checked, and a call that is given up writes nothing', async (t) => {
  const { ledger } = await newSegments(t);
  const checkpoint = await checkpointOf(t, ledger);
  const folder = join(newFolder(t), 'served');
  for (const [given, options] of [
    [3, { checkpoint }],
    [folder, {}],
    [folder, undefined],
    [folder, { checkpoint, other: 1 }],
    [folder, { checkpoint, signal: 'now' }],
  ] as const) {
    await rejectsError(t, () => exportTiles(ledger, given as string, options as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
  await rejectsError(t, () => exportTiles(ledger, folder, { checkpoint: 'garbage' }), { instanceOf: ProofError, code: 'ERR_NOTE_MALFORMED' });
  const missing = () => exportTiles(newPath(t), folder, { checkpoint });
  await rejectsError(t, missing, { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' });
  const reason = new Error('enough');
  await t.throwsAsync(exportTiles(ledger, folder, { checkpoint, signal: AbortSignal.abort(reason) }), { is: reason });
  t.false(existsSync(folder));
});
