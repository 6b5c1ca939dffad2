// A ledger is handed over to a signer agent, and by one: the agent takes over what is meant for its key, goes on behind that
// place, and signs no place twice, whatever becomes of the handover.

import { readFileSync, writeFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { LedgerError, Session, SigningKeypair, socketSigner, verifyFile } from 'sealwright';
import { verifyFile as crosscheckFile } from 'sealwright/crosscheck';
import { rejectsError } from '../helpers/errors.mts';
import { newPath } from '../helpers/folders.mts';
import { linesOf } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { keypair, numbered } from './helpers/fixture.mts';
import { SignerAgent } from './helpers/signer.mts';
import { ask, endorse, hello, ledger, refusal } from './helpers/wire.mts';

const own = SigningKeypair.generate();
const refused = { instanceOf: LedgerError, code: 'ERR_SIGNER_REFUSED' } as const;
const mismatch = { instanceOf: LedgerError, code: 'ERR_SIGNER_MISMATCH' } as const;

/** A session that the test closes, or its end; of a key, or of an agent. */
async function open(t: ExecutionContext, ledgerPath: string, by: SigningKeypair | SignerAgent): Promise<Session> {
  const who = by instanceof SignerAgent ? { signer: socketSigner(by.socket) } : { keypair: by };
  const session = await Session.open({ ...who, ledgerPath, sessionId: 's', events: 'extended' });
  t.teardown(() => session.close());
  return session;
}

/** Asserts that a ledger is whole to both verifiers and to who knows its first key; gives who signed each event. */
async function whole(t: ExecutionContext, path: string, first = own): Promise<('own' | 'agent')[]> {
  const options = { signers: first.publicKeyHex };
  const report = await verifyFile(path, options);
  t.like(report, { ok: true, tail: null, warnings: [] });
  t.deepEqual((await crosscheckFile(path, options)).toJSON(), report.toJSON());
  return linesOf(path).map((line) => (line.includes(`"signer_pubkey":"${own.publicKeyHex}"`) ? 'own' : 'agent'));
}

testWith(['signer'], 'a ledger is handed over to an agent, and back, and again', async (t) => {
  const agent = await new SignerAgent(t).start();
  const path = newPath(t);
  const session = await open(t, path, own);
  await Promise.all([
    session.record(numbered('a', 0)),
    session.rotateKey(socketSigner(agent.socket)),
    session.record(numbered('a', 2)),
  ]);
  t.is(session.publicKeyHex, keypair.publicKeyHex);
  t.is(session.recordSync(numbered('a', 3)).signerPubkey, keypair.publicKeyHex);
  await agent.kill();
  await agent.start();
  await session.record(numbered('a', 4));
  const joined = await open(t, path, agent);
  await session.close();
  await joined.record(numbered('a', 5));
  await joined.rotateKey(own);
  await joined.record(numbered('a', 7));
  await joined.close();
  await rejectsError(t, () => open(t, path, agent), mismatch);
  const again = await open(t, path, own);
  t.is(again.rotateKeySync(socketSigner(agent.socket)).seq, 8);
  await again.record(numbered('a', 9));
  await again.close();
  await (await open(t, path, agent)).record(numbered('a', 10));
  const [o, a] = ['own', 'agent'] as const;
  t.deepEqual(await whole(t, path), [o, o, a, a, a, a, a, o, o, a, a]);
});

testWith(['signer'], 'a handover that failed is repeated at another place, one that succeeded is not', async (t) => {
  const agent = await new SignerAgent(t).start();
  const path = newPath(t);
  const session = await open(t, path, own);
  await rejectsError(t, () => session.rotateKey(socketSigner(agent.socket)), { ...refused, outcome: 'not-written' });
  await session.record(numbered('a', 0));
  const whereItWas = readFileSync(path);
  await agent.stop();
  const late = { instanceOf: LedgerError, code: 'ERR_SIGNER_TIMEOUT', outcome: 'not-written' } as const;
  await rejectsError(t, () => session.rotateKey(socketSigner(agent.socket), { signTimeoutMs: 50 }), late);
  agent.goOn();
  await session.record(numbered('a', 1));
  await session.rotateKey(socketSigner(agent.socket));
  await session.record(numbered('a', 3));
  await session.close();
  t.deepEqual(await whole(t, path), ['own', 'own', 'own', 'agent']);

  // Another history from an older copy: its own key seals what it likes, but the agent has signed behind place 2.
  writeFileSync(path, whereItWas);
  const forked = await open(t, path, own);
  await forked.record(numbered('fork', 1));
  const fork = await rejectsError(t, () => forked.rotateKey(socketSigner(agent.socket)), refused);
  t.regex(fork.message, /event 2 does not follow event 3, the last one that was signed/);
  t.is(forked.publicKeyHex, own.publicKeyHex);
});

testWith(['signer'], 'an agent that keeps a handover which was not written gives it back', async (t) => {
  const agent = await new SignerAgent(t).start();
  const path = newPath(t);
  const session = await open(t, path, agent);
  await session.record(numbered('a', 0));
  const before = readFileSync(path);
  await session.rotateKey(own);
  await session.close();
  const after = readFileSync(path);
  writeFileSync(path, before);
  // Only the agent knows that the ledger was handed over. With it that is made good; then its successor goes on.
  await rejectsError(t, () => open(t, path, own), mismatch);
  const { message } = await rejectsError(t, () => open(t, path, agent), mismatch);
  t.regex(message, /handed over to the key/);
  t.deepEqual(readFileSync(path), after);
  await (await open(t, path, own)).record(numbered('a', 2));
  t.deepEqual(await whole(t, path, keypair), ['agent', 'agent', 'own']);
});

testWith(['signer'], 'what an agent endorses, asked without this package', async (t) => {
  const agent = await new SignerAgent(t).start();
  const [first, other] = ['a'.repeat(64), 'b'.repeat(64)];
  const statement = (change: object = {}) => {
    const fields = { first_hash: first, new_key: keypair.publicKeyHex, old_key: own.publicKeyHex, seq: 5, ...change };
    return `sealwright/key-rotation/v1\n${JSON.stringify(fields)}`;
  };
  const [NO_EVENT, FORK, FULL] = [4, 5, 8];
  for (const [what, said, code] of [
    ['a text', 'text', NO_EVENT],
    ['another version', statement().replace('v1', 'v2'), NO_EVENT],
    ['a space', statement().replace(':5', ': 5'), NO_EVENT],
    ['a handover to another key', statement({ new_key: own.publicKeyHex, old_key: keypair.publicKeyHex }), NO_EVENT],
    ['a handover to itself', statement({ old_key: keypair.publicKeyHex }), NO_EVENT],
    ['the first event', statement({ seq: 0, first_hash: '0'.repeat(64) }), NO_EVENT],
    ['a good one', statement(), undefined],
    ['it at another place', statement({ seq: 7 }), undefined],
    ['another ledger at this path', statement({ first_hash: other }), FORK],
  ] as const) {
    const [, reply = ''] = await ask(agent.socket, [hello, endorse(ledger('/l', first), said)]);
    t.is(refusal(reply), code, what);
    t.is(reply.startsWith('8300000001'), code === undefined, what);
  }
  const [, more] = await ask(agent.socket, [hello, endorse(ledger('/m', other), statement({ first_hash: other }))]);
  t.is(refusal(more), FULL);
});
