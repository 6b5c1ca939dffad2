// Tokens between QWED's package, PyJWT, jose, node:crypto and this one: each takes what the others sign and none what was
// changed; and what the peer takes, signs or shows that this package does not.

import { spawnSync } from 'node:child_process';
import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { importJWK, jwtVerify } from 'jose';
import { badgeEndpoint, badgeSvg, IssuerKeyPair, IssuerRegistry, RevocationList, type VerificationCode, verifyAttestation } from 'sealwright/tokens';
import { newPath } from '../helpers/folders.mts';
import { peerPython, projectRoot, testWith } from '../helpers/parts.mts';
import { DID, hashOf, TestIssuer, withOtherS } from '../tokens/helpers/tokens.mts';

/** What one verifier of the peer's says. */
interface Said {
  readonly claims?: object;
  readonly error?: string;
}

interface Checked {
  /** qwed_sdk.attestation.verify_attestation */
  readonly sdk: Said;
  /** jwt.decode */
  readonly pyjwt: Said;
  /** AttestationService.verify_attestation */
  readonly service: boolean;
}

interface Issued {
  readonly jwks: { readonly keys: readonly object[] };
  readonly tokens: readonly string[];
  readonly contexts: readonly string[];
}

const issuer = new TestIssuer();
const pem = issuer.key.export({ format: 'pem', type: 'pkcs8' }) as string;
const publicJwk = issuer.pair.publicJwk;
const publicKey = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
const trust = { issuers: issuer.registry };

/** What the peer answers to commands, in one process. */
function ask<Answers>(commands: readonly object[]): Answers {
  const script = join(projectRoot, '__test__', 'process', 'helpers', 'peer_qwed.py');
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' };
  const { status, stdout, stderr } = spawnSync(peerPython(), [script], { input: JSON.stringify(commands), encoding: 'utf8', env, maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answers;
}

/** What the peer's verifiers say of tokens of the issuer. */
function check(tokens: readonly (readonly [token: string, more: object])[]): readonly Checked[] {
  return ask<[Checked[]]>([{ do: 'check', pem, did: DID, jwks: issuer.pair.jwks(), tokens }])[0];
}

/** Whether jose takes a token, by itself. */
async function byJose(token: string): Promise<boolean> {
  const key = await importJWK({ ...publicJwk }, 'ES256');
  return jwtVerify(token, key, { issuer: DID, algorithms: ['ES256'], typ: 'qwed-attestation+jwt' }).then(() => true, () => false);
}

function byNode(token: string): boolean {
  const at = token.lastIndexOf('.');
  return verifySignature('sha256', Buffer.from(token.slice(0, at)), { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(token.slice(at + 1), 'base64url'));
}

const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });

testWith(['peer'], 'tokens of ours verify by the SDK, the service, PyJWT, jose and node:crypto', async (t) => {
  t.timeout(90_000);
  const fields = fc.record({ engine: texts, query: texts, proofData: texts, confidence: fc.double({ min: 0, max: 1, noNaN: true }), admission: fc.constantFrom('ADMIT' as const, 'BLOCKED' as const, undefined), chainId: fc.constantFrom('chain_abc', undefined) });
  const given = fc.sample(fields, { numRuns: 100, seed: 7 });
  const tokens = await Promise.all(given.map((one) => issuer.token(one)));
  const answers = check(tokens.map((token, n) => [token, { proof_ref: hashOf(given[n]?.proofData ?? ''), query: given[n]?.query, admission: given[n]?.admission ?? null }]));
  for (const [n, token] of tokens.entries()) {
    const { claims } = await verifyAttestation(token, { ...trust, query: given[n]?.query });
    t.truthy(claims);
    t.deepEqual(answers[n], { sdk: { claims: claims as object }, pyjwt: { claims: claims as object }, service: true }, token);
    t.true(await byJose(token), token);
    t.true(byNode(token), token);
  }
});

testWith(['peer'], 'tokens of the service verify here, by jose and by node:crypto', async (t) => {
  t.timeout(90_000);
  const sampled = fc.sample(fc.record({ engine: texts, query: texts, proof: texts, confidence: fc.double({ min: 0, max: 1, noNaN: true }), admission: fc.constantFrom('ADMIT', 'BLOCKED', null), isGood: fc.boolean() }), { numRuns: 100, seed: 8 });
  const verdicts = sampled.map(({ engine, query, proof, confidence, admission, isGood }, n) => ({
    result: { status: isGood ? 'VERIFIED' : 'FAILED', verified: isGood, engine, confidence },
    query,
    more: { proof_data: proof, admission: isGood ? admission : null, ...(n % 3 === 0 ? { chain_id: 'chain_abc', chain_index: n } : {}) },
  }));
  const contexts = [
    { document_hash: hashOf('document'), verdict: 'VERIFIED', admission: 'ADMIT', proof_ref: hashOf('proof') },
    { document_hash: hashOf('document'), verdict: 'VERIFIED', admission: 'DENY', proof_ref: hashOf('proof') },
    { document_hash: hashOf('document'), verdict: 'BLOCKED', admission: 'DENY', proof_ref: null },
  ];
  const [{ jwks, tokens, contexts: documents }] = ask<[Issued]>([{ do: 'issue', pem, did: DID, verdicts, contexts }]);
  // Of one key both make one kid, and the same JWK.
  t.deepEqual(jwks, issuer.pair.jwks() as never);
  const options = { trustedIssuers: [DID], jwks };
  for (const [n, token] of tokens.entries()) {
    const { query, result } = verdicts[n] ?? { query: '', result: { status: '' } };
    const verification = await verifyAttestation(token, { ...options, query, admission: (verdicts[n]?.more.admission ?? null) as 'ADMIT' | null });
    t.like(verification, { status: 'VALID', claims: { qwed: { result: { status: result.status } } } }, token);
    t.true((await byJose(token)) && byNode(token), token);
    t.is(badgeEndpoint(verification).message, result.status === 'VERIFIED' ? 'verified' : 'failed');
  }
  for (const token of documents) t.is((await verifyAttestation(token, { ...options, kind: 'context', documentHash: hashOf('document') })).status, 'VALID');
});

const good = () => issuer.claims();
const parts = (token: string) => token.split('.');
const b64 = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

testWith(['peer'], 'what was changed nobody takes', async (t) => {
  t.timeout(90_000);
  const token = issuer.sign(good());
  const [header = '', payload = '', signature = ''] = parts(token);
  const other = new TestIssuer();
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  // The last character of a part has bits that nothing is made of: jose reads past them.
  const ends = new Set([header.length - 1, header.length, token.length - 1, header.length + payload.length, header.length + payload.length + 1]);
  const flipped = Array.from(token, (character, at) => (ends.has(at) ? '' : token.slice(0, at) + (alphabet[(alphabet.indexOf(character) + 7) % 64] ?? '') + token.slice(at + 1))).filter((text) => text !== '');
  const changed = [
    ...flipped,
    '',
    '..',
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `${header}..${signature}`,
    `${b64({ ...issuer.header, alg: 'none' })}.${payload}.`,
    issuer.sign(good(), { alg: 'none' }),
    issuer.sign(good(), { alg: 'HS256' }),
    issuer.sign(good(), { alg: 'ES384' }),
    `${header}.${b64(issuer.claims({ jti: 'att_2' }))}.${signature}`,
    other.sign(good(), { kid: issuer.pair.kid }),
    issuer.sign(issuer.claims({ iss: 'did:web:other.example' })),
    issuer.sign(issuer.claims({ iat: now() - 7200, exp: now() - 3600 })),
    issuer.sign(issuer.claims({ nbf: now() + 3600 })),
    issuer.sign({ ...good(), exp: undefined }),
    issuer.sign('{'),
    issuer.sign('[]'),
    `${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
    `${token}.x`,
  ];
  const answers = check(changed.map((text) => [text, { proof_ref: hashOf('proof') }]));
  const takenBy: string[] = [];
  for (const [n, text] of changed.entries()) {
    const { sdk, pyjwt, service } = answers[n] ?? { sdk: {}, pyjwt: {}, service: false };
    if (sdk.claims !== undefined) takenBy.push(`sdk ${text}`);
    // By itself PyJWT asks for no expiry.
    if (pyjwt.claims !== undefined && 'exp' in pyjwt.claims) takenBy.push(`pyjwt ${text}`);
    if (service) takenBy.push(`service ${text}`);
    if ((await verifyAttestation(text, trust)).status === 'VALID') takenBy.push(`sealwright ${text}`);
    if (text.includes('.') && n < flipped.length && (await byJose(text))) takenBy.push(`jose ${text}`);
  }
  t.deepEqual(takenBy, []);
});

/** What the SDK takes and this package does not, and why. */
const stricter: readonly (readonly [what: string, token: () => string, code: VerificationCode])[] = [
  ['a status that the flag contradicts', () => issuer.sign(issuer.claims({}, { result: { status: 'VERIFIED', verified: false, engine: 'x', confidence: 1 } })), 'CLAIMS'],
  ['a confidence of 42', () => issuer.sign(issuer.claims({}, { result: { status: 'VERIFIED', verified: true, engine: 'x', confidence: 42 } })), 'CLAIMS'],
  ['a subject that is not the query', () => issuer.sign(issuer.claims({ sub: hashOf('other') })), 'CLAIMS'],
  ['no version', () => issuer.sign(issuer.claims({}, { version: undefined })), 'CLAIMS'],
  ['a time to come', () => issuer.sign(issuer.claims({ iat: now() + 3600, exp: now() + 7200 })), 'NOT_YET_VALID'],
  ['an expiry before the issue', () => issuer.sign(issuer.claims({ iat: now() + 20, exp: now() + 10 })), 'CLAIMS'],
  ['a claim that is there twice', () => issuer.sign(JSON.stringify(good()).replace('{', '{"jti":"att_2",')), 'MALFORMED'],
  ['a jti that is a path', () => issuer.sign(issuer.claims({ jti: '../../x' })), 'CLAIMS'],
  ['more than a token holds', () => issuer.sign({ ...good(), more: 'x'.repeat(9000) }), 'MALFORMED'],
];

testWith(['peer'], 'what the SDK takes and is refused here', async (t) => {
  const tokens = stricter.map(([, token]) => token());
  const answers = check(tokens.map((token) => [token, { proof_ref: hashOf('proof') }]));
  for (const [n, [what, , code]] of stricter.entries()) {
    t.truthy(answers[n]?.sdk.claims, `the SDK has become stricter: ${what}`);
    t.like(await verifyAttestation(tokens[n] ?? '', trust), { status: 'INVALID', code, claims: null }, what);
  }
});

testWith(['peer'], 'the service signs what contradicts itself; that is refused here', async (t) => {
  const result = { status: 'VERIFIED', verified: true, engine: 'math', confidence: 1 };
  const verdicts = [
    { result: { ...result, status: 'FAILED' }, query: 'q', more: {} },
    { result: { ...result, confidence: 42 }, query: 'q', more: { proof_data: 'proof' } },
    { result, query: 'q', more: {} },
  ];
  const [{ tokens }] = ask<[Issued]>([{ do: 'issue', pem, did: DID, verdicts }]);
  const problems = ['qwed.result.verified contradicts the status', 'qwed.result.confidence is not from 0 to 1', 'it says VERIFIED and has no proof_hash'];
  for (const [n, token] of tokens.entries()) t.like(await verifyAttestation(token, trust), { status: 'INVALID', code: 'CLAIMS', error: problems[n] });
  // Nor are they issued here.
  t.like(await issuer.issue({ status: 'FAILED' }), { status: 'BLOCKED', errorCode: 'INVALID_CLAIMS' });
  t.like(await issuer.issue({ confidence: 42 }), { status: 'BLOCKED', errorCode: 'INVALID_CLAIMS' });
  t.like(await issuer.issue({ proofData: undefined }), { status: 'BLOCKED', errorCode: 'VERIFIED_WITHOUT_PROOF' });
});

testWith(['peer'], 'the other spelling of a signature is another text and the same token', async (t) => {
  const token = await issuer.token();
  const other = withOtherS(token);
  const answers = check([token, other].map((text) => [text, { proof_ref: hashOf('proof') }]));
  t.deepEqual(answers[0], answers[1]);
  t.true(answers[1]?.service);
  const [one, same] = [await verifyAttestation(token, trust), await verifyAttestation(other, trust)];
  t.deepEqual([same.status, same.signingInputHash, same.claims?.jti], ['VALID', one.signingInputHash, one.claims?.jti]);
  const list = await RevocationList.create(newPath(t, 'revoked'), issuer.pair);
  await list.revoke(one.claims?.jti ?? '');
  for (const text of [token, other]) t.is((await verifyAttestation(text, { ...trust, revocations: list })).status, 'REVOKED');
});

testWith(['peer'], 'what one replica of the service revokes the other one takes; here nobody does', async (t) => {
  const [{ token, one, other }] = ask<[{ token: string; one: boolean; other: boolean }]>([{ do: 'revoke', pem, did: DID }]);
  t.deepEqual([one, other], [false, true]);
  const path = newPath(t, 'revoked');
  await (await RevocationList.create(path, issuer.pair)).revoke('att_1');
  const replica = RevocationList.of(path, DID, issuer.registry);
  t.is((await verifyAttestation(token, { ...trust, revocations: replica })).status, 'REVOKED');
});

testWith(['peer'], 'generated keys of the service share one kid; here each has its own', async (t) => {
  const verdict = { result: { status: 'VERIFIED', verified: true, engine: 'math' }, query: 'q', more: { proof_data: 'proof' } };
  const command = { do: 'issue', did: DID, verdicts: [verdict] };
  const [before, after] = ask<[Issued, Issued]>([command, command]);
  const kidOf = ({ jwks }: Issued) => (jwks.keys[0] as { kid: string }).kid;
  t.is(kidOf(before), kidOf(after));
  t.is((await verifyAttestation(before.tokens[0] ?? '', { trustedIssuers: [DID], jwks: after.jwks })).code, 'SIGNATURE');
  const [one, other] = [IssuerKeyPair.generate({ did: DID }), IssuerKeyPair.generate({ did: DID })];
  t.not(one.kid, other.kid);
  // Both can be trusted at once, which two keys of one kid cannot.
  t.notThrows(() => new IssuerRegistry([{ did: DID, keys: [one.publicJwk, other.publicJwk] }]));
  t.throws(() => new IssuerRegistry([{ did: DID, keys: [before, after].map(({ jwks }) => jwks.keys[0] as object) }]), { code: 'ERR_INVALID_ARGUMENT' });
});

testWith(['peer'], "the peer's badge says verified of any name, and a label gets out of its text; here neither", (t) => {
  const label = '</text><script>x()</script>';
  const [{ attestation, custom }] = ask<[{ attestation: string; custom: string }]>([{ do: 'badges', jti: 'att_of_nobody', label }]);
  t.regex(attestation, /verified/);
  t.true(custom.includes('<script>x()</script>'));
  t.regex(badgeSvg('unknown'), />unknown</);
  t.false(badgeSvg('unknown', { label }).includes('<script'));
});
