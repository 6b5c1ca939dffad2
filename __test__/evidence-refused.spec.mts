// What is refused as a pack: everything that `packEvidence` does not write, each with a code that says what it is.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { type ErrorCode, LedgerError, verifyChain } from 'sealwright';
import { openEvidence, packEvidence, verifyEvidence } from 'sealwright/evidence';
import { rejectsError } from './helpers/errors.mts';
import { newFifo, newFolder, newPath } from './helpers/folders.mts';
import { chainOf, textOf } from './helpers/ledgers.mts';
import { testWith } from './helpers/parts.mts';
import { type Files, type Frame, manifestOf, type Part, partsOf, zipOf } from './helpers/zips.mts';

const chain = chainOf(5);
const text = textOf(chain);
const files: Files = {
  'VERIFY.md': 'read this',
  'ledger.ndjson': text,
  'claimed-keys.json': JSON.stringify({ schemaVersion: 1, keys: [] }),
  'report.json': JSON.stringify(verifyChain(chain)),
};
const good = partsOf(files);

function packAt(t: ExecutionContext, bytes: Uint8Array): string {
  const path = newPath(t, 'evidence.zip');
  writeFileSync(path, bytes);
  return path;
}

/** The entries of a good pack, the ledger's changed. */
function withLedger(change: Partial<Part>): Part[] {
  return good.map((part) => (part.name === 'ledger.ndjson' ? { ...part, ...change } : part));
}

async function refuses(t: ExecutionContext, bytes: Uint8Array, code: ErrorCode, what: string): Promise<void> {
  const path = packAt(t, bytes);
  const error = await rejectsError(t, () => verifyEvidence(path), { instanceOf: LedgerError, code }, what);
  t.regex(error.message, /^[^A-Z]|^VERIFY/, what);
}

test('a pack that is in order is taken, stored or deflated, with or without descriptors', async (t) => {
  const descriptor = (bytes: Buffer) => bytes;
  const variants: readonly (readonly Part[])[] = [
    good,
    good.map((part) => ({ ...part, method: 8 })),
    good.map((part) => ({ ...part, descriptor, flags: 0x800 })),
    good.map((part) => ({ ...part, method: 8, descriptor })),
    good.map((part) => ({ ...part, mode: 0 })),
    good.toReversed(),
  ];
  for (const parts of variants) {
    const { report, claims } = await verifyEvidence(packAt(t, zipOf(parts)));
    t.like(report, { verdict: 'intact', eventCount: 5 });
    t.deepEqual(claims.tool, { name: 'test', version: '0' });
  }
});

for (const name of ['/ledger.ndjson', 'C:/ledger.ndjson', '../ledger.ndjson', 'segments/../ledger.ndjson', 'segments\\ledger.ndjson', 'segments/', 'segments/ledger.01-2.ndjson', 'segments/other.ndjson', 'segments/ledger.1-2.ndjson.lock', 'Ledger.ndjson', 'ledger.ndjson\0', './ledger.ndjson', 'extra.txt', '']) {
  test(`an entry called ${JSON.stringify(name)} is refused`, async (t) => {
    await refuses(t, zipOf([...good, { name, data: '' }]), 'ERR_EVIDENCE_ENTRY', name);
    await refuses(t, zipOf([{ name, data: '' }, ...good]), 'ERR_EVIDENCE_ENTRY', name);
  });
}

const entries: Readonly<Record<string, readonly Part[]>> = {
  'a second entry of the same name': [...good, { name: 'ledger.ndjson', data: text }],
  'an encrypted entry': withLedger({ flags: 1 }),
  'a strongly encrypted entry': withLedger({ flags: 0x41 }),
  'a symbolic link': withLedger({ mode: 0o120_777 }),
  'a folder by its mode': withLedger({ mode: 0o040_755 }),
  'a folder by its attribute': withLedger({ dosAttributes: 0x10, mode: 0 }),
  'a FIFO': withLedger({ mode: 0o010_600 }),
  'a device': withLedger({ mode: 0o060_600 }),
  'bzip2': withLedger({ method: 12 }),
  'zstd': withLedger({ method: 93 }),
  'a patched entry': withLedger({ flags: 0x20 }),
  'a comment of an entry': withLedger({ comment: 'x' }),
  'another name in an extra field': withLedger({ extra: Buffer.from([0x75, 0x70, 1, 0, 1]) }),
};

for (const [what, parts] of Object.entries(entries)) {
  test(`${what} is refused`, async (t) => {
    const code = what.startsWith('a strongly') ? 'ERR_EVIDENCE_INVALID' : 'ERR_EVIDENCE_ENTRY';
    await refuses(t, zipOf(parts), code, what);
  });
}

const packed = deflateRawSync(text);
const lies: Readonly<Record<string, readonly Part[]>> = {
  'a local header with another name': withLedger({ local: { name: 'report.jsonx ' } }),
  'a local header with another compression': withLedger({ local: { method: 8 } }),
  'a local header with other flags': withLedger({ local: { flags: 0x800 } }),
  'a local header with another CRC-32': withLedger({ local: { crc: 1 } }),
  'a local header with another size': withLedger({ local: { size: 1 } }),
  'a local header with an extra field': withLedger({ local: { extra: Buffer.alloc(4) } }),
  'a local header with sizes and a descriptor': withLedger({ descriptor: (bytes) => bytes, local: { size: text.length } }),
  'a descriptor with another CRC-32': withLedger({ descriptor: (bytes) => (bytes.writeUInt32LE(1, 4), bytes) }),
  'a descriptor with another size': withLedger({ descriptor: (bytes) => (bytes.writeUInt32LE(1, 12), bytes) }),
  'a descriptor without a signature': withLedger({ descriptor: (bytes) => bytes.subarray(4) }),
  'another CRC-32 in both headers': withLedger({ crc: 1 }),
  'a size that is too small': withLedger({ method: 8, size: text.length - 1 }),
  'a size that is too large': withLedger({ method: 8, size: text.length + 1 }),
  'a stored entry whose sizes differ': withLedger({ size: text.length + 1 }),
  'bytes behind the compressed data': withLedger({ method: 8, packed: Buffer.concat([packed, Buffer.from('hidden')]) }),
  'compressed data that is cut': withLedger({ method: 8, packed: packed.subarray(0, -5) }),
  'compressed data that is none': withLedger({ method: 8, packed: Buffer.alloc(50, 0xff) }),
  'bytes between two entries': withLedger({ gap: Buffer.from('hidden') }),
};

for (const [what, parts] of Object.entries(lies)) {
  test(`${what} is found`, async (t) => {
    // A size is first compared with the manifest, which is signed by nobody either.
    const codes: readonly ErrorCode[] = what.startsWith('a size') ? ['ERR_EVIDENCE_DIGEST'] : ['ERR_EVIDENCE_INVALID'];
    await refuses(t, zipOf(parts), codes[0]!, what);
  });
}

test('a size that the manifest repeats is still found to be a lie', async (t) => {
  for (const difference of [-1, 1]) {
    const manifest = manifestOf(files).replace(`"bytes":${text.length}`, `"bytes":${text.length + difference}`);
    const parts = withLedger({ method: 8, size: text.length + difference });
    const all = parts.map((part) => (part.name === 'manifest.json' ? { name: part.name, data: manifest } : part));
    await refuses(t, zipOf(all), 'ERR_EVIDENCE_INVALID', String(difference));
  }
});

const frames: Readonly<Record<string, Frame>> = {
  'bytes in front of it': { prefix: Buffer.from('#!/bin/sh\n') },
  'bytes in front of it that its offsets know': { prefix: Buffer.from('#!/bin/sh\n'), shifted: true },
  'bytes in front of its directory': { beforeDirectory: Buffer.from('hidden') },
  'bytes behind it': { suffix: Buffer.from('hidden') },
  'a second pack behind it': { suffix: zipOf(good) },
  'a comment': { comment: 'hello' },
  'a comment that is an end itself': { comment: zipOf(good).subarray(-22).toString('latin1') },
  'another disk': { disk: 1 },
  'fewer entries than it says': { count: good.length + 1 },
  'more entries than it says': { count: good.length - 1 },
};

for (const [what, frame] of Object.entries(frames)) {
  test(`a pack with ${what} is refused`, (t) => refuses(t, zipOf(good, frame), 'ERR_EVIDENCE_INVALID', what));
}

test('entries that share bytes are refused', async (t) => {
  const bytes = zipOf(good);
  const directory = bytes.indexOf('PK\u0001\u0002');
  const second = bytes.indexOf('PK\u0001\u0002', directory + 4);
  bytes.writeUInt32LE(0, second + 42);
  await refuses(t, bytes, 'ERR_EVIDENCE_INVALID', 'overlap');
});

test('every shorter pack, and one with any byte of its frame changed, is refused or the same', async (t) => {
  const bytes = zipOf(good);
  for (let length = 0; length < bytes.length; length += 97) {
    await refuses(t, bytes.subarray(0, length), 'ERR_EVIDENCE_INVALID', `${length}`);
  }
  const path = newPath(t, 'evidence.zip');
  const directory = bytes.indexOf('PK\u0001\u0002');
  let accepted = 0;
  for (let at = directory; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    writeFileSync(path, changed);
    try {
      const { report } = await verifyEvidence(path);
      // Times, versions and modes say nothing.
      t.is(report.eventCount, 5);
      accepted += 1;
    } catch (error) {
      t.true(LedgerError.is(error), `${at}: ${String(error)}`);
      t.regex((error as LedgerError).code, /^ERR_EVIDENCE_/, `${at}`);
    }
  }
  t.true(accepted > 0 && accepted < 25 * good.length, `${accepted}`);
});

const manifests: Readonly<Record<string, readonly [string, ErrorCode]>> = {
  'no JSON': ['{', 'ERR_EVIDENCE_MANIFEST'],
  'another value': ['[]', 'ERR_EVIDENCE_MANIFEST'],
  'another version': [manifestOf(files).replace('"schemaVersion":1', '"schemaVersion":2'), 'ERR_EVIDENCE_MANIFEST'],
  'a key twice': [manifestOf(files).replace('{', '{"schemaVersion":1,'), 'ERR_EVIDENCE_MANIFEST'],
  'no tool': [manifestOf(files).replace('"tool"', '"tools"'), 'ERR_EVIDENCE_MANIFEST'],
  'a digest in upper case': [manifestOf(files).replace(/"sha256":"([0-9a-f]+)"/, (_, digest: string) => `"sha256":"${digest.toUpperCase()}"`), 'ERR_EVIDENCE_MANIFEST'],
  'a file that is not there': [manifestOf({ ...files, 'head.json': '{}' }), 'ERR_EVIDENCE_DIGEST'],
  'a file twice': [manifestOf(files).replace('"entries":[', `"entries":[{"name":"VERIFY.md","bytes":9,"sha256":"${'0'.repeat(64)}"},`), 'ERR_EVIDENCE_DIGEST'],
  'a file less': [manifestOf(Object.fromEntries(Object.entries(files).slice(1))), 'ERR_EVIDENCE_MANIFEST'],
  'another size': [manifestOf({ ...files, 'ledger.ndjson': `${text} ` }), 'ERR_EVIDENCE_DIGEST'],
  'another digest': [manifestOf({ ...files, 'ledger.ndjson': text.replace('0', '1') }), 'ERR_EVIDENCE_DIGEST'],
  'another digest of a small file': [manifestOf({ ...files, 'VERIFY.md': 'read that' }), 'ERR_EVIDENCE_DIGEST'],
};

for (const [what, [manifest, code]] of Object.entries(manifests)) {
  test(`a manifest with ${what} is refused`, async (t) => {
    t.not(manifest, manifestOf(files));
    const parts = good.map((part) => (part.name === 'manifest.json' ? { ...part, data: manifest } : part));
    await refuses(t, zipOf(parts), code, what);
  });
}

test('a pack without one of its files is refused', async (t) => {
  await refuses(t, zipOf(good.filter(({ name }) => name !== 'manifest.json')), 'ERR_EVIDENCE_MANIFEST', 'manifest');
  for (const name of Object.keys(files)) {
    const rest = Object.fromEntries(Object.entries(files).filter(([other]) => other !== name));
    await refuses(t, zipOf(partsOf(rest)), 'ERR_EVIDENCE_MANIFEST', name);
  }
  const both = { ...files, 'segments/ledger.ndjson': text };
  await refuses(t, zipOf(partsOf(both)), 'ERR_EVIDENCE_MANIFEST', 'both');
});

test('claims that are not of their form are refused', async (t) => {
  for (const [name, data] of [
    ['head.json', '{"schemaVersion":1,"head":{"seq":-1,"hash":"x"}}'],
    ['head.json', '{"schemaVersion":1,"head":{"seq":1,"seq":2}}'],
    ['claimed-keys.json', '{"schemaVersion":1,"keys":[{"publicKey":"x","first":0,"last":0}]}'],
    ['report.json', '{"schemaVersion":1}'],
    ['report.json', Buffer.from([0x7b, 0xff, 0x7d])],
  ] as const) {
    await refuses(t, zipOf(partsOf({ ...files, [name]: data })), 'ERR_EVIDENCE_MANIFEST', name);
  }
});

test('a broken ledger does not hide a digest that is wrong', async (t) => {
  const broken = `${text.replace('"reason":"0"', '"reason":"9"')}`;
  const manifest = manifestOf({ ...files, 'ledger.ndjson': broken });
  const changed = broken.replace('"reason":"4"', '"reason":"8"');
  const parts = [...Object.entries({ ...files, 'ledger.ndjson': changed }), ['manifest.json', manifest] as const].map(([name, data]) => ({ name, data }));
  await refuses(t, zipOf(parts), 'ERR_EVIDENCE_DIGEST', 'changed');
  const malformed = { ...files, 'ledger.ndjson': 'garbage\n' };
  await t.throwsAsync(verifyEvidence(packAt(t, zipOf(partsOf(malformed)))), { code: 'ERR_LEDGER_MALFORMED' });
});

test('bombs are refused before they are unpacked', async (t) => {
  const bomb = Buffer.alloc(50_000_000);
  const parts = good.map((part) => (part.name === 'ledger.ndjson' ? { ...part, data: bomb, method: 8 } : part));
  await refuses(t, zipOf(parts), 'ERR_EVIDENCE_TOO_LARGE', 'bomb');
  await refuses(t, zipOf(withLedger({ size: 2 ** 32 - 2, method: 8 })), 'ERR_EVIDENCE_TOO_LARGE', 'claimed');
  const small = packAt(t, zipOf(good));
  const total = good.reduce((sum, { data }) => sum + data.length, 0);
  await rejectsError(t, () => openEvidence(small, { maxBytes: total - 1 }), { instanceOf: LedgerError, code: 'ERR_EVIDENCE_TOO_LARGE' });
  await (await openEvidence(small, { maxBytes: total })).close();
  const long = { ...files, 'VERIFY.md': Buffer.alloc(17 * 1024 * 1024) };
  await refuses(t, zipOf(partsOf(long)), 'ERR_EVIDENCE_TOO_LARGE', 'small file');
});

test('what is no file, or none that can be read, is refused without waiting for it', async (t) => {
  await rejectsError(t, () => openEvidence(newPath(t)), { instanceOf: LedgerError, code: 'ERR_EVIDENCE_IO', osCode: 'ENOENT' });
  await rejectsError(t, () => openEvidence(newFolder(t)), { instanceOf: LedgerError, code: 'ERR_EVIDENCE_INVALID' });
  await rejectsError(t, () => openEvidence(newFifo(t)), { instanceOf: LedgerError, code: 'ERR_EVIDENCE_INVALID' });
});

test('a pack that is cut while it is read ends in an error', async (t) => {
  const path = packAt(t, zipOf(good.toReversed()));
  const evidence = await openEvidence(path);
  truncateSync(path, 2000);
  await t.throwsAsync(async () => {
    for await (const _ of evidence.read('ledger.ndjson'));
  }, { code: 'ERR_EVIDENCE_INVALID' });
  await t.throwsAsync(evidence.read('other').next(), { code: 'ERR_EVIDENCE_ENTRY' });
  await evidence.close();
});

testWith(['python'], 'another program reads a pack, and a pack that it wrote in another form is refused', async (t) => {
  const folder = newFolder(t);
  const [ledger, output] = [join(folder, 'ledger.ndjson'), join(folder, 'evidence.zip')];
  writeFileSync(ledger, text);
  const { entries: written } = await packEvidence({ ledger, output });
  const script = `
import hashlib, json, sys, zipfile
pack = zipfile.ZipFile(sys.argv[1])
assert pack.testzip() is None
print(json.dumps([{"name": i.filename, "bytes": i.file_size, "sha256": hashlib.sha256(pack.read(i)).hexdigest()} for i in pack.infolist()]))
again = zipfile.ZipFile(sys.argv[2], "w")
for info in pack.infolist():
    again.writestr(info.filename, pack.read(info))
again.writestr("extra.txt", b"")
again.close()
`;
  const again = join(folder, 'again.zip');
  const read = JSON.parse(execFileSync('python3', ['-c', script, output, again]).toString()) as typeof written;
  t.deepEqual(read.slice(0, -1), [...written]);
  t.is(read.at(-1)?.name, 'manifest.json');
  t.is(read[1]?.sha256, createHash('sha256').update(readFileSync(ledger)).digest('hex'));
  await rejectsError(t, () => verifyEvidence(again), { instanceOf: LedgerError, code: 'ERR_EVIDENCE_ENTRY' });
});
