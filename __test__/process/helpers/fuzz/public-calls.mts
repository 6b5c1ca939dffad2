// A good call of everything that the package exports, by entry point.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sealwright from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import * as evidence from 'sealwright/evidence';
import * as proofs from 'sealwright/proofs';
import * as tokens from 'sealwright/tokens';
import { chainOf, DIGEST, ended, key1, key2, seed1, seed2, START, textOf } from '../../../helpers/ledgers.mts';
import { piecesOf } from '../../../helpers/pieces.mts';
import { projectRoot } from '../../../helpers/project.mts';
import { RecordingSigner } from '../../../helpers/signers.mts';
import { MapHeadStore } from '../../../helpers/stores.mts';
import { DID, TestIssuer } from '../../../tokens/helpers/tokens.mts';
import { anchor, event, listed, proofOf, publicKey, vectors, window } from './attesto-values.mts';
import { chain, type Ground, on, type Recipe, vector } from './ground.mts';
import { history, newer, older, other, plainPolicy, policy, proofText, tiny, vkeys, witnessAnswer } from './proof-values.mts';

type Recipes = Readonly<Record<string, Recipe>>;

const { MemoryHeadStore, FileHeadStore, SignedEvent } = sealwright;
const signers = [key1.publicKeyHex];
const [first] = chain;
const line = first!.toLine();
const place = { event: ended('x'), seq: 0, parentHash: sealwright.GENESIS_PARENT_HASH, timestampNanos: START };
const head = { seq: 4, hash: chain[4]!.selfHash };
const { signal } = new AbortController();
const progress = () => undefined;
const subject = { name: 'ledger', files: [] };
const origin = 'example.com/ledger';
const checks = { signers, expectedHead: head, signatures: 'all', events: 'core', spelling: 'any', maxLineBytes: 1 << 20 };
/** Of these checks. */
const report = sealwright.verifyChain(chain, checks as sealwright.VerifyChecks);
const startAfter = { seq: 0, hash: first!.selfHash };

const opening = (ground: Ground) => ({
  keypair: key1,
  ledgerPath: ground.path('ledger.ndjson'),
  sessionId: 's',
  events: 'extended',
  headStore: { store: new MapHeadStore(), wait: true },
  verifyOnOpen: 'all',
  tornTail: 'quarantine',
  rotate: { maxEvents: 2, maxBytes: 9999, maxAgeMs: 99_999 },
  heartbeatMs: 60_000,
  checkpoint: { origin, everyEvents: 1, sinks: [{ file: ground.path('checkpoint') }, progress] },
  lockTimeoutMs: 0,
  maxQueueBytes: 1 << 20,
});

/** One that asks a script for every signature. */
const signedBy = (ground: Ground) => ({
  signer: new RecordingSigner(seed1),
  signTimeoutMs: 500,
  ledgerPath: ground.path('ledger.ndjson'),
  sessionId: 's',
});

const kinds: Readonly<Record<string, object>> = {
  sessionStarted: { agentId: 'a', modelId: 'm', sessionId: 's' },
  utteranceCaptured: { audioSha256: DIGEST, transcript: 't', lang: 'en', durationMs: 1n },
  toolCalled: { toolName: 't', argsSha256: DIGEST, argsRedacted: { a: [1, sealwright.float(2)] } },
  toolReturned: { toolName: 't', resultSha256: DIGEST, latencyMs: 1, success: true },
  modelInvoked: { modelId: 'm', promptSha256: DIGEST, responseSha256: DIGEST, promptTokens: 1, responseTokens: 2n },
  utteranceSpoken: { textSha256: DIGEST, text: 't', audioSha256: '' },
  sessionEnded: { reason: 'r', summarySha256: '' },
  custom: { name: 'com.example.a', data: { a: null } },
  payloadErased: { commitment: DIGEST, reason: 'r' },
  tokenIssued: { jti: 'j', issuer: DID, status: 'VERIFIED', signingInputSha256: DIGEST },
};

const main: Recipes = {
  canonicalJson: () => [{ a: [1, 'b', null], c: { d: sealwright.float(1) } }],
  canonicalSha256: () => [{ a: [1, 'b', null] }],
  sha256Hex: () => [Buffer.from('data')],
  decompress: () => [piecesOf(vector(projectRoot, 'compressed', 'gzip-of-a-file.gz'), 100), { maxBytes: 1e6, onFormat: progress, signal }],
  doctor: (ground) => [{ keyPath: ground.file(seed1, 'key'), ledgerPath: ground.ledger(), headStorePath: ground.path('heads') }],
  'new ChainError': () => ['ERR_INTERNAL', 'text', { cause: 1 }],
  'ChainError.is': () => [new Error('x')],
  'new KeyLoadError': () => ['ERR_INTERNAL', 'text', { cause: 1 }],
  'KeyLoadError.is': () => [new Error('x')],
  'new LedgerError': () => ['ERR_INTERNAL', 'text', { cause: 1 }],
  'LedgerError.is': () => [new Error('x')],
  'new ProofError': () => ['ERR_INTERNAL', 'text', { cause: 1 }],
  'ProofError.is': () => [new Error('x')],
  'new SealwrightError': () => ['ERR_INTERNAL', 'text', { cause: 1 }],
  'SealwrightError.is': () => [new Error('x')],
  'new SelfTestError': () => ['ERR_INTERNAL', 'text', { cause: 1 }],
  'SelfTestError.is': () => [new Error('x')],
  'new SigningError': () => ['ERR_INTERNAL', 'text', { cause: 1 }],
  'SigningError.is': () => [new Error('x')],
  'new TokenError': () => ['ERR_INTERNAL', 'text', { cause: 1 }],
  'TokenError.is': () => [new Error('x')],
  'new SealwrightRangeError': () => ['ERR_INTERNAL', 'text', 'path'],
  'new SealwrightTypeError': () => ['ERR_INTERNAL', 'text', 'path'],
  ...Object.fromEntries(Object.entries(kinds).map(([kind, fields]): [string, Recipe] => [`events.${kind}`, () => [fields]])),
  'events.parse': () => [String(ended('x'))],
  'events.fromJSON': () => [{ type: 'SessionEnded', payload: { reason: 'r', summary_sha256: '' } }],
  'LedgerEvent#type': () => on(ended('x')),
  'LedgerEvent#payload': () => on(ended('x')),
  'LedgerEvent#toString': () => on(ended('x')),
  'LedgerEvent#toJSON': () => on(ended('x')),
  'LedgerEvent#[custom]': () => on(ended('x')),
  'new LedgerEvent': null,
  'new Float': null,
  'Float#valueOf': () => on(sealwright.float(1)),
  'Float#toString': () => on(sealwright.float(1)),
  'new SocketSigner': null,
  'SocketSigner#path': (ground) => on(sealwright.socketSigner(ground.path('socket'))),
  exportLedger: (ground) => [ground.ledger(), ground.path('out'), { signers, expectedHead: head, signal, onProgress: progress }],
  float: () => [1.5],
  followEvents: (ground) => [ground.ledger(), { from: 1, signers, pollMs: 10, signal }],
  'new FileHeadStore': (ground) => [ground.path('heads')],
  'FileHeadStore#get': (ground) => on(new FileHeadStore(ground.path('heads')), 'a'),
  'FileHeadStore#set': (ground) => on(new FileHeadStore(ground.path('heads')), 'a', head),
  'FileHeadStore#reset': (ground) => on(new FileHeadStore(ground.path('heads')), 'a', head),
  'new MemoryHeadStore': () => [],
  'MemoryHeadStore#get': () => on(new MemoryHeadStore(), 'a'),
  'MemoryHeadStore#set': () => on(new MemoryHeadStore(), 'a', head),
  'MemoryHeadStore#reset': () => on(new MemoryHeadStore(), 'a', head),
  importLedger: (ground) => [ground.ledger(), { signers, expectedHead: head, expectedFirst: first!.selfHash, to: ground.path('copy'), headStore: new MapHeadStore(), signal }],
  'new SigningKeypair': null,
  'SigningKeypair.loadOrCreate': (ground) => [ground.path('key'), { create: true, allowInsecurePermissions: true }],
  'SigningKeypair.load': (ground) => [ground.file(seed1), { allowInsecurePermissions: true }],
  'SigningKeypair.generate': () => [],
  'SigningKeypair.fromSeed': () => [seed1],
  'SigningKeypair#save': (ground) => on(key1, ground.path('key')),
  'SigningKeypair#toJSON': () => on(key1),
  'SigningKeypair#[custom]': () => on(key1),
  keepHead: (ground) => [ground.ledger(), new MapHeadStore(), head],
  readHeadFile: (ground) => [ground.file(JSON.stringify(head)), ground.ledger()],
  readEvents: (ground) => [ground.ledger(), { from: 0, to: 3, since: START, until: new Date(2e12), kinds: ['SessionEnded'], maxLineBytes: 9999, index: true, signal }],
  discardQuarantined: (ground) => [ground.ledger()],
  inspectTail: (ground) => [ground.ledger(`${line}\n${line.slice(9)}`)],
  recoverLedger: (ground) => [ground.ledger(`${line}\n${line.slice(9)}`)],
  'new ChainReport': () => [report.toJSON()],
  'ChainReport#toJSON': () => on(report),
  'new SegmentsReport': (ground) => [sealwright.verifySegmentsSync(ground.ledger()).toJSON()],
  'SegmentsReport#toJSON': (ground) => on(sealwright.verifySegmentsSync(ground.ledger())),
  'new Session': null,
  'Session.open': (ground) => [opening(ground)],
  'Session.openSync': (ground) => [{ ...opening(ground), headStore: new FileHeadStore(ground.path('heads')) }],
  'Session.restore': async (ground) => {
    const headStore = Object.assign(new MapHeadStore(), { reset: progress });
    const session = await ground.session({ headStore });
    await session.record(ended('x'));
    await session.record(ended('y'));
    await session.close();
    const [earlier = ''] = readFileSync(ground.path('ledger.ndjson'), 'utf8').split('\n', 1);
    ground.file(`${earlier}\n`, 'ledger.ndjson');
    return [{ keypair: key1, ledgerPath: ground.path('ledger.ndjson'), sessionId: 's', events: 'extended', headStore, reason: 'r' }];
  },
  'Session#record': async (ground) => on(await ground.session(signedSession(ground)), ended('x'), { signal }),
  'Session#recordSync': async (ground) => on(await ground.session(), { type: 'SessionEnded', payload: { reason: 'r', summary_sha256: '' } }),
  'Session#recordMany': async (ground) => on(await ground.session({ headStore: new MapHeadStore() }), [ended('x'), ended('y')], { signal }),
  'Session#ready': async (ground) => on(await ground.session()),
  'Session#rotateKey': async (ground) => on(await ground.session(), new RecordingSigner(seed2), { signTimeoutMs: 500 }),
  'Session#rotateKeySync': async (ground) => on(await ground.session(), key2, {}),
  'Session#checkpoint': async (ground) => {
    const session = await ground.session();
    await session.record(ended('x'));
    return on(session, { origin, keypair: key1 });
  },
  'Session#prune': async (ground) => on(await ground.segments(), { before: 3, keep: 1 }),
  'Session#findPrunable': async (ground) => on(await ground.segments(), { before: new Date(2e12), keep: 1 }),
  'Session#publicKeyHex': async (ground) => on(await ground.session()),
  'Session#head': async (ground) => on(await ground.session()),
  'Session#recovery': async (ground) => on(await ground.session()),
  'Session#headStoreError': async (ground) => on(await ground.session()),
  'Session#rotateError': async (ground) => on(await ground.session()),
  'Session#heartbeatError': async (ground) => on(await ground.session()),
  'Session#checkpointError': async (ground) => on(await ground.session()),
  'Session#end': async (ground) => on(await ground.session()),
  'Session#endSync': async (ground) => on(await ground.session()),
  'Session#close': async (ground) => on(await ground.session()),
  'Session#closeSync': async (ground) => on(await ground.session()),
  'Session#[asyncDispose]': async (ground) => on(await ground.session()),
  'Session#[dispose]': async (ground) => on(await ground.session()),
  computeSelfHash: () => [place],
  'new SignedEvent': null,
  'SignedEvent.parse': () => [line],
  'SignedEvent#seq': () => on(SignedEvent.parse(line)),
  'SignedEvent#timestampNanos': () => on(SignedEvent.parse(line)),
  'SignedEvent#event': () => on(SignedEvent.parse(line)),
  'SignedEvent#parentHash': () => on(SignedEvent.parse(line)),
  'SignedEvent#selfHash': () => on(SignedEvent.parse(line)),
  'SignedEvent#signature': () => on(SignedEvent.parse(line)),
  'SignedEvent#signerPubkey': () => on(SignedEvent.parse(line)),
  'SignedEvent#toLine': () => on(SignedEvent.parse(line)),
  'SignedEvent#toJSON': () => on(SignedEvent.parse(line)),
  'SignedEvent#[custom]': () => on(SignedEvent.parse(line)),
  signEvent: () => [{ ...place, keypair: key1 }],
  socketSigner: (ground) => [ground.path('socket')],
  publicKeyFingerprint: () => [key1.publicKeyHex],
  checkVerification: () => [sealwright.signVerification({ report, subject, options: checks as sealwright.VerifyChecks, keypair: key1 }), { signers }],
  signVerification: () => [{ report, subject, options: checks, keypair: key1 }],
  subjectOf: async (ground) => {
    const path = ground.ledger();
    return [path, await sealwright.verifyFile(path), { signal }];
  },
  ledgerStats: (ground) => [ground.ledger(), { maxNames: 3, onProgress: progress, signal }],
  verifyChain: () => [[...chain.slice(0, 2), ...chain.slice(2).map((signed) => signed.toLine())], checks],
  verifyFile: (ground) => [ground.ledger(), { ...checks, onProgress: progress, signal, state: ground.path('state'), stateKey: key1, full: false }],
  verifyFileSync: (ground) => [ground.ledger(), { ...checks, state: ground.path('state'), stateKey: key1, full: false }],
  verifySegments: (ground) => [[ground.ledger()], { ...checks, onProgress: progress, signal }],
  verifySegmentsSync: (ground) => [[ground.ledger()], checks],
  verifyStream: () => [piecesOf(Buffer.from(textOf(chain.slice(1))), 100), { signers, startAfter, signal }],
};

/** A script signs, and a store of the caller's is told. */
function signedSession(ground: Ground): Partial<sealwright.SessionOptions> {
  return { ...signedBy(ground), keypair: undefined, headStore: new MapHeadStore() };
}

const witness = (ground: Ground) => ground.held(new proofs.Witness({ state: ground.path('witness'), keypair: key1, name: 'w.example', logs: [vkeys.log] }));

/** A witness of any request. */
const answering = () => Promise.resolve(new Response(witnessAnswer, { headers: { 'content-type': 'text/plain' } }));
const stamp = (name: string) => new Uint8Array(vector(projectRoot, 'timestamps', name));
const stamped = vector(projectRoot, 'timestamps', 'checkpoint.txt').toString();
const roots = vector(projectRoot, 'timestamps', 'authority.pem').toString();

const ofProofs: Recipes = {
  commit: () => [{ a: 1 }, { domain: 'domain' }],
  verifyCommitment: () => {
    const { commitment, salt } = proofs.commit({ a: 1 }, { domain: 'domain' });
    return [commitment, { value: { a: 1 }, salt, domain: 'domain' }];
  },
  exportTiles: async (ground) => {
    const { ledger, newer: checkpoint } = await ground.checkpoints();
    return [ledger, ground.path('tiles'), { checkpoint, signal }];
  },
  makeForkEvidence: () => [{ one: history.checkpoint(5), other: other.checkpoint(9), proof: other.prove(5, 9), root: history.root(5), policy: plainPolicy }],
  verifyForkEvidence: () => [proofs.makeForkEvidence({ one: history.checkpoint(6), other: other.checkpoint(6), policy: plainPolicy }), { policy: plainPolicy }],
  verifyAnchorOnchain: () => [
    {
      anchor,
      rpcUrl: 'http://127.0.0.1:9/',
      contract: anchor.payload.contract_address,
      chainId: 137,
      confirmations: 1,
      fetch: () => Promise.resolve(new Response('{"jsonrpc":"2.0","id":1,"result":"0x89"}')),
      timeoutMs: 200,
    },
  ],
  canonicalCommitmentJson: () => [{ a: [1, new Date(0)] }, { preflight: true, path: 'payload' }],
  domainHash: () => ['domain', { a: 1 }],
  metadataCommitment: () => [{ a: 1 }, { preflight: true, path: 'metadata' }],
  payloadCommitment: () => [{ a: 1 }, { preflight: true, path: 'payload' }],
  verifyMetadataCommitment: () => [event.metadata, event.envelope],
  verifyPayloadCommitment: () => [event.payload, event.envelope],
  advanceStreamHead: () => [event.receipt, { publicKey, store: new MapHeadStore(), between: [listed] }],
  verifyReceipt: () => [event.receipt, { publicKey }],
  verifyReceiptFile: () => [vectors.receipt_export, { publicKey, event: listed }],
  verifyCheckpointExtension: () => [{}, {}],
  verifyCheckpointRoot: () => [vectors.checkpoint_roots[0]!.window_hashes, vectors.checkpoint_roots[0]!.root, { windowCount: 1 }],
  verifyCompleteness: () => [vectors.stream.slice(0, 2), { fromSeqNo: 1, toSeqNo: 2, prevEventHash: DIGEST, lastEventHash: DIGEST, allowHashesOnly: true }],
  verifyEventProof: () => [{ proof: proofOf.proof }, { batchId: 'batch', merkleRoot: window.rootHash, leafIndex: 0, leafCount: 2 }],
  verifyInclusionProof: () => [
    { leafHash: proofOf.leafHash, leafIndex: proofOf.leafIndex, leafCount: window.leaves.length, proof: proofOf.proof, rootHash: window.rootHash },
  ],
  'new UnsafeNumberError': () => ['ERR_INTERNAL', 'text', 'path'],
  logKey: () => [origin, key1.publicKeyHex],
  witnessKey: () => ['w.example', key1.publicKeyHex],
  keepCosignatures: async (ground) => {
    const { ledger, newer: checkpoint } = await ground.checkpoints();
    return [ledger, checkpoint];
  },
  lastCheckpoint: async (ground) => [(await ground.checkpoints()).ledger],
  proveConsistency: async (ground) => {
    const { ledger, older: from, newer: to } = await ground.checkpoints();
    return [ledger, { from, to, signal }];
  },
  proveInclusion: async (ground) => {
    const { ledger, newer: checkpoint } = await ground.checkpoints();
    return [ledger, 1, { checkpoint, signal }];
  },
  timestampIngest: () => [{ checkpoint: stamped, request: stamp('request.tsq'), response: stamp('response.tsr') }],
  timestampRequest: () => [newer, { policy: '1.2.3' }],
  verifyTimestamp: () => [stamp('token.der'), { checkpoint: stamped, roots: [roots], certificates: roots, request: stamp('request.tsq'), policy: '1.2.3.4.1' }],
  openCheckpoint: () => [newer, { policy }],
  verifyConsistency: () => [{ from: older, to: newer, proof: tiny.consistencyProof, policy }],
  verifyInclusion: () => [proofText, { policy, event: tiny.line, signers }],
  cosign: () => [
    newer,
    { policy, urls: { W: 'http://127.0.0.1:9/' }, tokens: { W: 'token' }, prove: () => [], root: () => DIGEST, oldSize: 0, mode: 'fail-open', timeoutMs: 200, fetch: answering, signal },
  ],
  serveWitness: (ground) => [{ witness: witness(ground), port: 0, hosts: ['a'], token: 'x'.repeat(20), timeoutMs: 99, onAnswer: progress, onError: progress }],
  'new Witness': (ground) => [{ state: ground.path('witness'), keypair: key1, name: 'w.example', logs: [vkeys.log] }],
  'Witness#addCheckpoint': (ground) => on(witness(ground), history.request(0, 5)),
  'Witness#latest': (ground) => on(witness(ground), origin),
  'Witness#close': (ground) => on(witness(ground)),
  'Witness#[dispose]': (ground) => on(witness(ground)),
};

const issuer = new TestIssuer();
const [token, next] = [await issuer.token(), await issuer.token()];
const verdict = { status: 'VERIFIED', verified: true, proofData: 'proof' };
const revocations = (ground: Ground) => tokens.RevocationList.create(ground.path('revoked'), issuer.pair);
const resolver = { resolve: () => Promise.resolve({ didDocument: null, didResolutionMetadata: {}, didDocumentMetadata: {} }) };

async function verifying(ground: Ground): Promise<object> {
  return { issuers: issuer.registry, kind: 'verdict', query: '2+2=4', leeway: 1, at: new Date(), revocations: [await revocations(ground)], requireLowS: false };
}

const ofTokens: Recipes = {
  'new TokenError': () => ['ERR_INTERNAL', 'text', { cause: 1 }],
  'TokenError.is': () => [new Error('x')],
  badgeEndpoint: () => ['issued', { label: 'label' }],
  badgeSvg: () => [tokens.AttestationResult.refused('SIGNING_FAILURE', 'no'), { label: 'label' }],
  verifyAttestationChain: () => [[token, next], { issuers: issuer.registry, allowExpired: true, leeway: 1 }],
  didResolver: () => [{ web: { fetch: () => Promise.resolve(new Response('{}')), timeoutMs: 100, maxBytes: 100 } }],
  attestVerification: () => [{ issuer: issuer.pair, engine: 'math', verify: () => verdict }, { query: '2+2=4' }],
  createAttestation: async (ground) => [
    {
      ...verdict,
      issuer: issuer.pair,
      engine: 'math',
      confidence: 0.5,
      query: 'q',
      admission: 'ADMIT',
      chainId: 'c',
      chainIndex: 1,
      previousAttestation: token,
      expiresIn: 60,
      session: await ground.session(),
      store: new tokens.TokenFolder(ground.folder),
    },
  ],
  'new IssuerKeyPair': null,
  'IssuerKeyPair.generate': () => [{ did: DID, name: 'n', suffix: 's', keyContinuityPolicy: 'ephemeral', previousKeys: issuer.pair.jwks() }],
  'IssuerKeyPair.fromPem': () => [issuer.key.export({ format: 'pem', type: 'pkcs8' }), { did: DID }],
  'IssuerKeyPair.load': (ground) => [ground.file(issuer.key.export({ format: 'pem', type: 'pkcs8' }) as string), { did: DID }],
  'IssuerKeyPair#save': (ground) => on(issuer.pair, ground.path('key')),
  'IssuerKeyPair#jwks': () => on(issuer.pair),
  'IssuerKeyPair#getIssuerInfo': () => on(issuer.pair),
  'IssuerKeyPair#toJSON': () => on(issuer.pair),
  'IssuerKeyPair#[custom]': () => on(issuer.pair),
  'new IssuerRegistry': () => [[{ did: DID, keys: [{ ...issuer.pair.publicJwk }], name: 'n', status: 'active', validFrom: new Date(0), validUntil: new Date(9e12) }]],
  'IssuerRegistry.of': () => [[DID], issuer.pair.jwks()],
  'IssuerRegistry#get': () => on(issuer.registry, DID),
  'IssuerRegistry#[iterator]': () => on(issuer.registry),
  'new AttestationResult': null,
  'AttestationResult.issued': () => [token, 'j'],
  'AttestationResult.refused': () => ['SIGNING_FAILURE', 'no'],
  'AttestationResult#isIssued': () => on(tokens.AttestationResult.issued(token, 'j')),
  'AttestationResult#[custom]': () => on(tokens.AttestationResult.issued(token, 'j')),
  'new RevocationList': null,
  'RevocationList.create': (ground) => [ground.path('revoked'), issuer.pair],
  'RevocationList.forIssuer': async (ground) => {
    await revocations(ground);
    return [ground.path('revoked'), issuer.pair];
  },
  'RevocationList.of': (ground) => [ground.path('revoked'), DID, issuer.registry],
  'RevocationList#revoke': async (ground) => on(await revocations(ground), 'j'),
  'RevocationList#isRevoked': async (ground) => on(await revocations(ground), 'j'),
  'RevocationList#revocations': async (ground) => on(await revocations(ground)),
  'RevocationList#text': async (ground) => on(await revocations(ground)),
  serveTokens: async (ground) => [
    { issuer: issuer.pair, store: new tokens.TokenFolder(ground.folder), revocations: await revocations(ground), port: 0, hosts: ['a'], token: 'x'.repeat(20), timeoutMs: 99, onError: progress },
  ],
  'new TokenFolder': (ground) => [ground.folder],
  'TokenFolder#put': (ground) => on(new tokens.TokenFolder(ground.folder), 'j', token),
  'TokenFolder#get': (ground) => on(new tokens.TokenFolder(ground.folder), 'j'),
  verifyAttestation: async (ground) => [token, await verifying(ground)],
  isAttestationValid: () => [token, { trustedIssuers: [DID], resolver, resolverTimeoutMs: 100 }],
};

async function packed(ground: Ground): Promise<string> {
  const output = ground.path('pack.zip');
  await evidence.packEvidence({ ledger: ground.ledger(), output, head });
  return output;
}

const ofEvidence: Recipes = {
  writeHtmlReport: (ground) => [{ ledger: ground.ledger(), output: ground.path('report.html'), signers, expectedHead: head, signal, onProgress: progress }],
  openEvidence: async (ground) => [await packed(ground), { maxBytes: 1e8, signal }],
  packEvidence: (ground) => [{ ledger: ground.ledger(), output: ground.path('pack.zip'), head, publicKeys: signers, signal, onProgress: progress }],
  verifyEvidence: async (ground) => [await packed(ground), { ...checks, maxBytes: 1e8, temporaryFolder: ground.folder, signal, onProgress: progress }],
  // There is none where it cannot be built.
  writeViewer: existsSync(join(projectRoot, 'dist', 'viewer', 'viewer.html')) ? (ground) => [{ output: ground.path('viewer.html'), ledger: ground.ledger(), signal }] : null,
};

const ofCrosscheck: Recipes = {
  ...Object.fromEntries(Object.entries(main).filter(([name]) => /^(new |)(ChainError|LedgerError|Sealwright\w*Error|ChainReport|float)\b/.test(name))),
  canonicalJson: () => [{ a: [1, 'b', null] }],
  verifyFile: (ground) => [ground.ledger(), { ...checks, onProgress: progress, signal }],
  verifyLines: () => [chainOf(2).map((signed) => signed.toLine()), { ...checks, expectedHead: undefined, signal }],
};

const classOf = (value: object) => value.constructor;

/** By entry point: what it exports, with the classes whose instances it gives out, and the recipes. */
export const publicCalls: Readonly<Record<string, readonly [exports: object, recipes: Recipes]>> = {
  sealwright: [
    { ...sealwright, LedgerEvent: classOf(ended('x')), Float: classOf(sealwright.float(1)), SocketSigner: classOf(sealwright.socketSigner('a')) },
    main,
  ],
  'sealwright/proofs': [proofs, ofProofs],
  'sealwright/tokens': [tokens, ofTokens],
  'sealwright/evidence': [evidence, ofEvidence],
  'sealwright/crosscheck': [crosscheck, ofCrosscheck],
};
