// Chains: what was taken out, moved, or put in from elsewhere is named.

import test from 'ava';
import { SealwrightTypeError } from 'sealwright';
import { type ChainCode, IssuerRegistry, verifyAttestationChain } from 'sealwright/tokens';
import { rejectsError } from '../helpers/errors.mts';
import { TestIssuer, withOtherS } from './helpers/tokens.mts';

const issuer = new TestIssuer();
const trust = { issuers: issuer.registry };

async function chainOf(count: number, chainId = 'chain_abc', by = issuer): Promise<string[]> {
  const tokens: string[] = [];
  for (let chainIndex = 0; chainIndex < count; chainIndex += 1) {
    tokens.push(await by.token({ chainId, chainIndex, previousAttestation: tokens.at(-1) }));
  }
  return tokens;
}

async function problems(tokens: readonly string[], options: object = trust): Promise<readonly (readonly [number, ChainCode])[]> {
  const { ok, problems: found } = await verifyAttestationChain(tokens, options);
  if (ok !== (found.length === 0)) throw new Error('ok means that there are no problems');
  return found.map(({ index, code }) => [index, code] as const);
}

test('a whole chain holds, and its beginning', async (t) => {
  const tokens = await chainOf(5);
  t.like(await verifyAttestationChain(tokens, trust), { ok: true, chainId: 'chain_abc', problems: [] });
  t.deepEqual(await problems(tokens.slice(0, 3)), []);
  // A signature has two spellings, and the chain none of them.
  t.deepEqual(await problems(tokens.map((token, index) => (index === 2 ? withOtherS(token) : token))), []);
});

test('what is missing, moved or foreign is named at its place', async (t) => {
  const [tokens, others] = [await chainOf(4), await chainOf(4)];
  const [a, b, c, d] = tokens as [string, string, string, string];
  t.deepEqual(await problems([b, c, d]), [[0, 'GAP'], [0, 'LINK']]);
  t.deepEqual(await problems([a, c, d]), [[1, 'GAP'], [1, 'LINK']]);
  t.deepEqual(await problems([a, c, b, d]), [[1, 'GAP'], [1, 'LINK'], [2, 'REORDERED'], [2, 'LINK'], [3, 'LINK']]);
  t.deepEqual(await problems([a, b, b, c]), [[2, 'REPEATED'], [2, 'LINK']]);
  // The same places of another chain, under the same name.
  t.deepEqual(await problems([a, others[1] ?? '', c, d]), [[1, 'LINK'], [2, 'LINK']]);
  const foreign = await issuer.token({ chainId: 'chain_x', chainIndex: 1, previousAttestation: a });
  t.deepEqual(await problems([a, foreign]), [[1, 'CHAIN_ID']]);
  t.deepEqual(await problems([a, await issuer.token({ chainId: 'chain_abc', chainIndex: 1 })]), [[1, 'LINK']]);
  t.deepEqual(await problems([await issuer.token()]), [[0, 'CHAIN_ID'], [0, 'CHAIN_ID']]);
  t.deepEqual(await problems([a, `${b.slice(0, -4)}AAAA`, c]), [[1, 'SIGNATURE'], [2, 'GAP']]);
});

test('one issuer makes a chain', async (t) => {
  const other = new TestIssuer('did:web:other.example');
  const both = { issuers: new IssuerRegistry([issuer, other].map(({ pair }) => ({ did: pair.did, keys: pair.jwks().keys }))) };
  const [a = ''] = await chainOf(1);
  const b = await other.token({ chainId: 'chain_abc', chainIndex: 1, previousAttestation: a });
  t.deepEqual(await problems([a, b], both), [[1, 'ISSUER']]);
  t.deepEqual(await problems([a, b]), [[1, 'ISSUER_UNTRUSTED']]);
});

test('expired tokens are problems, unless they may be', async (t) => {
  const tokens = await chainOf(3);
  const late = { ...trust, at: new Date(Date.now() + 2 * 86_400_000) };
  t.deepEqual(await problems(tokens, late), [[0, 'EXPIRED'], [1, 'EXPIRED'], [2, 'EXPIRED']]);
  t.deepEqual(await problems(tokens, { ...late, allowExpired: true }), []);
});

test('arguments that are none throw', async (t) => {
  for (const [tokens, options] of [[[], trust], ['x', trust], [['x'], {}], [['x'], { ...trust, query: 'q' }], [['x'], { ...trust, allowExpired: 1 }], [[1], trust]] as const) {
    await rejectsError(t, () => verifyAttestationChain(tokens as never, options as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
});
