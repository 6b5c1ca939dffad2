// A list of revocations is one for all processes: none is lost when two revoke at once, each is known to all as soon as it is
// done, and outlives whoever is killed.
//
// SEALWRIGHT_KILL_ROUNDS sets how often; default 10.

import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { RevocationList, serveTokens } from 'sealwright/tokens';
import { newPath } from '../helpers/folders.mts';
import { DID, TestIssuer } from '../tokens/helpers/tokens.mts';
import type { Plan } from './children/revoking.mts';
import { Child } from './helpers/child.mts';

const ROUNDS = Number(process.env['SEALWRIGHT_KILL_ROUNDS'] ?? 10);
const issuer = new TestIssuer();
const { pem } = issuer;

async function newList(t: ExecutionContext): Promise<string> {
  const path = newPath(t, 'revoked');
  await RevocationList.create(path, issuer.pair);
  return path;
}

/** A process with the issuer's key, once it has the list. */
async function start(t: ExecutionContext, path: string, what: Pick<Plan, 'revoke' | 'answer'>): Promise<Child> {
  const child = new Child(t, 'revoking', { input: { path, pem, did: DID, ...what } satisfies Plan });
  t.is(await child.next(), 'ready');
  return child;
}

const namesIn = async (list: RevocationList) => (await list.revocations()).map(({ jti }) => jti).toSorted();

test('of three processes that revoke at once none loses a revocation', async (t) => {
  const path = await newList(t);
  const reader = RevocationList.of(path, DID, issuer.registry);
  const children = await Promise.all(['one', 'two', 'three'].map((name) => start(t, path, { revoke: { name, count: 30 } })));
  for (const child of children) child.tell();
  const ends = await Promise.all(children.map(({ end }) => end));
  t.deepEqual(ends.map(({ code, stderr }) => [code, stderr]), [[0, ''], [0, ''], [0, '']]);
  const said = ends.flatMap(({ messages }) => messages as string[]);
  t.is(said.length, 90);
  t.deepEqual(await namesIn(reader), said.toSorted());
});

test('what one process has revoked another one knows at once, and so does a server', async (t) => {
  const path = await newList(t);
  const [revoking, answering] = await Promise.all([start(t, path, { revoke: { name: 'att', count: 20 } }), start(t, path, { answer: true })]);
  const asked = async (jti: string) => {
    answering.tell(jti);
    return answering.next<boolean>();
  };
  const token = issuer.sign(issuer.claims({ jti: 'att_19' }));
  const store = { put: () => Promise.resolve(), get: () => Promise.resolve(token) };
  const server = await serveTokens({ issuer: issuer.pair, store, revocations: RevocationList.of(path, DID, issuer.registry) });
  t.teardown(() => server.close());
  const status = async () => ((await (await fetch(`${server.url}/attestations/att_19`)).json()) as { status: string }).status;
  t.deepEqual([await asked('att_0'), await status()], [false, 'VALID']);
  revoking.tell();
  for (let n = 0; n < 20; n += 1) {
    const jti = await revoking.next<string>();
    t.true(await asked(jti), jti);
  }
  t.is(await status(), 'REVOKED');
  answering.kill();
});

test(`an issuer killed ${ROUNDS} times while it revokes forgets nothing that was acknowledged`, async (t) => {
  const path = await newList(t);
  const reader = RevocationList.of(path, DID, issuer.registry);
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const victim = await start(t, path, { revoke: { name: `round${round}`, count: null } });
    victim.tell();
    acknowledged.push(await victim.next<string>());
    await setTimeout(Math.random() * 60);
    victim.kill();
    const { signal, messages, stderr } = await victim.end;
    t.is(signal, 'SIGKILL', stderr);
    acknowledged.push(...(messages as string[]));
    const found = new Set(await namesIn(reader));
    t.deepEqual(acknowledged.filter((jti) => !found.has(jti)), [], `round ${round}`);
    // One more may be there, which it had no time to acknowledge.
    t.true(found.size <= acknowledged.length + round + 1, `${found.size} of ${acknowledged.length}`);
  }
});
