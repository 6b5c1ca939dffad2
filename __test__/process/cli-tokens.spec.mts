// `sealwright tokens`: keys, lists and tokens by the shell, and exit codes that tell "it is not valid" from "nobody knows".

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { IssuerKeyPair } from 'sealwright/tokens';
import { checkedJson } from '../helpers/schemas.mts';
import { TestIssuer, withOtherS } from '../tokens/helpers/tokens.mts';
import { type CliEnd, cliOutput, runCli, RunningCli } from './helpers/cli.mts';
import { exampleFolder } from './helpers/example.mts';

const DID = 'did:web:example.com';
const KEY = ['--key', 'issuer.pem', '--did', DID] as const;
const TRUST = ['--issuer', DID, '--jwks', 'issuer.jwks'] as const;

/** The issuer of an example folder, its key in the hands of the test. */
function issuerIn(folder: string): TestIssuer {
  return new TestIssuer(DID, readFileSync(join(folder, 'issuer.pem'), 'utf8'));
}

async function fails(t: ExecutionContext, cwd: string, words: readonly string[], code: number, stderr: RegExp): Promise<CliEnd> {
  const end = await runCli(t, ['tokens', ...words], { cwd });
  t.is(end.code, code, `${words.join(' ')}\n${end.stdout}${end.stderr}`);
  t.regex(end.stderr, stderr);
  return end;
}

test('a key is made once, and its public half is printed', async (t) => {
  const cwd = await exampleFolder(t);
  const printed = await cliOutput(t, ['tokens', 'keygen', 'new.pem', '--did', DID, '--suffix', '2026', '--jwks'], { cwd });
  const { keys } = JSON.parse(printed) as { keys: { kid: string }[] };
  t.deepEqual(keys, [IssuerKeyPair.load(join(cwd, 'new.pem'), { did: DID, suffix: '2026' }).publicJwk]);
  t.is(keys[0]?.kid, `${DID}#signing-key-2026`);
  t.is(statSync(join(cwd, 'new.pem')).mode & 0o777, 0o600);
  const found = readFileSync(join(cwd, 'new.pem'));
  await fails(t, cwd, ['keygen', 'new.pem', '--did', DID], 2, /ERR_TOKEN_KEY/);
  t.deepEqual(readFileSync(join(cwd, 'new.pem')), found);
  await fails(t, cwd, ['keygen', 'other.pem'], 2, /--did DID/);
  await fails(t, cwd, ['keygen', 'other.pem', '--did', 'example.com'], 2, /must be a DID/);
  t.false(existsSync(join(cwd, 'other.pem')));
});

test('what a token is worth is an exit code', async (t) => {
  const cwd = await exampleFolder(t);
  const issuer = issuerIn(cwd);
  const token = readFileSync(join(cwd, 'token.jwt'), 'utf8').trimEnd();
  const keep = (name: string, text: string | Uint8Array) => {
    writeFileSync(join(cwd, name), text);
    return name;
  };
  const did = `did:jwk:${Buffer.from(JSON.stringify(issuer.pair.publicJwk)).toString('base64url')}`;
  const own = keep('own.jwt', issuer.sign(issuer.claims({ iss: did }), { kid: `${did}#0` }));
  const verdicts: readonly (readonly [words: readonly string[], code: number, said: string])[] = [
    [['token.jwt', ...TRUST], 0, 'VALID'],
    [['token.jwt', ...TRUST, '--query', '2+2=4'], 0, 'VALID'],
    [[keep('twin.jwt', withOtherS(token)), ...TRUST], 0, 'VALID'],
    [[own, '--issuer', did], 0, 'VALID'],
    [['token.jwt', ...TRUST, '--query', '2+2=5'], 1, 'QUERY'],
    [['twin.jwt', ...TRUST, '--require-low-s'], 1, 'HIGH_S'],
    [['token.jwt', '--issuer', 'did:web:other.example', '--jwks', 'issuer.jwks'], 1, 'ISSUER_UNTRUSTED'],
    [[keep('late.jwt', issuer.sign(issuer.claims({ iat: 1, exp: 2 }))), ...TRUST], 1, 'EXPIRED'],
    [[keep('forged.jwt', new TestIssuer(DID).sign(issuer.claims(), { kid: issuer.pair.kid })), ...TRUST], 1, 'SIGNATURE'],
    [[keep('none.jwt', issuer.sign(issuer.claims(), { alg: 'none' })), ...TRUST], 1, 'ALGORITHM'],
    // Nobody has looked.
    [[keep('text.jwt', 'no token'), ...TRUST], 2, 'MALFORMED'],
    [['token.jwt', '--issuer', DID], 2, 'ISSUER_UNRESOLVED'],
    [['token.jwt', ...TRUST, '--revocations', 'missing'], 2, 'REVOCATIONS'],
    [['token.jwt', ...TRUST, '--revocations', 'token.jwt'], 2, 'REVOCATIONS'],
  ];
  for (const [words, code, said] of verdicts) {
    const printed = checkedJson<{ status: string; code: string | null; claims: unknown }>(t, await cliOutput(t, ['tokens', 'verify', ...words, '--json'], { cwd, code }), 'token');
    t.is(printed.code ?? printed.status, said, words.join(' '));
    if (code === 2) t.is(printed.claims, null);
  }
  t.regex(await cliOutput(t, ['tokens', 'verify', 'token.jwt', ...TRUST], { cwd }), /^token\.jwt: valid\n\n +issuer +did:web:example\.com\n +jti +att_\w+\n +says +VERIFIED by math\n/);
  t.regex(await cliOutput(t, ['tokens', 'verify', 'late.jwt', ...TRUST], { cwd, code: 1 }), /^late\.jwt: expired: .+\n\n +code +EXPIRED\n/);
});

test('who asks wrongly is told what is missing', async (t) => {
  const cwd = await exampleFolder(t);
  await fails(t, cwd, ['verify', 'token.jwt'], 3, /nothing was checked: name whom you trust with --issuer/);
  await fails(t, cwd, ['verify', 'missing', ...TRUST], 2, /ENOENT/);
  await fails(t, cwd, ['verify', 'token.jwt', '--issuer', DID, '--jwks', 'token.jwt'], 2, /--jwks is no JSON/);
  await fails(t, cwd, ['verify', 'token.jwt', '--issuer', DID, '--issuer', 'did:web:b', '--jwks', 'issuer.jwks', '--revocations', 'x'], 2, /list of revocations is of one issuer/);
  await fails(t, cwd, ['revoke', 'att_1', ...KEY], 2, /--revocations FILE/);
  await fails(t, cwd, ['revoke', 'att_1', '--revocations', 'x'], 2, /--key FILE/);
  await fails(t, cwd, ['revocations', 'x', '--create', '--key', 'issuer.pem'], 2, /--did DID/);
  await fails(t, cwd, ['serve', ...KEY, '--previous-keys', 'token.jwt'], 2, /--previous-keys is no JSON/);
});

test('a list is started once; what is revoked is listed, and not valid any more', async (t) => {
  const cwd = await exampleFolder(t);
  const { jti = '' } = JSON.parse(Buffer.from(readFileSync(join(cwd, 'token.jwt'), 'latin1').split('.')[1] ?? '', 'base64url').toString()) as { jti?: string };
  const LIST = ['--revocations', 'list.jwt'] as const;
  const verify = (code: number) => cliOutput(t, ['tokens', 'verify', 'token.jwt', ...TRUST, ...LIST], { cwd, code });
  const before = readdirSync(cwd).toSorted();
  for (const words of [['revoke', jti, ...LIST], ['revocations', 'list.jwt'], ['serve', ...LIST]]) await fails(t, cwd, [...words, ...KEY], 2, /list\.jwt.*ERR_TOKEN_IO/);
  t.deepEqual(readdirSync(cwd).toSorted(), before);
  t.is(await cliOutput(t, ['tokens', 'revocations', 'list.jwt', '--create', ...KEY], { cwd }), `  revoked     0 tokens\n  list        list.jwt\n  issuer      ${DID}\n`);
  t.regex(await verify(0), /: valid\n/);
  t.regex(await cliOutput(t, ['tokens', 'revoke', jti, ...LIST, ...KEY], { cwd }), new RegExp(`^ +revoked +${jti}\n`));
  t.regex(await verify(1), /: revoked/);
  t.regex(await cliOutput(t, ['tokens', 'revocations', 'list.jwt', ...KEY], { cwd }), new RegExp(`^[-0-9T:]+\\.000Z  ${jti}\n\n +revoked +1 token\n`));
  await fails(t, cwd, ['revocations', 'list.jwt', '--create', ...KEY], 2, /ERR_TOKEN_REVOCATIONS/);
  t.regex(await verify(1), /: revoked/);
  // By the next key, which has to say which one was before it.
  await cliOutput(t, ['tokens', 'keygen', 'next.pem', '--did', DID], { cwd });
  const NEXT = ['--key', 'next.pem', '--did', DID] as const;
  await fails(t, cwd, ['revoke', 'att_2', ...LIST, ...NEXT], 2, /ERR_TOKEN_REVOCATIONS/);
  await cliOutput(t, ['tokens', 'revoke', 'att_2', ...LIST, ...NEXT, '--previous-keys', 'issuer.jwks'], { cwd });
  t.regex(await cliOutput(t, ['tokens', 'revocations', 'list.jwt', ...NEXT], { cwd }), /revoked +2 tokens\n/);
  rmSync(join(cwd, 'list.jwt'));
  await verify(2);
});

test('an issuer answers until it is interrupted', async (t) => {
  const cwd = await exampleFolder(t);
  const token = readFileSync(join(cwd, 'token.jwt'), 'latin1');
  const { jti = '' } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti?: string };
  mkdirSync(join(cwd, 'tokens'), { mode: 0o700 });
  writeFileSync(join(cwd, 'tokens', `${jti}.jwt`), token);
  await cliOutput(t, ['tokens', 'keygen', 'next.pem', '--did', DID], { cwd });
  const words = ['tokens', 'serve', '--key', 'next.pem', '--did', DID, '--previous-keys', 'issuer.jwks', '--tokens', 'tokens', '--revocations', 'revoked.jwt', '--port', '0'];
  const running = new RunningCli(t, words, { cwd });
  await running.printed(/listening +(\S+)/);
  const [, url = ''] = /listening +(\S+)/.exec(running.stdout) ?? [];
  const badge = async () => ((await (await fetch(`${url}/badge/${jti}.json`)).json()) as { message: string }).message;
  t.is(((await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: object[] }).keys.length, 2);
  t.is(await badge(), 'verified');
  await cliOutput(t, ['tokens', 'revoke', jti, '--revocations', 'revoked.jwt', ...KEY], { cwd });
  t.is(await badge(), 'revoked');
  running.interrupt();
  const { code, stderr } = await running.end;
  t.deepEqual([code, stderr], [130, '']);
  await t.throwsAsync(fetch(url));
});
