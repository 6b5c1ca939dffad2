// A compressed ledger verifies as the same ledger that is not, wherever its pieces are cut, and every stream that is not
// whole is refused with its code. The streams are those of vectors/compressed.

import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import * as fc from 'fast-check';
import { type CompressionFormat, decompress, LedgerError, SealwrightTypeError, verifyFileSync, verifyStream } from 'sealwright';
import { reasonOf, rejectsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { chainOf, textOf, toolCalled } from './helpers/ledgers.mts';
import { projectRoot, testWith } from './helpers/parts.mts';
import { hanging, piecesOf } from './helpers/pieces.mts';

const vectors = join(projectRoot, 'vectors');
const ledgerPath = join(vectors, 'chains', 'all_kinds.ndjson');
const ledger = readFileSync(ledgerPath);

interface Expected {
  readonly format: CompressionFormat;
  readonly bytes: number | null;
  readonly code: string | null;
}

const expected = JSON.parse(readFileSync(join(vectors, 'compressed', 'expected.json'), 'utf8')) as Record<string, Expected>;
const streamOf = (name: string) => readFileSync(join(vectors, 'compressed', name));

/** What came out, how it ended, and what it was said to be. */
async function decoded(source: AsyncIterable<Uint8Array>, maxBytes?: number) {
  const pieces: Uint8Array[] = [];
  const formats: CompressionFormat[] = [];
  let code: string | null = null;
  try {
    const onFormat = (format: CompressionFormat) => formats.push(format);
    for await (const piece of decompress(source, { maxBytes, onFormat })) pieces.push(piece);
  } catch (error) {
    if (!LedgerError.is(error)) throw error;
    code = error.code;
  }
  return { contents: Buffer.concat(pieces), code, formats };
}

for (const [name, { format, bytes, code }] of Object.entries(expected)) {
  test(name, async (t) => {
    const outcome = await decoded(createReadStream(join(vectors, 'compressed', name)));
    t.deepEqual([outcome.code, outcome.formats], [code, [format]]);
    if (bytes !== null) t.true(outcome.contents.equals(ledger.subarray(0, bytes)));
  });
}

test('property: wherever a stream is cut, the same comes out', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(expected), ''),
      fc.infiniteStream(fc.nat({ max: 700 })),
      fc.option(fc.nat({ max: 5000 }), { nil: undefined }),
      async (name, sizes, maxBytes) => {
        const stream = name === '' ? ledger : streamOf(name);
        const cut = await decoded(piecesOf(stream, () => sizes.next().value as number), maxBytes);
        t.deepEqual(cut, await decoded(Readable.from([stream]), maxBytes), name);
      },
    ),
  );
});

test('a compressed ledger has the report of the ledger', async (t) => {
  const report = verifyFileSync(ledgerPath).toJSON();
  for (const name of ['gzip-members.gz', 'zstd-frames.zst']) {
    t.deepEqual((await verifyStream(decompress(createReadStream(join(vectors, 'compressed', name))))).toJSON(), report);
  }
  t.deepEqual((await verifyStream(decompress(createReadStream(ledgerPath)))).toJSON(), report);
});

test('what is not compressed goes through as it is', async (t) => {
  for (const stream of ['', 'x', '\u001f', '{"seq":0}\n', '\n\n\n', 'P*M', '(\u00b5']) {
    const bytes = Buffer.from(stream, 'latin1');
    t.deepEqual(await decoded(piecesOf(bytes, 1)), { contents: bytes, code: null, formats: ['none'] });
  }
});

test('many MiB, in pieces smaller and larger than a block', async (t) => {
  const whole = Buffer.from(textOf(chainOf(12_000, { event: (seq) => toolCalled({ seq }) })));
  const stream = gzipSync(whole);
  for (const size of [4093, 1 << 20, 3_000_000, stream.length]) {
    const { contents, code } = await decoded(piecesOf(stream, size));
    t.true(code === null && contents.equals(whole), `${size}`);
  }
});

for (const program of ['gzip', 'zstd'] as const) {
  testWith([program], `what ${program}(1) writes, at each level`, async (t) => {
    const path = newPath(t);
    writeFileSync(path, ledger);
    for (let level = 1; level <= (program === 'gzip' ? 9 : 19); level += 1) {
      const packed = execFileSync(program, [`-${level}`, '-c', path]);
      t.deepEqual(await decoded(Readable.from([packed])), { contents: ledger, code: null, formats: [program] });
    }
  });
}

test('maxBytes counts what comes out, compressed or not', async (t) => {
  for (const stream of [ledger, streamOf('gzip-members.gz'), streamOf('zstd-frames.zst')]) {
    t.is((await decoded(piecesOf(stream, 500), ledger.length)).code, null);
    const { contents, code } = await decoded(piecesOf(stream, 500), ledger.length - 1);
    t.is(code, 'ERR_COMPRESSED_TOO_LARGE');
    t.is(contents.length, ledger.length - 1);
  }
});

test('memory does not grow with what comes out', async (t) => {
  // 1 GiB of blank lines, below the ratio that is refused: runs of 128 KiB, and bytes that are skipped.
  const runs = Buffer.alloc(4 * 1024, Buffer.from([0x02, 0x00, 0x10, 0x0a]));
  const frame = Buffer.concat([Buffer.from('28b52ffd0068', 'hex'), runs, Buffer.from('010000', 'hex')]);
  const skippable = Buffer.concat([Buffer.from('502a4d18', 'hex'), Buffer.from([0xf0, 0x49, 2, 0]), Buffer.alloc(150_000)]);
  let count = 0;
  const before = process.memoryUsage().external;
  for await (const { length } of decompress(Readable.from(Array.from({ length: 8 }, () => [skippable, frame]).flat()))) {
    count += length;
    t.true(process.memoryUsage().external - before < 256 << 20);
  }
  t.is(count, 1 << 30);
});

test('an iteration that is left lets go of its source', async (t) => {
  for (const stream of [ledger, streamOf('gzip-of-a-pipe.gz')]) {
    let left = false;
    const source = (async function* () {
      try {
        for (;;) yield stream;
      } finally {
        left = true;
      }
    })();
    for await (const _ of decompress(source)) break;
    t.true(left);
  }
});

test('an abort is heard while the source is awaited', async (t) => {
  const controller = new AbortController();
  const source = (async function* () {
    yield streamOf('gzip-of-a-pipe.gz').subarray(0, 1000);
    yield* hanging();
  })();
  const contents = decompress(source, { signal: controller.signal });
  await contents.next();
  const next = contents.next();
  controller.abort(new Error('enough'));
  t.is(await reasonOf(next), controller.signal.reason);
  t.deepEqual(await contents.next(), { done: true, value: undefined });
  const aborted = decompress(Readable.from([ledger]), { signal: AbortSignal.abort('before') });
  t.is(await reasonOf(aborted.next()), 'before');
});

test('what the source and onFormat throw comes through', async (t) => {
  const failure = new Error('the disk is gone');
  const failing = new PassThrough();
  failing.write(streamOf('zstd-of-a-pipe.zst').subarray(0, 100));
  const next = decompress(failing).next();
  failing.destroy(failure);
  t.is(await reasonOf(next), failure);
  const onFormat = () => {
    throw failure;
  };
  t.is(await reasonOf(decompress(Readable.from([ledger]), { onFormat }).next()), failure);
});

test('wrong arguments are refused at once, wrong pieces where they come', async (t) => {
  const refused = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  for (const source of [undefined, null, 'text', ledger, [ledger], 7]) t.throws(() => decompress(source as never), refused);
  const source = Readable.from([ledger]);
  for (const options of [{ maxBytes: '7' }, { onFormat: 'gzip' }, { signal: 1 }, { format: 'gzip' }]) {
    t.throws(() => decompress(source, options as never), refused);
  }
  for (const maxBytes of [-1, 1.5, 2 ** 60]) t.throws(() => decompress(source, { maxBytes }), { code: 'ERR_OUT_OF_RANGE' });
  await rejectsError(t, () => decompress(Readable.from(['text']) as never).next(), refused);
});
