/*
 * sealwright tokens: the keys of an issuer of attestations, what it tells over HTTP, and what a token is worth.
 */

import type { AttestationVerification, IssuerKeyPair, VerifyAttestationOptions } from '../../tokens/index.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printFact, printFacts } from '../facts.js';
import { readText } from '../files.js';
import { type Output, paint } from '../output.js';
import { listenExits, listenOptions, untilEnded } from '../serving.js';
import { counted } from '../words.js';

/** What only these commands need, and none of the others waits for. */
const tokens = () => import('../../tokens/index.js');

const keyOption = { kind: 'text', flags: '--key', value: 'FILE', help: "the issuer's key, PEM; `tokens keygen` makes one" } as const;
const didOption = { kind: 'text', flags: '--did', value: 'DID', help: 'who issues, as in did:web:example.com' } as const;
const suffixOption = { kind: 'text', flags: '--suffix', value: 'NAME', help: "the key is DID#signing-key-NAME; without it, it is named by the key's thumbprint" } as const;

const previousOption = { kind: 'text', flags: '--previous-keys', value: 'FILE', help: 'the public keys that it signed with before, a JWKS: what they signed still holds' } as const;
const listOption = { kind: 'text', flags: '--revocations', value: 'FILE', help: 'the list; `tokens revocations --create` starts one' } as const;

export const tokensKeygen = command({
  name: 'tokens keygen',
  summary: 'make the key of an issuer of attestations',
  description: ['Makes a new key of ECDSA on P-256 in a PEM file of mode 0600, and prints what recipients look it up by. A file that is there is never replaced.'],
  arguments: [{ name: 'FILE', help: 'where the key is kept', required: true }],
  options: {
    did: didOption,
    suffix: suffixOption,
    jwks: { kind: 'flag', flags: '--jwks', help: 'print the public key alone, as a JWKS' },
  },
  examples: [{ line: 'tokens keygen new.pem --did did:web:example.com', help: 'a new key, and its public half' }],
  exits: { 2: 'no key was made: something is there, or it cannot be written' },
  async run({ out }, [file = ''], { did, suffix, jwks }) {
    const { IssuerKeyPair } = await tokens();
    const pair = IssuerKeyPair.generate({ did: didOf(did), suffix, keyContinuityPolicy: 'persistent' });
    await pair.save(file);
    if (jwks) out.json(pair.jwks());
    else {
      printFacts(out, [
        ['key file', `${file} (mode 0600, keep it secret)`],
        ['issuer', pair.did],
        ['kid', pair.kid],
        ['public key', JSON.stringify(pair.publicJwk)],
      ]);
    }
    return ExitCode.ok;
  },
});

export const tokensServe = command({
  name: 'tokens serve',
  summary: 'tell others the keys of an issuer, and what its tokens are worth',
  description: [
    'Answers GET requests: `/.well-known/jwks.json` with the keys, `/issuer` with what the issuer tells of itself, `/attestations/JTI` with what a token that is kept is worth now, `/badge/JTI.svg` and `/badge/JTI.json` with its badge, for pages and for Shields, and `/revocations` with the signed list. A badge says verified of a token that verifies, and of nothing else.',
    'It takes requests under the address that it listens on, `localhost`, and what --allow-host names; where it listens on a network, put a server with TLS before it.',
  ],
  arguments: [],
  options: {
    key: keyOption,
    did: didOption,
    suffix: suffixOption,
    previousKeys: previousOption,
    tokens: { kind: 'text', flags: '--tokens', value: 'DIR', help: 'the folder of the tokens that were issued; without it none is known' },
    revocations: { ...listOption, help: 'the list of those that were revoked; `tokens revocations --create` starts one' },
    ...listenOptions,
  },
  examples: [
    {
      line: 'tokens serve --key issuer.pem --did did:web:example.com --tokens tokens --revocations revoked.jwt',
      help: 'an issuer, for programs of this machine',
      until: 'listening',
      exit: ExitCode.interrupted,
    },
  ],
  exits: { ...listenExits, 2: 'it cannot listen, or the key or the list cannot be read' },
  async run(context, _words, { tokens: folder, revocations, port, host, allowHost, ...named }) {
    const { RevocationList, serveTokens, TokenFolder } = await tokens();
    const issuer = await issuerOf(named);
    const list = revocations === undefined ? undefined : await RevocationList.forIssuer(revocations, issuer);
    const store = folder === undefined ? undefined : new TokenFolder(folder);
    const onError = (error: unknown) => context.err.line('sealwright: ', (error as Error).message);
    await using server = await serveTokens({ issuer, store, revocations: list, port, host, hosts: allowHost, onError });
    printFact(context.out, 'issuer', issuer.did);
    printFact(context.out, 'kid', issuer.kid);
    printFact(context.out, 'listening', server.url);
    // Before the server is closed.
    return await untilEnded(context);
  },
});

export const tokensRevoke = command({
  name: 'tokens revoke',
  summary: 'revoke a token, for ever',
  description: ['Adds JTI to the signed list of revocations. Whoever verifies with that list knows of it at once.'],
  arguments: [{ name: 'JTI', help: 'the name of the token', required: true }],
  options: {
    key: keyOption,
    did: didOption,
    suffix: suffixOption,
    previousKeys: previousOption,
    revocations: listOption,
  },
  examples: [{ line: 'tokens revoke att_0123456789ab --key issuer.pem --did did:web:example.com --revocations revoked.jwt', help: 'a token that must not hold any more' }],
  exits: { 2: 'nothing was revoked: the key or the list cannot be read, or the list cannot be written' },
  async run({ out }, [jti = ''], { revocations, ...named }) {
    if (revocations === undefined) throw new UsageError('which list? --revocations FILE');
    const { RevocationList } = await tokens();
    const list = await RevocationList.forIssuer(revocations, await issuerOf(named));
    await list.revoke(jti);
    printFacts(out, [['revoked', jti], ['list', revocations]]);
    return ExitCode.ok;
  },
});

export const tokensRevocations = command({
  name: 'tokens revocations',
  summary: 'list the tokens that were revoked, or start that list',
  description: [
    'Prints when each token was revoked, by the signed list in FILE. With --create it starts that list, empty: once, before the first token. A list that is lost is taken from a copy and not started again, since what it revoked would hold again.',
  ],
  arguments: [{ name: 'FILE', help: 'the list', required: true }],
  options: {
    create: { kind: 'flag', flags: '--create', help: 'start a new list; a file that is there is never replaced' },
    key: keyOption,
    did: didOption,
    suffix: suffixOption,
    previousKeys: previousOption,
  },
  examples: [
    { line: 'tokens revocations new.jwt --create --key issuer.pem --did did:web:example.com', help: 'a new list' },
    { line: 'tokens revocations revoked.jwt --key issuer.pem --did did:web:example.com', help: 'what is on a list' },
  ],
  exits: { 2: 'the list or the key cannot be read, or with --create, a file is there or cannot be written' },
  async run({ out }, [file = ''], { create, ...named }) {
    const { RevocationList } = await tokens();
    const issuer = await issuerOf(named);
    const list = create ? await RevocationList.create(file, issuer) : await RevocationList.forIssuer(file, issuer);
    const revocations = await list.revocations();
    for (const { jti, revokedAt } of revocations) out.line(revokedAt.toISOString(), '  ', jti);
    if (revocations.length > 0) out.line();
    printFacts(out, [['revoked', counted(revocations.length, 'token')], ['list', file], ['issuer', list.did]]);
    return ExitCode.ok;
  },
});

export const tokensVerify = command({
  name: 'tokens verify',
  summary: 'check what a token is worth',
  description: [
    'Checks the token in FILE: signed by an issuer that is named here, not expired, not revoked, and about what is asked. The keys of the issuer are those of --jwks; those of a did:key or did:jwk are in its name, and those of a did:web are asked for only with --web.',
  ],
  arguments: [{ name: 'FILE', help: 'a file with the token, a compact JWS', required: true }],
  options: {
    issuer: { kind: 'many', flags: '--issuer', value: 'DID', help: 'who is trusted to have issued it; may be given several times' },
    jwks: { kind: 'text', flags: '--jwks', value: 'FILE', help: 'the keys of the issuers, a JWKS' },
    web: { kind: 'flag', flags: '--web', help: 'ask the host of a did:web for its keys, over HTTPS' },
    query: { kind: 'text', flags: '--query', value: 'TEXT', help: 'the query that it has to be about' },
    revocations: { kind: 'text', flags: '--revocations', value: 'FILE', help: 'the list of revocations of the one issuer; needs --jwks' },
    requireLowS: { kind: 'flag', flags: '--require-low-s', help: 'take no signature with the greater s' },
    json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/token.schema.json' },
  },
  examples: [
    { line: 'tokens verify token.jwt --issuer did:web:example.com --jwks issuer.jwks', help: 'by keys that are at hand' },
    { line: 'tokens verify token.jwt --issuer did:web:other.example --jwks issuer.jwks', help: 'not by whom it should be', exit: 1 },
    { line: 'tokens verify token.jwt', help: 'nobody is trusted without --issuer', exit: 3 },
  ],
  exits: { 0: 'it is valid', 1: 'it is not: expired, revoked, or invalid', 2: 'it could not be checked: it is no token, or the issuer or the list of revocations cannot be read', 3: 'no --issuer was given: nothing says whose word it is' },
  async run({ out, err }, [file = ''], { issuer, jwks, web, query, revocations, requireLowS, json }) {
    if (issuer.length === 0) {
      err.line('sealwright: nothing was checked: name whom you trust with --issuer');
      return ExitCode.limited;
    }
    const { didResolver, verifyAttestation } = await tokens();
    const trust = jwks === undefined ? { trustedIssuers: issuer, resolver: didResolver({ web }) } : await trustOf(issuer, parsed(await readText(jwks), '--jwks'), revocations);
    const verification = await verifyAttestation((await readText(file)).trimEnd(), { ...trust, query, requireLowS });
    if (json) out.json({ schemaVersion: 1, file, ...verification });
    else print(out, file, verification);
    return verification.status === 'VALID' ? ExitCode.ok : isUndecided(verification) ? ExitCode.failed : ExitCode.broken;
  },
});

/** Nothing is said of a token that is none, or where what has to be asked does not answer. */
function isUndecided({ code }: AttestationVerification): boolean {
  return code === 'MALFORMED' || code === 'ISSUER_UNRESOLVED' || code === 'REVOCATIONS';
}

async function trustOf(issuers: readonly string[], jwks: unknown, revocations: string | undefined): Promise<VerifyAttestationOptions> {
  const { IssuerRegistry, RevocationList } = await tokens();
  const registry = IssuerRegistry.of(issuers, jwks as never);
  if (revocations === undefined) return { issuers: registry };
  const [did = '', ...more] = issuers;
  if (more.length > 0) throw new UsageError('a list of revocations is of one issuer: name one with --issuer');
  return { issuers: registry, revocations: RevocationList.of(revocations, did, registry) };
}

function parsed(text: string, flag: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${flag} is no JSON`);
  }
}

function didOf(did: string | undefined): string {
  if (did === undefined) throw new UsageError('who issues? --did DID');
  return did;
}

/** The options that name the key of an issuer. */
interface NamedIssuer {
  readonly key: string | undefined;
  readonly did: string | undefined;
  readonly suffix: string | undefined;
  readonly previousKeys: string | undefined;
}

async function issuerOf({ key, did, suffix, previousKeys: file }: NamedIssuer): Promise<IssuerKeyPair> {
  if (key === undefined) throw new UsageError('which key? --key FILE; `sealwright tokens keygen` makes one');
  const previousKeys = file === undefined ? undefined : (parsed(await readText(file), '--previous-keys') as never);
  const { IssuerKeyPair } = await tokens();
  return IssuerKeyPair.load(key, { did: didOf(did), suffix, previousKeys });
}

function print(out: Output, file: string, { status, claims, error, code, signingInputHash }: AttestationVerification): void {
  const [mark, word] = status === 'VALID' ? (['good', 'valid'] as const) : (['bad', status.toLowerCase()] as const);
  out.line(paint('bold', file), ': ', paint(mark, word), error === null ? '' : `: ${error}`);
  out.line();
  const facts: (readonly [string, string | undefined])[] = [
    ['code', code ?? undefined],
    ['issuer', claims?.iss],
    ['jti', claims?.jti],
    ['says', claims === null ? undefined : 'result' in claims.qwed ? `${claims.qwed.result.status} by ${claims.qwed.result.engine}` : claims.qwed.verdict],
    ['admission', claims?.qwed.admission],
    ['issued', claims === null ? undefined : new Date(claims.iat * 1000).toISOString()],
    ['expires', claims === null ? undefined : new Date(claims.exp * 1000).toISOString()],
    ['signed', signingInputHash ?? undefined],
  ];
  printFacts(out, facts.flatMap(([label, text]) => (text === undefined ? [] : [[label, text] as const])));
}
