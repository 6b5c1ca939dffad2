// Revocations: a list that cannot be read, or is not the issuer's, never passes for one that revokes nothing.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SealwrightTypeError } from 'sealwright';
import { IssuerKeyPair, IssuerRegistry, RevocationList, TokenError, TokenFolder, verifyAttestation } from 'sealwright/tokens';
import { rejectsError, throwsError } from '../helpers/errors.mts';
import { newFifo, newPath } from '../helpers/folders.mts';
import { DID, TestIssuer } from './helpers/tokens.mts';

const TYPE = 'sealwright-revocations+jwt';
const LIMIT = 16 << 20;
const issuer = new TestIssuer();
const other = new TestIssuer('did:web:other.example');
const both = new IssuerRegistry([issuer, other].map(({ pair }) => ({ did: pair.did, keys: pair.jwks().keys })));

/** A list that the issuer has signed, with one revocation in it; and who only reads it. */
async function newList(t: ExecutionContext) {
  const path = newPath(t, 'revoked');
  const list = await RevocationList.create(path, issuer.pair);
  await list.revoke('att_revoked');
  return { path, list, reader: RevocationList.of(path, DID, issuer.registry) };
}

/** A list of any content. */
function listOf(payload: unknown, header: object | string = {}, by = issuer): string {
  return by.sign(payload, typeof header === 'string' ? header : { typ: TYPE, ...header });
}

const good = (changes: object = {}) => ({ iss: DID, iat: 1_700_000_000, seq: 1, revoked: { att_revoked: 1_700_000_000 }, ...changes });

test('a token is revoked for ever, for everybody who asks, since when it was', async (t) => {
  const { path, list, reader } = await newList(t);
  const [revocation] = await reader.revocations();
  t.true(Math.abs((revocation?.revokedAt.getTime() ?? 0) - Date.now()) < 100_000);
  t.deepEqual([await reader.isRevoked('att_revoked'), await reader.isRevoked('att_other')], [true, false]);
  const before = readFileSync(path);
  await list.revoke('att_revoked');
  t.deepEqual(readFileSync(path), before);
  t.is(await list.text(), before.toString());
  t.is(statSync(path).mode & 0o777, 0o600);
  // The issuer starts again.
  const again = await RevocationList.forIssuer(path, issuer.pair);
  await again.revoke('att_2');
  t.deepEqual((await reader.revocations()).map(({ jti }) => jti), ['att_revoked', 'att_2']);
  t.deepEqual(await list.revocations(), await reader.revocations());
  t.deepEqual(readdirSync(dirname(path)).toSorted(), ['revoked', 'revoked.lock']);
});

test('a list is started once, and one that is gone is not taken for an empty one', async (t) => {
  const path = newPath(t, 'revoked');
  const gone = { instanceOf: TokenError, code: 'ERR_TOKEN_IO', osCode: 'ENOENT' } as const;
  await rejectsError(t, () => RevocationList.forIssuer(path, issuer.pair), gone);
  t.deepEqual(readdirSync(dirname(path)), []);
  const starts = await Promise.allSettled([1, 2, 3].map(() => RevocationList.create(path, issuer.pair)));
  t.deepEqual(starts.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected', 'rejected']);
  const list = await RevocationList.forIssuer(path, issuer.pair);
  t.deepEqual(await list.revocations(), []);
  await list.revoke('att_revoked');
  const found = readFileSync(path);
  await rejectsError(t, () => RevocationList.create(path, issuer.pair), { instanceOf: TokenError, code: 'ERR_TOKEN_REVOCATIONS' });
  t.deepEqual(readFileSync(path), found);
  rmSync(path);
  await rejectsError(t, () => RevocationList.forIssuer(path, issuer.pair), gone);
  await rejectsError(t, () => list.revoke('att_2'), gone);
  t.deepEqual(readdirSync(dirname(path)), ['revoked.lock']);
});

test('a new key takes over the list that the one before it signed', async (t) => {
  const { path, list } = await newList(t);
  const later = new TestIssuer();
  await rejectsError(t, () => RevocationList.forIssuer(path, later.pair), { instanceOf: TokenError, code: 'ERR_TOKEN_REVOCATIONS' });
  const successor = await RevocationList.forIssuer(path, IssuerKeyPair.fromPem(later.pem, { did: DID, previousKeys: issuer.pair.jwks() }));
  await successor.revoke('att_2');
  t.deepEqual((await successor.revocations()).map(({ jti }) => jti), ['att_revoked', 'att_2']);
  // Who knows the new key alone believes it now; who knows the old one alone does not.
  t.true(await RevocationList.of(path, DID, later.registry).isRevoked('att_revoked'));
  await rejectsError(t, () => list.isRevoked('att_revoked'), { instanceOf: TokenError, code: 'ERR_TOKEN_REVOCATIONS' });
});

test('what is asked for at once is revoked one after the other, and none is lost', async (t) => {
  const { path, list } = await newList(t);
  const lists = [list, ...(await Promise.all([1, 2, 3, 4, 5].map(() => RevocationList.forIssuer(path, issuer.pair))))];
  const names = lists.flatMap((_, who) => Array.from({ length: 5 }, (__, n) => `att_${who}_${n}`));
  await Promise.all(names.map((jti, index) => lists[index % lists.length]?.revoke(jti)));
  t.deepEqual((await list.revocations()).map(({ jti }) => jti).toSorted(), ['att_revoked', ...names].toSorted());
});

test('who asks while others are told of more is answered', async (t) => {
  const { list, reader } = await newList(t);
  let isDone = false;
  const ask = async () => {
    for (let asked = 0; ; asked += 1) {
      if (isDone) return asked;
      t.true(await reader.isRevoked('att_revoked'));
    }
  };
  const asking = Promise.all([1, 2, 3, 4, 5, 6].map(ask));
  for (let n = 0; n < 40; n += 1) await list.revoke(`att_${n}`);
  isDone = true;
  t.true((await asking).every((asked) => asked > 10));
});

test('one that fails does not keep the next from being revoked', async (t) => {
  const { path, list } = await newList(t);
  renameSync(path, `${path}.aside`);
  const failing = list.revoke('att_2');
  await rejectsError(t, () => failing, { instanceOf: TokenError, code: 'ERR_TOKEN_IO' });
  renameSync(`${path}.aside`, path);
  await list.revoke('att_2');
  t.true(await list.isRevoked('att_2'));
});

test('whatever may name a token can be revoked', async (t) => {
  const { list, reader } = await newList(t);
  const names = ['__proto__', 'constructor', '1', 'hasOwnProperty', 'a.b-c_d', 'x'.repeat(128)];
  for (const name of names) t.false(await reader.isRevoked(name));
  for (const name of names) await list.revoke(name);
  for (const name of names) t.true(await reader.isRevoked(name), name);
  for (const name of ['', '../att', 'a b', 'x'.repeat(129), 1, undefined]) {
    await rejectsError(t, () => list.revoke(name as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
});

test('verification says REVOKED, and what it said', async (t) => {
  const { list, reader } = await newList(t);
  const token = issuer.sign(issuer.claims({ jti: 'att_7' }));
  const options = { issuers: issuer.registry, revocations: reader };
  t.is((await verifyAttestation(token, options)).status, 'VALID');
  await list.revoke('att_7');
  t.like(await verifyAttestation(token, options), { status: 'REVOKED', code: 'REVOKED', claims: { jti: 'att_7' } });
  t.like(await verifyAttestation(token, { ...options, at: new Date(Date.now() + 86_400_000) }), { status: 'EXPIRED' });
});

test('a list of the issuer has to be there, and all of them are asked', async (t) => {
  const { list, path } = await newList(t);
  const foreign = await RevocationList.create(newPath(t, 'revoked'), other.pair);
  const second = await RevocationList.create(newPath(t, 'revoked'), issuer.pair);
  const token = issuer.sign(issuer.claims({ jti: 'att_7' }));
  const verified = async (revocations: readonly RevocationList[]) => (await verifyAttestation(token, { issuers: both, revocations })).code;
  t.is(await verified([foreign]), 'REVOCATIONS');
  t.is(await verified([foreign, list]), null);
  // A name is one of its issuer alone.
  await foreign.revoke('att_7');
  t.is(await verified([foreign, list, second]), null);
  await second.revoke('att_7');
  t.is(await verified([foreign, list, second]), 'REVOKED');
  rmSync(path);
  t.is(await verified([list, second]), 'REVOCATIONS');
});

type Damage = readonly [what: string, code: 'ERR_TOKEN_IO' | 'ERR_TOKEN_REVOCATIONS', damage: (path: string, t: ExecutionContext) => void];

const written = (text: () => string | Buffer) => (path: string) => writeFileSync(path, text());

const damages: readonly Damage[] = [
  ['gone', 'ERR_TOKEN_IO', (path) => rmSync(path)],
  ['a folder', 'ERR_TOKEN_IO', (path) => (rmSync(path), mkdirSync(path))],
  ['a FIFO', 'ERR_TOKEN_IO', (path, t) => renameSync(newFifo(t), path)],
  ['empty', 'ERR_TOKEN_REVOCATIONS', written(() => '')],
  ['garbage', 'ERR_TOKEN_REVOCATIONS', written(() => Buffer.alloc(1000, 0xff))],
  ['cut', 'ERR_TOKEN_REVOCATIONS', (path) => writeFileSync(path, readFileSync(path).subarray(0, -10))],
  ['with another payload', 'ERR_TOKEN_REVOCATIONS', written(() => replaced(listOf(good()), 1, listOf(good({ seq: 0, revoked: {} }))))],
  ['unsigned', 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good(), { alg: 'none' }))],
  ['signed by an HMAC', 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good(), { alg: 'HS256' }))],
  ['with an extension', 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good(), { crit: ['x'], x: 1 }))],
  ["another key's", 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good(), {}, new TestIssuer()))],
  ["another key's, under the name of ours", 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good(), { kid: issuer.pair.kid }, new TestIssuer()))],
  ["another issuer's", 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good({ iss: other.pair.did }), {}, other))],
  ["another issuer's, by our key", 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good({ iss: other.pair.did })))],
  ['a token', 'ERR_TOKEN_REVOCATIONS', written(() => issuer.sign(issuer.claims()))],
  ['of another type', 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good(), { typ: 'JWT' }))],
  ['no JSON', 'ERR_TOKEN_REVOCATIONS', written(() => listOf('{'))],
  ['a JSON list', 'ERR_TOKEN_REVOCATIONS', written(() => listOf([]))],
  ['with a revocation too few', 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good({ revoked: {} })))],
  ['with a revocation twice', 'ERR_TOKEN_REVOCATIONS', written(() => listOf('{"iss":"did:web:issuer.example","seq":2,"revoked":{"a":1,"a":1}}'))],
  ['without a count', 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good({ seq: undefined })))],
  ['with revocations in a list', 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good({ revoked: ['att_revoked'] })))],
  ['with a name that is none', 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good({ revoked: { '../x': 1 } })))],
  ['with a time that is none', 'ERR_TOKEN_REVOCATIONS', written(() => listOf(good({ revoked: { att_revoked: '1' } })))],
  ['too long', 'ERR_TOKEN_REVOCATIONS', written(() => ' '.repeat(LIMIT + 1))],
];

function replaced(text: string, part: number, by: string): string {
  return text.split('.').with(part, by.split('.')[part] ?? '').join('.');
}

for (const [what, code, damage] of damages) {
  test(`a list that is ${what} says nothing`, async (t) => {
    const { path, list, reader } = await newList(t);
    const token = issuer.sign(issuer.claims());
    const options = { issuers: both, revocations: reader };
    t.is((await verifyAttestation(token, options)).status, 'VALID');
    damage(path, t);
    const fresh = RevocationList.of(path, DID, both);
    for (const one of [list, reader, fresh]) {
      await rejectsError(t, () => one.isRevoked('att_1'), { instanceOf: TokenError, code });
      await rejectsError(t, () => one.revocations(), { instanceOf: TokenError, code });
      await rejectsError(t, () => one.text(), { instanceOf: TokenError, code });
      t.like(await verifyAttestation(token, { ...options, revocations: one }), { status: 'INVALID', code: 'REVOCATIONS', claims: null });
    }
    const found = code === 'ERR_TOKEN_IO' ? undefined : readFileSync(path);
    await rejectsError(t, () => list.revoke('att_2'), { instanceOf: TokenError, code });
    // Nor is it written over.
    if (found !== undefined) t.true(readFileSync(path).equals(found));
  });
}

test('a list that went back is refused by who has seen a later one', async (t) => {
  const { path, list, reader } = await newList(t);
  copyFileSync(path, `${path}.old`);
  await list.revoke('att_1');
  t.true(await reader.isRevoked('att_1'));
  copyFileSync(path, `${path}.new`);
  copyFileSync(`${path}.old`, path);
  const token = issuer.sign(issuer.claims());
  for (const one of [list, reader]) {
    const error = await rejectsError(t, () => one.isRevoked('att_1'), { instanceOf: TokenError, code: 'ERR_TOKEN_REVOCATIONS' });
    t.regex(error.message, /went back from 2 revocations to 1$/);
    t.like(await verifyAttestation(token, { issuers: issuer.registry, revocations: one }), { status: 'INVALID', code: 'REVOCATIONS' });
  }
  await rejectsError(t, () => list.revoke('att_2'), { instanceOf: TokenError, code: 'ERR_TOKEN_REVOCATIONS' });
  copyFileSync(`${path}.new`, path);
  t.is((await verifyAttestation(token, { issuers: issuer.registry, revocations: reader })).status, 'REVOKED');
});

test('a list that is full takes no more, and stays', async (t) => {
  const path = newPath(t, 'revoked');
  const nameOf = (n: number) => String(n).padStart(128, 'x');
  // Three bytes are four characters of base64url, and some hundred are left for header, signature and the rest.
  const count = Math.floor((LIMIT * 0.75 - 500) / `"${nameOf(0)}":1700000000,`.length);
  writeFileSync(path, listOf(good({ seq: count, revoked: Object.fromEntries(Array.from({ length: count }, (_, n) => [nameOf(n), 1_700_000_000])) })));
  const list = await RevocationList.forIssuer(path, issuer.pair);
  let more = count;
  const revokeUntilFull = async () => {
    for (; more < count + 5; more += 1) await list.revoke(nameOf(more));
  };
  await rejectsError(t, revokeUntilFull, { instanceOf: TokenError, code: 'ERR_TOKEN_REVOCATIONS' });
  t.is((await list.revocations()).length, more);
  t.deepEqual([await list.isRevoked(nameOf(0)), await list.isRevoked(nameOf(more))], [true, false]);
  t.true(statSync(path).size <= LIMIT);
});

test('who is no issuer makes no list, and who has no key adds to none', async (t) => {
  const { path, reader } = await newList(t);
  await rejectsError(t, () => reader.revoke('att_2'), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  await rejectsError(t, () => RevocationList.forIssuer(path, {} as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  throwsError(t, () => RevocationList.of(path, other.pair.did, issuer.registry), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  throwsError(t, () => RevocationList.of(path, DID, {} as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  throwsError(t, () => RevocationList.of('', DID, both), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  const found = readFileSync(path);
  await rejectsError(t, () => RevocationList.forIssuer(path, new TestIssuer().pair), { instanceOf: TokenError, code: 'ERR_TOKEN_REVOCATIONS' });
  t.deepEqual(readFileSync(path), found);
  await rejectsError(t, () => RevocationList.forIssuer(join(path, 'below'), issuer.pair), { instanceOf: TokenError, code: 'ERR_TOKEN_IO' });
});

test('a folder of tokens waits for no FIFO either', async (t) => {
  const path = newPath(t, 'att_1.jwt');
  renameSync(newFifo(t), path);
  const store = new TokenFolder(dirname(path));
  await rejectsError(t, () => store.get('att_1'), { instanceOf: TokenError, code: 'ERR_TOKEN_IO' });
});
