// Every code stands in docs/errors.md, and nothing else does; what is thrown has the class that stands there; and `is`
// knows the errors of every copy of the package.

import { appendFileSync, createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import {
  canonicalJson,
  ChainError,
  checkVerification,
  decompress,
  type ErrorCode,
  events,
  FileHeadStore,
  KeyLoadError,
  LedgerError,
  MemoryHeadStore,
  ProofError,
  readEvents,
  SealwrightError,
  SealwrightRangeError,
  SealwrightTypeError,
  SelfTestError,
  Session,
  SignedEvent,
  type Signer,
  signEvent,
  SigningError,
  SigningKeypair,
  signVerification,
  verifyChain,
  verifyFile,
  verifyFileSync,
  verifySegments,
  verifyStream,
} from 'sealwright';
import { openEvidence, packEvidence } from 'sealwright/evidence';
import {
  lastCheckpoint,
  logKey,
  openCheckpoint,
  payloadCommitment,
  proveInclusion,
  timestampIngest,
  timestampRequest,
  verifyTimestamp,
  Witness,
  witnessKey,
} from 'sealwright/proofs';
import { IssuerKeyPair, RevocationList, TokenError } from 'sealwright/tokens';
import { newFolder, newPath } from './helpers/folders.mts';
import {
  chainOf,
  DIGEST,
  ended,
  forged,
  key1,
  key2,
  openSession,
  openSessionSync,
  seed1,
  textOf,
  toolCalled,
  writeLedger,
} from './helpers/ledgers.mts';
import { projectRoot } from './helpers/parts.mts';
import { newer, noteOf, policy } from './proofs/helpers/proof.mts';
import { type Files, manifestOf, type Part, zipOf } from './helpers/zips.mts';

const source = (...path: string[]) => readFileSync(join(projectRoot, ...path), 'utf8');

/** The string literals of a union type. */
function unionIn(text: string, name: string): string[] {
  const [, union = ''] = new RegExp(`export type ${name} =([^;]+);`).exec(text) ?? [];
  return [...union.matchAll(/'([^']+)'/g)].map(([, code = '']) => code);
}

/** The codes of a table of `error.rs`. */
function codesIn(text: string, name: string): string[] {
  const [, table = ''] = new RegExp(`\\b${name} \\{([^}]+)\\}`).exec(text) ?? [];
  return [...table.matchAll(/= "([^"]+)"/g)].map(([, code = '']) => code);
}

/** First and second column of each table whose first column is named `code`. */
function documentedIn(markdown: string): Map<string, string> {
  const rows = new Map<string, string>();
  let isTable = false;
  for (const line of markdown.split('\n')) {
    const [, first = '', second = ''] = /^\|([^|]*)\|([^|]*)\|/.exec(line) ?? [];
    if (!line.startsWith('|')) isTable = false;
    else if (first.trim() === 'code') isTable = true;
    else if (isTable) for (const [, code = ''] of first.matchAll(/`([^`]+)`/g)) rows.set(code, second.trim());
  }
  return rows;
}

const documented = documentedIn(source('docs', 'errors.md'));
const errorCodes = unionIn(source('src', 'errors.ts'), 'ErrorCode');
const coreSource = source('crates', 'core', 'src', 'error.rs');
const coreCodes = codesIn(coreSource, 'ErrorCode');
const compressCodes = codesIn(source('crates', 'compress', 'src', 'error.rs'), 'ErrorCode');
const faultCodes = codesIn(coreSource, 'FaultCode');
const problemCodes = codesIn(coreSource, 'ProblemCode');
const proofCodes = unionIn(source('src', 'proofs', 'report.ts'), 'ProblemCode');
/** Of timestamps, which only TypeScript verifies. */
const timestampCodes = proofCodes.filter((code) => /^(certificate_|chain_untrusted|imprint_|nonce_|timestamp_|tsa_)/.test(code));
const reportSource = source('src', 'report.ts');
const warningCodes = unionIn(reportSource, 'WarningCode');
const doctorCodes = unionIn(source('src', 'doctor-codes.ts'), 'DoctorCode');
/** What the native side asks of TypeScript, and no caller sees. */
const requests = ['ABORTED', 'RETRY'];

test('every code of src/ and crates/ stands in docs/errors.md, and every code there in one of them', (t) => {
  t.true(errorCodes.length > 30 && coreCodes.length > 30 && faultCodes.length > 10 && compressCodes.length > 5);
  t.true(warningCodes.length > 3 && doctorCodes.length > 20);
  const ofErrors = [...errorCodes, ...coreCodes, ...compressCodes];
  const known = new Set([...ofErrors, ...faultCodes, ...problemCodes, ...timestampCodes, ...warningCodes, ...doctorCodes]);
  t.deepEqual([...documented.keys()].toSorted(), [...known].toSorted());
});

test('the codes of the two sides are the same, but for those of one side alone', (t) => {
  const isOfTypeScript = (code: string) => /^ERR_(CERTIFICATE$|TIMESTAMP_|TOKEN_(?!IO$)|EVIDENCE_|VIEWER_|ADDON_LOAD|JSON_UNSUPPORTED)/.test(code);
  const ofTypeScript = errorCodes.filter(isOfTypeScript);
  t.is(ofTypeScript.length, 16);
  t.deepEqual(
    [...coreCodes.filter((code) => !requests.includes(code)), ...compressCodes, ...ofTypeScript].toSorted(),
    errorCodes.toSorted(),
  );
  t.deepEqual(unionIn(reportSource, 'FaultCode').toSorted(), faultCodes.toSorted());
  t.deepEqual(proofCodes.filter((code) => !timestampCodes.includes(code)).toSorted(), problemCodes.toSorted());
});

type Provocation = (t: ExecutionContext) => unknown;

function ledger(t: ExecutionContext, text: string): string {
  const path = newPath(t);
  writeFileSync(path, text);
  return path;
}

const three = chainOf(3);

/** As if it had been signed last. */
function keepCheckpoint(path: string, note: string): void {
  mkdirSync(`${path}.tlog`);
  writeFileSync(`${path}.tlog/checkpoint`, note);
}
const parse = (payload: string) => events.parse(`{"type":"SessionEnded","payload":{${payload}}}`);
const custom = events.custom({ name: 'com.example', data: null });
const heartbeat = events.parse('{"type":"Heartbeat","payload":{"session_id":"s","interval_ms":1}}');

/** A pack of a guide only, of which the manifest says something else where it is told to. */
function pack(t: ExecutionContext, stated: Files, more: readonly Part[] = []): string {
  const files = { 'VERIFY.md': 'guide', 'ledger.ndjson': '' };
  const parts = Object.entries({ ...files, 'manifest.json': manifestOf({ ...files, ...stated }) }).map(([name, data]) => ({ name, data }));
  const path = newPath(t, 'evidence.zip');
  writeFileSync(path, zipOf([...parts, ...more]));
  return path;
}

function record(): string {
  return signVerification({ report: verifyChain(three), subject: { name: 'ledger', files: [] }, keypair: key1 });
}

async function recordSignedBy(t: ExecutionContext, sign: Signer['sign'], signTimeoutMs?: number): Promise<unknown> {
  const signer = { publicKey: key1.publicKeyHex, sign };
  const session = await openSession(t, { keypair: undefined, ledgerPath: newPath(t), signer, signTimeoutMs });
  return session.record(ended('x'));
}

async function decompressed(name: string, maxBytes?: number): Promise<void> {
  const stream = createReadStream(join(projectRoot, 'vectors', 'compressed', name));
  for await (const piece of decompress(stream, { maxBytes })) void piece;
}

/** One way to each error that a single process can come to by itself. */
const provocations: Partial<Record<ErrorCode, Provocation>> = {
  ERR_BACKPRESSURE: async (t) => {
    const session = await openSession(t, { ledgerPath: newPath(t), maxQueueBytes: 1 });
    // The writer takes them one by one.
    await Promise.all(Array.from({ length: 100 }, () => session.record(ended('x'))));
  },
  ERR_BATCH_TOO_LARGE: (t) =>
    openSessionSync(t, { ledgerPath: newPath(t) }).recordMany([toolCalled('x'.repeat(1 << 20)), ended('x')]),
  ERR_CHAIN_BROKEN: () => SignedEvent.parse('{}'),
  ERR_COMPRESSED_CHECKSUM: () => decompressed('gzip-wrong-crc.gz'),
  ERR_COMPRESSED_DICTIONARY: () => decompressed('zstd-dictionary.zst'),
  ERR_COMPRESSED_INVALID: () => decompressed('gzip-other-method.gz'),
  // Runs of 128 KiB of blank lines.
  ERR_COMPRESSED_RATIO: () => {
    const blocks = Buffer.alloc(4 * 600, Buffer.from([0x02, 0x00, 0x10, 0x0a]));
    return verifyStream(decompress(Readable.from([Buffer.from('28b52ffd0068', 'hex'), blocks])));
  },
  ERR_COMPRESSED_TOO_LARGE: () => decompressed('gzip-of-a-file.gz', 100),
  ERR_COMPRESSED_TRAILING: () => decompressed('gzip-trailing-text.gz'),
  ERR_COMPRESSED_TRUNCATED: () => decompressed('gzip-cut-in-trailer.gz'),
  ERR_COMPRESSED_WINDOW: () => decompressed('zstd-window-of-16-mib.zst'),
  ERR_DEPTH_EXCEEDED: () => toolCalled(JSON.parse(`${'['.repeat(125)}${']'.repeat(125)}`)),
  ERR_EVENT_DIGEST: () => events.sessionEnded({ reason: 'r', summarySha256: 'x' }),
  ERR_EVENT_FIELD: () => events.sessionEnded({ reason: 'r' } as never),
  ERR_EVENT_KIND: () => events.fromJSON({ type: 'Nothing', payload: {} }),
  ERR_EVENT_RESERVED: (t) => openSessionSync(t, { ledgerPath: newPath(t) }).recordSync(heartbeat),
  ERR_EVENT_SET: (t) => openSessionSync(t, { ledgerPath: newPath(t) }).recordSync(custom),
  ERR_EVIDENCE_DIGEST: (t) => openEvidence(pack(t, { 'VERIFY.md': 'another guide' })),
  ERR_EVIDENCE_ENTRY: (t) => openEvidence(pack(t, {}, [{ name: 'other', data: '' }])),
  ERR_EVIDENCE_INVALID: (t) => openEvidence(ledger(t, 'no pack')),
  ERR_EVIDENCE_IO: (t) => openEvidence(newPath(t)),
  ERR_EVIDENCE_MANIFEST: (t) => openEvidence(pack(t, {})),
  ERR_EVIDENCE_TOO_LARGE: (t) => openEvidence(pack(t, {}), { maxBytes: 1 }),
  ERR_HEAD_STORE: (t) => new FileHeadStore(ledger(t, 'no heads')).get('a'),
  ERR_INVALID_ARGUMENT: () => verifyChain('text' as never),
  ERR_JSON_DUPLICATE_KEY: () => parse('"reason":"r","reason":"r"'),
  ERR_JSON_NUMBER: () => canonicalJson(Number.NaN),
  ERR_UNSAFE_NUMBER: () => payloadCommitment({ price: 0.5 }),
  ERR_JSON_STRING: () => canonicalJson('\ud800'),
  ERR_JSON_SYNTAX: () => events.parse('{'),
  ERR_JSON_UNSUPPORTED: () => canonicalJson(undefined),
  ERR_KEY_EXISTS: (t) => key1.save(ledger(t, '')),
  ERR_KEY_IO: (t) => SigningKeypair.loadOrCreate(join(ledger(t, ''), 'key')),
  ERR_KEY_LENGTH: () => SigningKeypair.fromSeed(new Uint8Array(31)),
  ERR_KEY_NOT_A_FILE: (t) => SigningKeypair.load(newFolder(t)),
  ERR_KEY_NOT_FOUND: (t) => SigningKeypair.load(newPath(t)),
  ERR_KEY_PERMISSIONS: (t) => {
    const path = newPath(t);
    writeFileSync(path, seed1, { mode: 0o644 });
    SigningKeypair.load(path);
  },
  ERR_CHECKPOINT_CONFLICT: async (t) => {
    const ledgerPath = newPath(t);
    keepCheckpoint(ledgerPath, newer);
    await (await openSession(t, { ledgerPath })).checkpoint({ origin: 'example.com/ledger' });
  },
  ERR_CHECKPOINT_MALFORMED: () => openCheckpoint(noteOf('a text\n'), { policy }),
  ERR_CERTIFICATE: () => verifyTimestamp(Buffer.of(), { checkpoint: newer, roots: 'none' }),
  ERR_TIMESTAMP_MALFORMED: () => timestampIngest({ checkpoint: newer, request: Buffer.of(), response: Buffer.of() }),
  // PKIStatusInfo { rejection }.
  ERR_TIMESTAMP_REFUSED: () => {
    const { request } = timestampRequest(newer);
    timestampIngest({ checkpoint: newer, request, response: Buffer.from('30053003020102', 'hex') });
  },
  ERR_TIMESTAMP_MISMATCH: () => {
    const response = readFileSync(join(projectRoot, 'vectors', 'timestamps', 'response.tsr'));
    timestampIngest({ checkpoint: newer, request: timestampRequest(newer).request, response });
  },
  ERR_CHECKPOINT_ORIGIN: () => logKey('https://example.com', key1.publicKeyHex),
  ERR_LEDGER_CHANGED: (t) => {
    const path = newPath(t);
    const session = openSessionSync(t, { ledgerPath: path });
    appendFileSync(path, 'x');
    session.recordSync(ended('x'));
  },
  ERR_LEDGER_IO: (t) => verifyFile(join(newFolder(t), 'x'.repeat(1000))),
  ERR_LEDGER_MALFORMED: (t) => verifyFile(ledger(t, 'garbage\n')),
  ERR_LEDGER_NOT_A_FILE: (t) => verifyFileSync(newFolder(t)),
  ERR_LEDGER_NOT_FOUND: (t) => verifyFile(newPath(t)),
  ERR_LEDGER_SEALED: (t) => {
    const path = newPath(t, 'ledger.0-2.ndjson');
    writeLedger(path, three);
    return openSession(t, { ledgerPath: path });
  },
  ERR_LEDGER_TAMPERED: (t) => openSession(t, { ledgerPath: ledger(t, `${forged(three[0])}\n`) }),
  ERR_LINE_TOO_LONG: () => toolCalled('x'.repeat(20 << 20)),
  ERR_NOT_ROLLED_BACK: async (t) => {
    const options = { keypair: key1, ledgerPath: newPath(t), sessionId: 's', events: 'extended' } as const;
    await Session.restore({ ...options, headStore: new MemoryHeadStore(), reason: 'r' });
  },
  ERR_NOTE_KEY: () => witnessKey('a b', key1.publicKeyHex),
  ERR_NOTE_MALFORMED: () => openCheckpoint('', { policy }),
  ERR_NOTE_SIGNATURE: () => openCheckpoint(newer.replace('\n3\n', '\n4\n'), { policy }),
  ERR_NOTE_UNTRUSTED: () => openCheckpoint(newer, { policy: 'quorum none' }),
  ERR_OUTPUT_REFUSED: (t) => {
    const path = ledger(t, textOf(three));
    return packEvidence({ ledger: path, output: path });
  },
  ERR_OUT_OF_RANGE: () => signEvent({ event: ended('x'), seq: -1, parentHash: DIGEST, keypair: key1 }),
  ERR_POLICY_MALFORMED: () => openCheckpoint(newer, { policy: '' }),
  ERR_PROOF_DIVERGED: (t) => proveInclusion(ledger(t, textOf(chainOf(2))), 1, { checkpoint: newer }),
  ERR_PUBLIC_KEY: () => verifyChain([], { signers: 'f'.repeat(64) }),
  ERR_QUORUM_MISSING: () => openCheckpoint(newer.replace(/— w.*\n/, ''), { policy }),
  ERR_RECORD_INVALID: () => checkVerification('{}'),
  ERR_RECORD_SIGNATURE: () => checkVerification(record().replace('"eventCount": 3', '"eventCount": 4')),
  ERR_RECORD_SIGNER: () => checkVerification(record(), { signers: key2.publicKeyHex }),
  ERR_ROLLBACK_DETECTED: (t) => {
    const headStore = new MemoryHeadStore();
    headStore.set(`ledger:${three[0]?.selfHash}`, { seq: 3, hash: DIGEST });
    return openSession(t, { ledgerPath: ledger(t, textOf(three)), headStore });
  },
  ERR_SEGMENT_MISSING: (t) => {
    const folder = newFolder(t);
    writeLedger(join(folder, 'ledger.0-2.ndjson'), three);
    return openSession(t, { ledgerPath: join(folder, 'ledger.ndjson') });
  },
  ERR_SEGMENT_REFUSED: (t) => {
    const path = newPath(t, 'ledger.00-2.ndjson');
    writeLedger(path, three);
    return verifySegments([path]);
  },
  ERR_SESSION_CLOSED: (t) => {
    const session = openSessionSync(t, { ledgerPath: newPath(t) });
    session.closeSync();
    session.recordSync(ended('x'));
  },
  ERR_SESSION_OPTIONS: (t) => {
    const ledgerPath = newPath(t);
    openSessionSync(t, { ledgerPath });
    openSessionSync(t, { ledgerPath, headStore: new MemoryHeadStore() });
  },
  ERR_SIGNATURE_INVALID: (t) => recordSignedBy(t, () => new Uint8Array(64)),
  ERR_SIGNER_FAILED: (t) => recordSignedBy(t, () => Promise.reject(new Error('no'))),
  ERR_SIGNER_TIMEOUT: (t) => recordSignedBy(t, () => new Promise(() => {}), 1),
  ERR_SIGNER_MISMATCH: (t) => openSession(t, { ledgerPath: ledger(t, textOf(three)), keypair: key2 }),
  ERR_STATE_INVALID: (t) => {
    const path = ledger(t, textOf(three));
    return verifyFile(path, { state: ledger(t, '{}'), stateKey: key1 });
  },
  ERR_STATE_IO: (t) => verifyFile(ledger(t, textOf(three)), { state: 'x'.repeat(1000), stateKey: key1 }),
  ERR_STATE_MISMATCH: async (t) => {
    const [path, state] = [ledger(t, textOf(three)), newPath(t)];
    await verifyFile(path, { state, stateKey: key1 });
    writeFileSync(path, '');
    await verifyFile(path, { state, stateKey: key1 });
  },
  ERR_STATE_OPTIONS: async (t) => {
    const [path, state] = [ledger(t, textOf(three)), newPath(t)];
    await verifyFile(path, { state, stateKey: key1 });
    await verifyFile(path, { state, stateKey: key1, events: 'core' });
  },
  ERR_TREE_IO: async (t) => {
    const path = ledger(t, textOf(three));
    mkdirSync(`${path}.tlog/checkpoint`, { recursive: true });
    await lastCheckpoint(path);
  },
  ERR_TREE_MISSING: async (t) => {
    const session = await openSession(t, { ledgerPath: newPath(t), events: 'extended', rotate: { maxEvents: 2 } });
    for (let count = 0; count < 8; count += 1) await session.record(ended('x'));
    await session.prune({ keep: 1 });
    await session.checkpoint({ origin: 'example.com/ledger' });
  },
  ERR_WITNESS_STATE: (t) => new Witness({ state: ledger(t, ''), keypair: key1, name: 'w.example', logs: [logKey('example.com/a', key1.publicKeyHex)] }),
  ERR_TOKEN_IO: (t) => IssuerKeyPair.load(newPath(t), { did: 'did:web:example.com' }),
  ERR_TOKEN_KEY: () => IssuerKeyPair.fromPem('', { did: 'did:web:example.com' }),
  ERR_TOKEN_REVOCATIONS: (t) => RevocationList.forIssuer(ledger(t, 'garbage'), IssuerKeyPair.generate({ did: 'did:web:example.com' })),
  ERR_TORN_TAIL: (t) => openSession(t, { ledgerPath: ledger(t, textOf(three).slice(0, -9)), tornTail: 'error' }),
};

/** What takes another process, a disk that fails or a defect: tested in process/. */
const elsewhere: readonly ErrorCode[] = [
  'ERR_ADDON_LOAD',
  'ERR_INTERNAL',
  'ERR_LEDGER_LOCKED',
  'ERR_SELF_TEST',
  'ERR_SESSION_POISONED',
  'ERR_SIGNER_REFUSED',
  'ERR_VIEWER_MISSING',
  'ERR_VIEWER_TOO_LARGE',
];

test('every code is provoked here or elsewhere', (t) => {
  t.deepEqual([...Object.keys(provocations), ...elsewhere].toSorted(), errorCodes.toSorted() as string[]);
});

for (const [code, provoke] of Object.entries(provocations)) {
  test(`${code} comes in the class that is documented`, async (t) => {
    const error = await thrownBy(async () => provoke(t));
    const classes = documented.get(code) ?? '';
    t.is(error.code, code);
    t.true(classes.split(/\W+/).includes(error.name), `${error.name} is not among: ${classes}`);
    t.is(SealwrightError.is(error), !['TypeError', 'RangeError'].includes(error.name));
    t.true(
      error instanceof
        {
          TypeError: SealwrightTypeError,
          RangeError: SealwrightRangeError,
          KeyLoadError,
          SigningError,
          LedgerError,
          ChainError,
          ProofError,
          TokenError,
        }[error.name]!,
    );
    t.regex(error.message, /^[^A-Z]|^JSON/);
    t.true(error.stack?.startsWith(`${error.name}: ${error.message}`));
  });
}

async function thrownBy(call: () => Promise<unknown>): Promise<Error & { readonly code?: string }> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

test('in reading a ledger, limits are ChainErrors with a place', async (t) => {
  const deep = three[0]?.toLine().replace('"0"', `${'['.repeat(125)}${']'.repeat(125)}`);
  t.like(await thrownBy(() => verifyFile(ledger(t, `${deep}\n`))), {
    name: 'ChainError',
    code: 'ERR_DEPTH_EXCEEDED',
    line: 1,
    byteOffset: 0,
  });
  t.like(await thrownBy(() => verifyFile(ledger(t, textOf(three)), { maxLineBytes: 9 })), {
    name: 'ChainError',
    code: 'ERR_LINE_TOO_LONG',
    line: 1,
  });
  const path = newPath(t);
  writeLedger(path, three.slice(1));
  t.like(await thrownBy(() => readEvents(path).next()), {
    name: 'ChainError',
    code: 'ERR_CHAIN_BROKEN',
    line: 1,
    byteOffset: 0,
  });
});

test('a detail that is not known is absent, not undefined', async (t) => {
  const details = async (call: () => Promise<unknown>) => Object.keys(await thrownBy(call)).toSorted();
  t.deepEqual(await details(async () => canonicalJson(undefined)), ['code']);
  t.deepEqual(await details(async () => canonicalJson([undefined])), ['code', 'path']);
  t.deepEqual(await details(async () => events.parse('{')), ['code']);
  t.deepEqual(await details(async () => SigningKeypair.load(newPath(t))), ['code', 'osCode']);
  t.deepEqual(await details(async () => verifyFile(newFolder(t))), ['code']);
  t.deepEqual(await details(async () => verifyFile(ledger(t, 'x\n'))), ['byteOffset', 'code', 'line', 'report']);
  t.deepEqual(await details(async () => SignedEvent.parse('x')), ['byteOffset', 'code', 'line']);
});

const classes = { SealwrightError, KeyLoadError, SigningError, LedgerError, ChainError, SelfTestError };

test('is() knows its class, and SealwrightError.is() all of the family', (t) => {
  for (const [name, errorClass] of Object.entries(classes)) {
    const error = new errorClass('ERR_INTERNAL', 'text');
    t.is(error.name, name);
    t.true(error instanceof Error);
    t.true(SealwrightError.is(error));
    for (const other of Object.values(classes))
      t.is(other.is(error), other === errorClass || other === SealwrightError, `${other.name} of ${name}`);
  }
  const strangers = [
    undefined,
    null,
    1,
    'text',
    {},
    new Error('x'),
    new TypeError('x'),
    Object.assign(new Error('x'), { code: 'ERR_INTERNAL' }),
    { name: 'LedgerError' },
    new SealwrightTypeError('ERR_INTERNAL', 'x'),
    () => 0,
  ];
  for (const value of strangers) for (const errorClass of Object.values(classes)) t.false(errorClass.is(value));
});

test('is() knows the errors of another copy of the package', (t) => {
  const require = createRequire(import.meta.url);
  const file = join(projectRoot, 'dist', 'errors.js');
  const cached = require.cache[file];
  t.truthy(cached);
  delete require.cache[file];
  const copy = require(file) as typeof classes;
  require.cache[file] = cached;
  for (const [name, errorClass] of Object.entries(classes)) {
    const error: unknown = new copy[name as keyof typeof classes]('ERR_INTERNAL', 'text');
    t.false(error instanceof errorClass);
    t.true(errorClass.is(error));
    t.true(SealwrightError.is(error));
    t.is(LedgerError.is(error), name === 'LedgerError');
  }
});

test('an error keeps its cause', (t) => {
  const cause = new Error('why');
  t.is(new LedgerError('ERR_HEAD_STORE', 'text', { cause }).cause, cause);
  t.false('cause' in new LedgerError('ERR_HEAD_STORE', 'text'));
  const missing = t.throws(() => verifyChain([], { signers: newPath(t) }), { instanceOf: LedgerError });
  t.like(missing?.cause, { code: 'ENOENT' });
});

test('the stack begins where the package was called', (t) => {
  const { stack = '' } = t.throws(() => SigningKeypair.load(newPath(t))) ?? {};
  t.false(stack.includes(join(projectRoot, 'dist', 'errors.js')));
  t.true(stack.includes('errors.spec'));
});
