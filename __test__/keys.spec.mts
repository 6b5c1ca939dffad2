// A key file is exactly the seed, private and never replaced; what a key signs is Ed25519 as everyone else has it; and no
// property or text of a key shows the seed.

import { createHash, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import test from 'ava';
import {
  GENESIS_PARENT_HASH,
  KeyLoadError,
  LedgerError,
  SealwrightTypeError,
  signEvent,
  SigningKeypair,
  verifyChain,
  verifyFile,
} from 'sealwright';
import { publicKeyHex, publicKeyPem, sealedLine } from './helpers/canonical.mts';
import { throwsError } from './helpers/errors.mts';
import { danglingLink, newFifo, newFolder, newPath } from './helpers/folders.mts';
import { chainOf, ended, key1, seed1, seed2, START, writeLedger } from './helpers/ledgers.mts';

const modeOf = (path: string) => statSync(path).mode & 0o777;
const refused = (
  code:
    | 'ERR_KEY_NOT_FOUND'
    | 'ERR_KEY_LENGTH'
    | 'ERR_KEY_NOT_A_FILE'
    | 'ERR_KEY_EXISTS'
    | 'ERR_KEY_PERMISSIONS'
    | 'ERR_KEY_IO',
) => ({ instanceOf: KeyLoadError, code }) as const;

/** Every way to read the key at a path. */
const readers: Record<string, (path: string) => SigningKeypair> = {
  load: (path) => SigningKeypair.load(path),
  loadOrCreate: (path) => SigningKeypair.loadOrCreate(path),
  'loadOrCreate with create: false': (path) => SigningKeypair.loadOrCreate(path, { create: false }),
};

/** A key file as this package makes it. */
function writeKey(path: string, bytes: Uint8Array, mode = 0o600): string {
  writeFileSync(path, bytes);
  chmodSync(path, mode);
  return path;
}

test('loadOrCreate makes a private file of 32 bytes once, and then reads it', (t) => {
  const path = join(newFolder(t), 'new', 'folders', 'agent.key');
  const made = SigningKeypair.loadOrCreate(path);
  t.true(made.created);
  t.is(readFileSync(path).length, 32);
  t.is(modeOf(path), 0o600);
  t.is(modeOf(dirname(path)), 0o700);
  t.is(modeOf(dirname(dirname(path))), 0o700);
  t.deepEqual(readdirSync(dirname(path)), ['agent.key']);
  for (const read of Object.values(readers)) {
    const again = read(path);
    t.false(again.created);
    t.is(again.publicKeyHex, made.publicKeyHex);
  }
  t.is(SigningKeypair.load(pathToFileURL(path)).publicKeyHex, made.publicKeyHex);
  t.is(SigningKeypair.fromSeed(readFileSync(path)).publicKeyHex, made.publicKeyHex);
});

test('create: false makes nothing', (t) => {
  const path = join(newFolder(t), 'new', 'agent.key');
  throwsError(t, () => SigningKeypair.loadOrCreate(path, { create: false }), refused('ERR_KEY_NOT_FOUND'));
  throwsError(t, () => SigningKeypair.load(path), refused('ERR_KEY_NOT_FOUND'));
  t.false(existsSync(dirname(path)));
});

for (const length of [0, 31, 33, 64, 1_000_000]) {
  test(`a key file of ${length} bytes is refused and left alone`, (t) => {
    const path = writeKey(newPath(t, 'agent.key'), new Uint8Array(length).fill(7));
    for (const read of Object.values(readers)) throwsError(t, () => read(path), refused('ERR_KEY_LENGTH'));
    t.is(readFileSync(path).length, length);
  });
}

test('a key path that is a folder, FIFO or device is refused at once', (t) => {
  for (const path of [newFolder(t), newFifo(t), '/dev/zero', '/dev/null']) {
    for (const read of Object.values(readers)) throwsError(t, () => read(path), refused('ERR_KEY_NOT_A_FILE'), path);
  }
});

test('a path below a file is a path to no key', (t) => {
  const file = writeKey(newPath(t, 'agent.key'), seed1);
  throwsError(t, () => SigningKeypair.load(join(file, 'agent.key')), refused('ERR_KEY_NOT_FOUND'));
  throwsError(t, () => SigningKeypair.loadOrCreate(join(file, 'agent.key')), {
    ...refused('ERR_KEY_IO'),
    osCode: 'ENOTDIR',
  });
});

test('dangling symlink as key: refused, and no secret is written at its target', (t) => {
  const { link, target } = danglingLink(t);
  for (const read of Object.values(readers)) throwsError(t, () => read(link), refused('ERR_KEY_NOT_FOUND'));
  t.throws(() => key1.save(link), { instanceOf: KeyLoadError });
  t.false(existsSync(target));
  t.true(lstatSync(link).isSymbolicLink());
  t.deepEqual(readdirSync(dirname(link)), ['link']);
});

test('a symlink to a key is followed', (t) => {
  const path = writeKey(newPath(t, 'agent.key'), seed1);
  const link = join(dirname(path), 'link');
  symlinkSync(path, link);
  for (const read of Object.values(readers)) t.is(read(link).publicKeyHex, key1.publicKeyHex);
});

for (const mode of [0o644, 0o640, 0o604, 0o660, 0o620, 0o601]) {
  test(`key file 0${mode.toString(8)}: refused, unless the caller insists`, (t) => {
    const path = writeKey(newPath(t, 'agent.key'), seed1, mode);
    for (const read of Object.values(readers)) {
      const error = throwsError(t, () => read(path), refused('ERR_KEY_PERMISSIONS'));
      t.true(error.message.includes(`0${mode.toString(8)}`));
      t.true(error.message.includes('fsGroup'));
    }
    t.is(SigningKeypair.load(path, { allowInsecurePermissions: true }).publicKeyHex, key1.publicKeyHex);
    t.is(SigningKeypair.loadOrCreate(path, { allowInsecurePermissions: true }).publicKeyHex, key1.publicKeyHex);
    t.is(modeOf(path), mode);
  });
}

test('a key file that only its owner can read is taken', (t) => {
  const path = writeKey(newPath(t, 'agent.key'), seed1, 0o400);
  for (const read of Object.values(readers)) t.is(read(path).publicKeyHex, key1.publicKeyHex);
});

test('save writes a private file and replaces none', (t) => {
  const path = join(newFolder(t), 'new', 'agent.key');
  key1.save(path);
  t.deepEqual(new Uint8Array(readFileSync(path)), seed1);
  t.is(modeOf(path), 0o600);
  throwsError(t, () => key1.save(path), refused('ERR_KEY_EXISTS'));
  throwsError(t, () => SigningKeypair.generate().save(path), refused('ERR_KEY_EXISTS'));
  const hardLink = join(dirname(path), 'hard');
  linkSync(path, hardLink);
  throwsError(t, () => key1.save(hardLink), refused('ERR_KEY_EXISTS'));
  t.deepEqual(new Uint8Array(readFileSync(path)), seed1);
  mkdirSync(join(dirname(path), 'folder'));
  throwsError(t, () => key1.save(join(dirname(path), 'folder')), refused('ERR_KEY_EXISTS'));
  t.deepEqual(readdirSync(dirname(path)).toSorted(), ['agent.key', 'folder', 'hard']);
});

test('fromSeed takes 32 bytes and copies them', (t) => {
  const seed = Uint8Array.from(seed1);
  const key = SigningKeypair.fromSeed(seed);
  seed.fill(0);
  const place = { event: ended('x'), seq: 0, parentHash: GENESIS_PARENT_HASH, timestampNanos: START };
  t.is(signEvent({ ...place, keypair: key }).signature, signEvent({ ...place, keypair: key1 }).signature);
  t.is(key.publicKeyHex, '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8');
  t.false(key.created);
  t.is(SigningKeypair.fromSeed(Buffer.concat([seed1, seed2]).subarray(32)).publicKeyHex, publicKeyHex(seed2));
  for (const length of [0, 31, 33, 64]) {
    throwsError(t, () => SigningKeypair.fromSeed(new Uint8Array(length)), refused('ERR_KEY_LENGTH'), `${length} bytes`);
  }
  for (const value of [
    undefined,
    null,
    'a'.repeat(32),
    'a'.repeat(64),
    Array.from(seed1),
    seed1.buffer,
    new Uint16Array(32),
  ]) {
    throwsError(t, () => SigningKeypair.fromSeed(value as never), {
      instanceOf: SealwrightTypeError,
      code: 'ERR_INVALID_ARGUMENT',
    });
  }
});

test('generate makes another key each time, in no file', (t) => {
  const made = Array.from({ length: 20 }, () => SigningKeypair.generate());
  t.is(new Set(made.map((key) => key.publicKeyHex)).size, 20);
  t.true(made.every((key) => !key.created));
});

test('the fingerprint is eight groups of four digits: half the SHA-256 of the public key', (t) => {
  for (const key of [key1, SigningKeypair.generate()]) {
    const digest = createHash('sha256').update(Buffer.from(key.publicKeyHex, 'hex')).digest('hex');
    t.is(key.fingerprint.replaceAll('-', ''), digest.slice(0, 32));
    t.regex(key.fingerprint, /^[0-9a-f]{4}(-[0-9a-f]{4}){7}$/);
  }
});

test('nothing that shows a key shows its seed', (t) => {
  const seed = Uint8Array.from({ length: 32 }, (_, index) => 0xa0 + index);
  const key = SigningKeypair.fromSeed(seed);
  const shown = [
    inspect(key),
    inspect(key, { showHidden: true, depth: 10, customInspect: false, getters: true }),
    inspect({ options: { keypair: key } }, { depth: 10 }),
    JSON.stringify(key),
    String(key),
    `${Object.getOwnPropertyNames(key)} ${Object.values(key)}`,
  ];
  const secret = Buffer.from(seed);
  for (const text of shown) {
    for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const)
      t.false(text.includes(secret.toString(encoding)));
    t.false(text.includes('160, 161'));
    t.false(text.includes('a0 a1'));
  }
  const publicHalf = { publicKeyHex: key.publicKeyHex, fingerprint: key.fingerprint };
  t.deepEqual(JSON.parse(JSON.stringify(key)), publicHalf);
  t.true(inspect(key).includes(key.publicKeyHex));
  t.true(Object.isFrozen(key));
  t.deepEqual(structuredClone({ ...key }), { ...publicHalf, created: false } as never);
});

test('what we sign, node:crypto verifies', (t) => {
  for (const signed of chainOf(20, { keypair: SigningKeypair.fromSeed(seed2) })) {
    const [hash, signature] = [signed.selfHash, signed.signature].map((hex) => Buffer.from(hex, 'hex')) as [
      Buffer,
      Buffer,
    ];
    t.is(signed.signerPubkey, publicKeyHex(seed2));
    t.true(verify(null, hash, publicKeyPem(seed2), signature));
    hash.writeUInt8(hash.readUInt8(0) ^ 1, 0);
    t.false(verify(null, hash, publicKeyPem(seed2), signature));
  }
});

test('what node:crypto signs, we verify, byte for byte as if we had signed it', (t) => {
  const lines: string[] = [];
  let parentHash = GENESIS_PARENT_HASH;
  for (const signed of chainOf(20, { keypair: SigningKeypair.fromSeed(seed2) })) {
    const { seq, timestampNanos, event } = signed;
    const line = sealedLine({ seq, timestampNanos, parentHash, eventText: event.toString() }, seed2);
    t.is(line, signed.toLine());
    parentHash = signed.selfHash;
    lines.push(line);
  }
  const report = verifyChain(lines, { signers: publicKeyPem(seed2), expectedHead: { seq: 19, hash: parentHash } });
  t.is(report.verdict, 'verified');
});

test('a signer may be given as hex, as PEM, and in a file of either', async (t) => {
  const folder = newFolder(t);
  const ledger = join(folder, 'ledger.ndjson');
  writeLedger(ledger, chainOf(3));
  const hex = publicKeyHex(seed1);
  const pem = publicKeyPem(seed1);
  const files: Record<string, string> = {
    'hex.pub': hex,
    'hex-lf.pub': `${hex}\n`,
    'upper.pub': ` ${hex.toUpperCase()}\r\n`,
    'pem.pub': pem,
    'pem-crlf.pub': `\n${pem.replaceAll('\n', '\r\n')}`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const paths = Object.keys(files).map((name) => join(folder, name));
  const forms = [hex, hex.toUpperCase(), pem, pem.trim(), ...paths, ...paths.map((path) => pathToFileURL(path))];
  for (const form of forms) {
    for (const signers of [form, [form], [publicKeyHex(seed2), form, form]]) {
      const report = await verifyFile(ledger, { signers });
      t.is(report.checks.signer, 'pinned', String(form));
      t.deepEqual(report.signers, [{ publicKey: hex, first: 0, last: 2, pinned: true }]);
    }
  }
  const other = await verifyFile(ledger, { signers: publicKeyPem(seed2) });
  t.like(other, { verdict: 'broken', code: 'untrusted_signer', brokenAt: 0, line: 1 });
});

test('what is no Ed25519 public key cannot be pinned', async (t) => {
  const ledger = newPath(t);
  writeLedger(ledger, chainOf(1));
  const pemOf = (type: 'rsa' | 'x25519' | 'ec', options: object) =>
    (generateKeyPairSync(type as 'rsa', options as never) as unknown as { publicKey: KeyObject }).publicKey.export({
      format: 'pem',
      type: 'spki',
    }) as string;
  const privatePem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  const pem = publicKeyPem(seed1);
  const texts = [
    `01${'00'.repeat(31)}`,
    `${'00'.repeat(32)}`,
    `02${'00'.repeat(31)}`,
    'ff'.repeat(32),
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    pemOf('rsa', { modulusLength: 1024 }),
    pemOf('x25519', {}),
    pemOf('ec', { namedCurve: 'P-256' }),
    privatePem,
    pem.slice(0, 60),
    '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n',
  ];
  const badKey = { instanceOf: SealwrightTypeError, code: 'ERR_PUBLIC_KEY' } as const;
  const file = newPath(t, 'signer.pub');
  for (const text of texts) {
    await t.throwsAsync(verifyFile(ledger, { signers: text }), badKey as object, text);
    writeFileSync(file, text);
    const error = throwsError(t, () => verifyChain([], { signers: [key1.publicKeyHex, file] }), badKey, text);
    t.true(error.message.includes(file));
  }
  for (const text of [
    '',
    'hello',
    key1.publicKeyHex.slice(1),
    `${key1.publicKeyHex}00`,
    'x'.repeat(20_000),
    '\0'.repeat(32),
  ]) {
    writeFileSync(file, text);
    throwsError(t, () => verifyChain([], { signers: file }), badKey, text);
  }
});

test('a signer file that cannot be read is told from one that holds no key', (t) => {
  const { link } = danglingLink(t);
  const unreadable = { instanceOf: LedgerError, code: 'ERR_PUBLIC_KEY' } as const;
  throwsError(t, () => verifyChain([], { signers: newPath(t, 'missing.pub') }), { ...unreadable, osCode: 'ENOENT' });
  throwsError(t, () => verifyChain([], { signers: link }), { ...unreadable, osCode: 'ENOENT' });
  for (const path of [newFolder(t), newFifo(t), '/dev/zero']) {
    const error = throwsError(t, () => verifyChain([], { signers: path }), unreadable, path);
    t.true(error.cause instanceof Error);
  }
});

test('signers that are no signers are refused', (t) => {
  for (const signers of [
    [],
    '',
    null,
    1,
    {},
    [undefined],
    [''],
    [key1],
    ['\ud800'],
    new URL('https://example.com/x.pub'),
    Buffer.from(seed1),
  ]) {
    const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
    throwsError(t, () => verifyChain([], { signers: signers as never }), invalid, inspect(signers));
  }
});
