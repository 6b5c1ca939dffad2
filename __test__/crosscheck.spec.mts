// Crosscheck takes what the main package takes, says what it says, and refuses what it refuses; sources of its own are
// text, bytes, lines, pieces and streams.

import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import * as main from 'sealwright';
import {
  type ByteStream,
  ChainError,
  type Ledger,
  LedgerError,
  SealwrightTypeError,
  verifyFile,
  verifyLines,
  type VerifyProgress,
  type VerifyStreamOptions,
} from 'sealwright/crosscheck';
import { publicKeyHex, publicKeyPem } from './helpers/canonical.mts';
import { outcomeOf, room } from './helpers/crosscheck.mts';
import { reasonOf, rejectsError } from './helpers/errors.mts';
import { danglingLink, newFifo, newFolder, newPath } from './helpers/folders.mts';
import { chainOf, DIGEST, key1, seed1, seed2, textOf, toolCalled, writeLedger } from './helpers/ledgers.mts';
import { hanging, piecesOf } from './helpers/pieces.mts';
import { projectRoot, testWith } from './helpers/parts.mts';

const chain = chainOf(5, { event: (seq) => toolCalled({ seq, text: 'é😀' }) });
const text = textOf(chain);
const bytes = Buffer.from(text);
const head = { seq: 4, hash: chain.at(-1)?.selfHash ?? '' };
const options = { signers: key1.publicKeyHex, expectedHead: head };
const long = textOf(chainOf(3000, { event: (seq) => toolCalled({ seq, text: 'x'.repeat(400) }) }));

const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;

/** Asserts that both verifiers come to the same, be it an error. */
async function agree(t: ExecutionContext, path: unknown, given: unknown, title: string): Promise<void> {
  const [native, own] = [main.verifyFile, verifyFile].map((verify) =>
    outcomeOf(() => verify(path as string, given as object)),
  );
  t.deepEqual(await own, (await native) as object, title);
}

test('errors, report and float() are those of the main package', (t) => {
  t.is(ChainError, main.ChainError);
  t.is(LedgerError, main.LedgerError);
  t.is(SealwrightTypeError, main.SealwrightTypeError);
});

test('wrong arguments are refused as the main package refuses them', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  const seed = Buffer.from(seed1);
  const wrongPaths = [undefined, null, '', 'a\0b', '\ud800', 1, {}, seed, new URL('https://example.com/')];
  for (const wrong of wrongPaths) await agree(t, wrong, undefined, inspect(wrong));
  const wrongOptions: unknown[] = [
    null, 'all', 1, [], { unknown: 1 }, { signatures: 'some' }, { signatures: null }, { events: 'all' },
    { spelling: 'canonical' }, { maxLineBytes: '1' }, { maxLineBytes: 0 }, { maxLineBytes: 0.5 }, { maxLineBytes: NaN },
    { maxLineBytes: 2 ** 53 }, { expectedFirst: 'abc' }, { expectedFirst: DIGEST.toUpperCase() }, { expectedFirst: 1 },
    { expectedFirst: '\ud800' }, { expectedFirst: `${DIGEST}\n` }, { expectedHead: null }, { expectedHead: DIGEST },
    { expectedHead: { seq: 0 } }, { expectedHead: { hash: DIGEST } }, { expectedHead: { seq: 0n, hash: DIGEST } },
    { expectedHead: { seq: 0, hash: 'abc' } }, { expectedHead: { seq: 0, hash: DIGEST, extra: 1 } },
    { expectedHead: { seq: -1, hash: DIGEST } }, { expectedHead: { seq: 2 ** 53, hash: DIGEST } },
    { signers: [] }, { signers: '' }, { signers: null }, { signers: 1 }, { signers: [undefined] }, { signers: ['\ud800'] },
    { signers: new URL('https://example.com/x.pub') }, { signers: seed }, { signers: ['-----BEGIN\ud800'] },
    { signal: null }, { signal: {} }, { onProgress: null }, { onProgress: 'f' },
  ];
  for (const wrong of wrongOptions) await agree(t, path, wrong, inspect(wrong));
  await agree(
    t,
    path,
    { signers: undefined, signal: undefined, onProgress: undefined, maxLineBytes: undefined },
    'none',
  );
});

test('what is no ledger file is refused as the main package refuses it', async (t) => {
  const folder = newFolder(t);
  const file = join(folder, 'file');
  writeLedger(file, chain);
  symlinkSync(file, join(folder, 'link'));
  symlinkSync('loop', join(folder, 'loop'));
  const socket = join(folder, 'socket');
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const { link } = danglingLink(t);
  const paths = [
    join(folder, 'missing'),
    link,
    join(file, 'below'),
    folder,
    newFifo(t),
    '/dev/zero',
    '/dev/null',
    socket,
  ];
  for (const path of [
    ...paths,
    join(folder, 'loop'),
    join(folder, 'x'.repeat(300)),
    join(folder, 'link'),
    pathToFileURL(file),
  ]) {
    await agree(t, path, undefined, String(path));
    const [native, own] = await Promise.all([main.verifyFile, verifyFile].map((verify) => osCodeOf(verify(path))));
    t.is(own, native, String(path));
  }
  await rejectsError(t, () => verifyFile(folder), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_A_FILE' });
});

async function osCodeOf(verifying: Promise<unknown>): Promise<unknown> {
  return verifying.then(
    () => undefined,
    (error: LedgerError) => error.osCode,
  );
}

testWith(['unprivileged'], 'a ledger that may not be read is refused with the reason of the system', (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  const script = `
    const { verifyFile } = require('sealwright/crosscheck');
    process.setgid(65534);
    process.setuid(65534);
    verifyFile(process.argv[1]).catch(({ name, code, osCode }) => console.log(name, code, osCode));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, path], { cwd: projectRoot, encoding: 'utf8' });
  t.is(stdout, 'LedgerError ERR_LEDGER_IO EACCES\n', stderr);
});

test('a signer may be given as hex, as PEM, and in a file of either', async (t) => {
  const folder = newFolder(t);
  const ledger = join(folder, 'ledger.ndjson');
  writeLedger(ledger, chain);
  const [hex, pem] = [publicKeyHex(seed1), publicKeyPem(seed1)];
  const good = [hex, ` ${hex.toUpperCase()}\r\n`, pem, `\n${pem.trim()} `, pem.replaceAll('\n', '\r\n')];
  const bad = [
    'hello', hex.slice(1), `${hex}00`, 'x'.repeat(20_000), '\0'.repeat(32), `01${'00'.repeat(31)}`, 'ff'.repeat(32),
    pem.slice(0, 60), '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n', pem.replace('PUBLIC', 'PRIVATE'),
    pem.replace('MCow', 'MCox'), `${pem}${pem}`, `text\n${pem}`, `${pem}text`, pem.replace('=', ''), pem.replaceAll('\n', ''),
    pem.replaceAll('-----', '----'), pem.replace('BQYDK2Vw', 'BQYDK2Vu'), pem.replace('MCow', 'M Cow'),
  ];
  for (const [index, form] of [...good, ...bad].entries()) {
    const file = join(folder, `${index}.pub`);
    writeFileSync(file, form);
    for (const signers of [file, pathToFileURL(file), [publicKeyHex(seed2), file]])
      await agree(t, ledger, { signers }, inspect(form));
    if (form.includes('-----BEGIN') || good.includes(form) || /^[0-9a-f]{64}$/.test(form))
      await agree(t, ledger, { signers: form }, inspect(form));
    if (good.includes(form)) t.is((await verifyFile(ledger, { ...options, signers: file })).verdict, 'verified');
  }
  for (const signers of [newPath(t), folder, newFifo(t), danglingLink(t).link]) {
    await agree(t, ledger, { signers }, signers);
    await rejectsError(t, () => verifyFile(ledger, { signers }), { instanceOf: LedgerError, code: 'ERR_PUBLIC_KEY' });
  }
});

/** A stream that can be read but not iterated, as in browsers that are not the newest. */
function readOnly(source: Uint8Array): ByteStream {
  const stream = new Blob([source as Uint8Array<ArrayBuffer>]).stream();
  return { getReader: () => stream.getReader() };
}

test('a ledger may be text, bytes, lines, pieces or a stream', async (t) => {
  const lines = chain.map((signed) => signed.toLine());
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const ledgers: Record<string, Ledger> = {
    text,
    bytes,
    'bytes of another realm': Object.setPrototypeOf(new Uint8Array(bytes), Object.create(Uint8Array.prototype)),
    lines,
    'lines with LF': lines.map((line) => `${line}\n`),
    'a set of lines': new Set(lines),
    'lines that come': (async function* () {
      yield* lines;
    })(),
    pieces: [bytes.subarray(0, 700), new Uint8Array(0), bytes.subarray(700)],
    'pieces that come': piecesOf(bytes, 13),
    'a stream': new Blob([bytes]).stream() as unknown as AsyncIterable<Uint8Array>,
    'a stream that is only read': readOnly(bytes),
    'shared memory': [shared],
  };
  for (const [name, ledger] of Object.entries(ledgers)) {
    const report = await verifyLines(ledger, options);
    t.is(report.verdict, 'verified', name);
    t.is(report.bytes, bytes.length, name);
  }
  for (const nothing of ['', new Uint8Array(), [], piecesOf(bytes.subarray(0, 0), 1)])
    t.is((await verifyLines(nothing as Ledger)).verdict, 'empty');
  const cut = await verifyLines(bytes.subarray(0, -5));
  const offset = Buffer.byteLength(textOf(chain.slice(0, 4)));
  t.deepEqual(cut.tail, { offset, bytes: bytes.length - 5 - offset });
});

test('what is no ledger, and kinds that are mixed, are refused', async (t) => {
  const [line = ''] = chain.map((signed) => signed.toLine());
  const given = new Uint8Array([1]);
  structuredClone(given, { transfer: [given.buffer] });
  const wrong: unknown[] = [
    undefined, null, 1, {}, new ArrayBuffer(1), new Blob([bytes]), [1], [null], [JSON.parse(line)], new Uint16Array(1), [line, bytes], [bytes, line],
    Object.defineProperty(new Float64Array(2), Symbol.toStringTag, { value: 'Uint8Array' }),
    [`${line}\n${line}`], ['\n\n'], given, [given], chain,
  ];
  for (const ledger of wrong) await rejectsError(t, () => verifyLines(ledger as Ledger), invalid, inspect(ledger));
  const lone = { instanceOf: SealwrightTypeError, code: 'ERR_JSON_STRING' } as const;
  for (const ledger of ['\ud800', [line, 'a\udc00']]) await rejectsError(t, () => verifyLines(ledger), lone);
  await rejectsError(t, () => verifyLines(text, { onProgress: () => {} } as object), invalid);
});

test('options are refused before the source is touched', async (t) => {
  for (const wrong of [null, { path: 'x' }, { signatures: 'some' }, { signal: {} }]) {
    const untouched = { [Symbol.asyncIterator]: () => t.fail() as never };
    await rejectsError(t, () => verifyLines(untouched, wrong as object), invalid, inspect(wrong));
  }
});

test('the source is left once the ledger is proven broken, and what it throws is what the caller gets', async (t) => {
  let isLeft = false;
  async function* endless() {
    try {
      yield Buffer.from(text.replace('"seq":1', '"seq":7'));
      for (;;) yield Buffer.alloc(1000, ' ');
    } finally {
      isLeft = true;
    }
  }
  t.like(await verifyLines(endless()), { verdict: 'broken', code: 'seq_mismatch', line: 2 });
  t.true(isLeft);
  for (const thrown of [new Error('connection lost'), 'text', undefined]) {
    async function* failing() {
      yield bytes;
      throw thrown;
    }
    t.is(await reasonOf(verifyLines(failing())), thrown);
  }
});

test("an abort is heard at any time, with the signal's reason", async (t) => {
  const path = newPath(t);
  writeFileSync(path, long);
  const verifications = [
    (given: VerifyStreamOptions) => verifyFile(path, given),
    (given: VerifyStreamOptions) => verifyLines(hanging(), given),
    (given: VerifyStreamOptions) => verifyLines(long, given),
  ];
  for (const reason of [new Error('enough'), 'text', undefined]) {
    const before = AbortSignal.abort(reason);
    t.is(await reasonOf(verifyFile(path, { signal: before })), before.reason);
    t.is(await reasonOf(verifyLines(hanging(), { signal: before })), before.reason);
    for (const verify of verifications) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 30);
      t.is(await reasonOf(verify({ signal: controller.signal })), controller.signal.reason);
    }
  }
  const { signal: never } = new AbortController();
  t.is((await verifyLines(piecesOf(bytes, 100), { ...options, signal: never })).verdict, 'verified');
});

test('a stream that is only read is cancelled by an abort while it hangs', async (t) => {
  let isCancelled = false;
  const stream: ByteStream = {
    getReader: () => ({
      read: () => new Promise(() => {}),
      cancel: async () => {
        isCancelled = true;
      },
    }),
  };
  const controller = new AbortController();
  const verifying = verifyLines(stream, { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  t.is(await reasonOf(verifying), controller.signal.reason);
  await new Promise(setImmediate);
  t.true(isCancelled);
});

test('progress is told on the way, and what its listener throws ends the verification', async (t) => {
  const path = newPath(t);
  writeFileSync(path, long);
  const steps: VerifyProgress[] = [];
  await verifyFile(path, { onProgress: (progress) => steps.push(progress) });
  t.true(steps.length > 5);
  for (const [index, { bytes: read, totalBytes, events }] of steps.entries()) {
    t.is(totalBytes, Buffer.byteLength(long));
    t.true(read > (steps[index - 1]?.bytes ?? 0) && read <= totalBytes);
    t.true(events >= (steps[index - 1]?.events ?? 0));
  }
  for (const thrown of [new Error('no more'), 'text', undefined]) {
    const refuse = () => {
      throw thrown;
    };
    t.is(await reasonOf(verifyFile(path, { onProgress: refuse })), thrown);
    t.is(await reasonOf(verifyFile(path, { onProgress: async () => refuse() })), thrown);
  }
});

test('the event loop gets its turn, also from a ledger in memory', async (t) => {
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 1);
  await verifyLines(long);
  clearInterval(counting);
  t.true(turns > 5, `${turns} turns`);
});

test('the length at the start is what is verified; a file that is cut could not be checked', async (t) => {
  const path = newPath(t);
  writeFileSync(path, long);
  const { length } = readFileSync(path);
  const grow = () => writeFileSync(path, 'garbage', { flag: 'a' });
  t.like(await verifyFile(path, { onProgress: grow }), {
    verdict: 'intact',
    eventCount: 3000,
    bytes: length,
    tail: null,
  });
  const cut = verifyFile(path, { onProgress: () => truncateSync(path, 10) });
  await rejectsError(t, () => cut, { instanceOf: LedgerError, code: 'ERR_LEDGER_IO' });
});

test('of a line beyond the limit only the length is kept', async (t) => {
  const { LineSplitter } = room('source');
  const splitter = new LineSplitter(10);
  const found = ['12345', '67890\n', '12345678901', '\n', '\n12'].flatMap((piece) =>
    Array.from(splitter.push(Buffer.from(piece)), (line) => ({
      ...line,
      bytes: line.bytes && Buffer.from(line.bytes).toString(),
    })),
  );
  const line = { isTerminated: true };
  t.deepEqual(found, [
    { ...line, number: 1, offset: 0, length: 10, bytes: '1234567890' },
    { ...line, number: 2, offset: 11, length: 11, bytes: undefined },
    { ...line, number: 3, offset: 23, length: 0, bytes: '' },
  ]);
  t.like(splitter.end(), { number: 4, offset: 24, length: 2, isTerminated: false });
  const filler = Buffer.alloc(4 << 20, 'x');
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  async function* endless() {
    yield bytes;
    for (let count = 0; count < 50; count += 1) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      yield filler;
    }
  }
  t.like((await verifyLines(endless(), { maxLineBytes: 1 << 20 })).tail, { bytes: 200 << 20 });
  t.true(most < 64 << 20, `${most} bytes`);
});

test('hostile lines take time in proportion to their length, and no stack', async (t) => {
  const size = 2 << 20;
  const lines: Record<string, [line: string, code: string]> = {
    digits: [`{"a":${'1'.repeat(size)}}`, 'ERR_LEDGER_MALFORMED'],
    'a long exponent': [`{"a":0.${'0'.repeat(size)}1e${size}}`, 'unsigned_field'],
    'an endless exponent': [`{"a":1e-${'9'.repeat(size)}}`, 'unsigned_field'],
    arrays: [`{"a":${'['.repeat(size)}`, 'ERR_DEPTH_EXCEEDED'],
    objects: ['{"a":'.repeat(size / 5), 'ERR_DEPTH_EXCEEDED'],
    keys: [`{${Array.from({ length: size / 12 }, (_, key) => `"${key * 2 ** 21}":0`).join(',')}}`, 'unsigned_field'],
    'one key': [`{${'"a":0,'.repeat(size / 6)}"a":0}`, 'duplicate_key'],
    escapes: [`{"a":"${'\\u0041'.repeat(size / 6)}"}`, 'unsigned_field'],
    spaces: [`${' '.repeat(size)}{}`, 'missing_field'],
  };
  for (const [name, [line, code]] of Object.entries(lines)) {
    const found = await outcomeOf(() => verifyLines([line]));
    t.is(found['code'], code, name);
    t.deepEqual(found, await outcomeOf(() => main.verifyChain([line])), name);
  }
});
