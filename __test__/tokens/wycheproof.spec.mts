// Wycheproof's cases of ECDSA on P-256: the check of a signature that verifying tokens rests on, asked as jose asks it, and
// whatever signature there is under a token that it does not belong to.

import { spawnSync } from 'node:child_process';
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'ava';
import { IssuerRegistry, type PublicJwk, verifyAttestation } from 'sealwright/tokens';
import { projectRoot } from '../helpers/project.mts';
import { DID, ORDER, TestIssuer } from './helpers/tokens.mts';

interface Group {
  /** PEM. */
  readonly key: string;
  readonly tests: readonly { readonly id: number; readonly comment: string; readonly message: string; readonly signature: string; readonly holds: boolean }[];
}

const require = createRequire(import.meta.url);
const { tokenKey } = require(join(projectRoot, 'dist', 'tokens', 'keys.js')) as typeof import('../../dist/tokens/keys.js');

/** What crates/core/examples/wycheproof.rs prints. `npm test` has compiled it by then. */
function groups(): readonly Group[] {
  const words = ['run', '--locked', '--quiet', '-p', 'sealwright-core', '--example', 'wycheproof'];
  const { status, stdout, stderr } = spawnSync('cargo', words, { cwd: projectRoot, encoding: 'utf8', maxBuffer: 1 << 24 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Group[];
}

const jwkOf = (pem: string): PublicJwk => ({ ...(createPublicKey(pem).export({ format: 'jwk' }) as PublicJwk), kid: `${DID}#1` });
const hex = (text: string) => Buffer.from(text, 'hex');
const claims = new TestIssuer().claims();
const input = [{ alg: 'ES256', typ: 'qwed-attestation+jwt', kid: `${DID}#1` }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

/** As jose does it with the key that a token names. */
async function holds(key: KeyObject, message: Buffer, signature: Buffer): Promise<boolean> {
  const imported = await webcrypto.subtle.importKey('jwk', key.export({ format: 'jwk' }), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  return webcrypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, imported, signature, message);
}

test('each case of Wycheproof holds, or does not, as it says', async (t) => {
  t.timeout(600_000);
  const counted = { groups: 0, good: 0, bad: 0 };
  for (const { key: pem, tests } of groups()) {
    const key = tokenKey(jwkOf(pem))?.key;
    if (key === undefined) return t.fail(`a key is refused: ${pem}`);
    const issuers = new IssuerRegistry([{ did: DID, keys: [jwkOf(pem)] }]);
    counted.groups += 1;
    for (const { id, comment, message, signature, holds: isGood } of tests) {
      t.is(await holds(key, hex(message), hex(signature)), isGood, `${id}: ${comment}`);
      const { status, code } = await verifyAttestation(`${input}.${hex(signature).toString('base64url')}`, { issuers });
      t.deepEqual([status, code], ['INVALID', signature.length === 128 ? 'SIGNATURE' : 'MALFORMED'], `${id}: ${comment}`);
      counted[isGood ? 'good' : 'bad'] += 1;
    }
  }
  t.deepEqual(counted, { groups: 112, good: 173, bad: 89 });
});

test('r and s at the edges of what they may be hold for nothing', async (t) => {
  const issuer = new TestIssuer();
  const token = issuer.sign(claims);
  const body = token.slice(0, token.lastIndexOf('.') + 1);
  const good = Buffer.from(token.slice(body.length), 'base64url');
  const [r = 0n, s = 0n] = [good.subarray(0, 32), good.subarray(32)].map((half) => BigInt(`0x${half.toString('hex')}`));
  const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
  const MOST = (1n << 256n) - 1n;
  const textOf = (...numbers: readonly bigint[]) => body + hex(numbers.map((number) => (number & MOST).toString(16).padStart(64, '0')).join('')).toString('base64url');
  const verified = async (text: string) => (await verifyAttestation(text, { issuers: issuer.registry })).code;
  t.is(await verified(textOf(r, s)), null);
  t.is(await verified(textOf(r, ORDER - s)), null);
  const edges = [0n, 1n, 2n, ORDER - 1n, ORDER, ORDER + 1n, P - ORDER, P - 1n, P, P + 1n, MOST, ORDER >> 1n, (ORDER >> 1n) + 1n, r, s, ORDER - r, ORDER + r, ORDER + s];
  for (const one of edges) {
    for (const other of edges) {
      if (one === r && other === s) continue;
      t.is(await verified(textOf(one, other)), 'SIGNATURE', `${one} ${other}`);
    }
  }
});
