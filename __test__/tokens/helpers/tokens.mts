// Issuers and tokens of tests, made the way a stranger could: signed by node:crypto, not by the code under test.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { AttestationResult, createAttestation, type CreateAttestationFields, IssuerKeyPair, IssuerRegistry } from 'sealwright/tokens';

export const DID = 'did:web:issuer.example';

function newPem(): string {
  const publicKeyEncoding = { format: 'pem', type: 'spki' } as const;
  return generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding: { format: 'pem', type: 'pkcs8' } }).privateKey;
}

/** An issuer whose private key the test has too. */
export class TestIssuer {
  readonly key: KeyObject;
  readonly pair: IssuerKeyPair;
  readonly registry: IssuerRegistry;

  constructor(did = DID, pem?: string) {
    // Read back, as the issuer's own key is: see newKey in src/tokens/issuer-key.ts.
    this.key = createPrivateKey(pem ?? newPem());
    this.pair = IssuerKeyPair.fromPem(this.pem, { did });
    this.registry = IssuerRegistry.of([did], this.pair.jwks());
  }

  get pem(): string {
    return this.key.export({ format: 'pem', type: 'pkcs8' }) as string;
  }

  /** A token of any header and payload; text is taken as it is. */
  sign(payload: unknown, header: object | string = {}): string {
    const text = typeof header === 'string' ? header : JSON.stringify({ ...this.header, ...header });
    return signed(text, typeof payload === 'string' ? payload : JSON.stringify(payload), this.key);
  }

  get header(): { readonly alg: string; readonly typ: string; readonly kid: string } {
    return { alg: 'ES256', typ: 'qwed-attestation+jwt', kid: this.pair.kid };
  }

  /** The claims of a good verdict, those of `changes` in their place. */
  claims(changes: object = {}, qwed: object = {}): Record<string, unknown> {
    const iat = Math.floor(Date.now() / 1000);
    const sub = hashOf('2+2=4');
    const result = { status: 'VERIFIED', verified: true, engine: 'math', confidence: 1 };
    const own = { version: '1.0', result, query_hash: sub, proof_hash: hashOf('proof'), ...qwed };
    return { iss: this.pair.did, sub, iat, exp: iat + 600, jti: 'att_1', qwed: own, ...changes };
  }

  issue(fields: Partial<CreateAttestationFields> = {}): Promise<AttestationResult> {
    return createAttestation({ issuer: this.pair, status: 'VERIFIED', verified: true, engine: 'math', query: '2+2=4', proofData: 'proof', ...fields });
  }

  /** The text of a token that was issued. */
  async token(fields: Partial<CreateAttestationFields> = {}): Promise<string> {
    const { token, error } = await this.issue(fields);
    if (token === null) throw new Error(`not issued: ${error}`);
    return token;
  }
}

export function hashOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** The same token with the other s. */
export function withOtherS(token: string): string {
  const at = token.lastIndexOf('.') + 1;
  const signature = Buffer.from(token.slice(at), 'base64url');
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  signature.write((ORDER - s).toString(16).padStart(64, '0'), 32, 'hex');
  return token.slice(0, at) + signature.toString('base64url');
}

export function sOf(token: string): bigint {
  return BigInt(`0x${Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url').subarray(32).toString('hex')}`);
}

export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The public half. */
export function publicOf(key: KeyObject): KeyObject {
  return createPublicKey(createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' }) as string));
}

function signed(header: string, payload: string, key: KeyObject): string {
  const input = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
