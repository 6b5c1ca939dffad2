// Notes and cosignatures compared with those of golang.org/x/mod/sumdb/note: each side takes what the other makes.

import { spawnSync } from 'node:child_process';
import type { ExecutionContext } from 'ava';
import { SigningKeypair } from 'sealwright';
import { cosign, openCheckpoint, Witness, witnessKey } from 'sealwright/proofs';
import { newFolder } from '../helpers/folders.mts';
import { oraclePath, testWith } from '../helpers/parts.mts';
import { History, log, ORIGIN, policyOf, vkey } from '../proofs/helpers/history.mts';

const history = new History('one');
const seed = Buffer.alloc(32, 9);

/** What the program makes of a value; what it complains of is thrown. */
function oracle<Output>(name: string, input: object): Output {
  const { status, stdout, stderr } = spawnSync(oraclePath, [name], { input: JSON.stringify(input), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Output;
}

async function cosignedHere(t: ExecutionContext): Promise<{ readonly note: string; readonly key: string; readonly time: number }> {
  const witness = new Witness({ state: newFolder(t), keypair: SigningKeypair.generate(), name: 'w.example/1', logs: [vkey(log)] });
  t.teardown(() => witness.close());
  const fetch = async (_url: string, { body }: RequestInit) => new Response((await witness.addCheckpoint(String(body))).body);
  const options = { policy: policyOf([witness.key], ['http://localhost']), prove: () => [], fetch };
  const { note, cosigned } = await cosign(history.checkpoint(5), options);
  return { note, key: witness.key, time: cosigned[0]?.time ?? 0 };
}

testWith(['go'], 'Go opens a note that was cosigned here', async (t) => {
  const { note, key, time } = await cosignedHere(t);
  const text = note.slice(0, note.indexOf('\n\n') + 1);
  t.deepEqual(oracle('note-open', { note, keys: [vkey(log), key] }), { text, signed: [{ name: ORIGIN }, { name: 'w.example/1', time }] });
  t.deepEqual(oracle('note-open', { note, keys: [key] }), { text, signed: [{ name: 'w.example/1', time }] });
  const changed = note.replace('\n5\n', '\n6\n');
  t.throws(() => oracle('note-open', { note: changed, keys: [key] }), { message: /invalid signature/ });
});

testWith(['go'], 'a note that Go cosigned is taken here', (t) => {
  const publicKey = SigningKeypair.fromSeed(seed).publicKeyHex;
  for (const time of [0, 1, 1_700_000_000, Number.MAX_SAFE_INTEGER]) {
    const input = { note: history.checkpoint(5), keys: [vkey(log)], name: 'w.example/go', seed: seed.toString('hex'), time };
    const { note, key } = oracle<{ note: string; key: string }>('note-cosign', input);
    t.is(key, witnessKey('w.example/go', publicKey));
    const policy = policyOf([key]);
    t.deepEqual(openCheckpoint(note, { policy }), { origin: ORIGIN, size: 5, root: history.root(5), witnesses: [{ name: 'w.example/go', time }] });
    const changed = note.replace(/(— w\.example\/go .{20})(.)/, (_, before: string, letter: string) => `${before}${letter === 'A' ? 'B' : 'A'}`);
    t.throws(() => openCheckpoint(changed, { policy }), { code: 'ERR_NOTE_SIGNATURE' });
  }
});
