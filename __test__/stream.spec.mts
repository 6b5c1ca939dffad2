// A ledger that comes in pieces verifies as the same bytes in a file do, wherever they are cut; the source is left when
// the verdict is decided, when the caller aborts, and when the source itself fails.

import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { inspect } from 'node:util';
import test from 'ava';
import * as fc from 'fast-check';
import { ChainError, SealwrightRangeError, SealwrightTypeError, verifyFileSync, verifyStream } from 'sealwright';
import { reasonOf, rejectsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { chainOf, key1, textOf, toolCalled, writeLedger } from './helpers/ledgers.mts';
import { hanging, piecesOf } from './helpers/pieces.mts';

const chain = chainOf(6, { event: (seq) => toolCalled({ seq, text: 'é😀\u2028' }) });
const text = textOf(chain);
const bytes = Buffer.from(text);
const last = chain.at(-1);
const options = { signers: key1.publicKeyHex, expectedHead: { seq: 5, hash: last?.selfHash ?? '' } };

/** A source that counts what is taken from it, and knows whether it was left before its end. */
function watched(pieces: readonly (Uint8Array | string)[]) {
  const state = { taken: 0, left: false };
  const source = (async function* () {
    try {
      for (const piece of pieces) {
        state.taken += 1;
        yield piece;
      }
    } finally {
      state.left = state.taken < pieces.length;
    }
  })();
  return { source, state };
}

test('property: wherever the bytes are cut, the report is that of the file', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  const expected = verifyFileSync(path, options);
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat({ max: 900 })), async (sizes) => {
      const pieces = piecesOf(bytes, () => sizes.next().value as number);
      t.deepEqual((await verifyStream(pieces, options)).toJSON(), expected.toJSON());
    }),
  );
});

test('bytes of several MiB, in pieces smaller and larger than a block', async (t) => {
  const long = chainOf(12_000, { event: (seq) => toolCalled({ seq }) });
  const whole = Buffer.from(textOf(long));
  for (const size of [4093, 65_536, 1 << 20, (1 << 20) + 1, 3_000_000, whole.length]) {
    t.like(
      await verifyStream(piecesOf(whole, size), { signatures: 'last' }),
      { verdict: 'intact', eventCount: 12_000, bytes: whole.length },
      `${size}`,
    );
  }
});

test('a source may be a stream, a generator, and give strings', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  const characters = Array.from(text);
  const sources: Record<string, AsyncIterable<Uint8Array | string>> = {
    'a file': createReadStream(path),
    'a file, as text': createReadStream(path, { encoding: 'utf8', highWaterMark: 5 }),
    'a stream': Readable.from([bytes]),
    'a pass-through': new PassThrough().end(bytes),
    'a web stream': new Blob([bytes]).stream() as unknown as AsyncIterable<Uint8Array>,
    strings: watched([text]).source,
    'single characters': watched(characters).source,
    'bytes and strings': watched([bytes.subarray(0, 10), text.slice(10)]).source,
    'empty pieces': watched(['', bytes, new Uint8Array(), '']).source,
  };
  for (const [name, source] of Object.entries(sources))
    t.is((await verifyStream(source, options)).verdict, 'verified', name);
});

test('nothing at all is empty', async (t) => {
  t.like(await verifyStream(watched([]).source), { verdict: 'empty', bytes: 0 });
});

test('bytes of a piece may be changed once the next one is asked for', async (t) => {
  const buffer = new Uint8Array(7);
  async function* reusing() {
    for (let start = 0; start < bytes.length; start += 7) {
      const length = bytes.copy(buffer, 0, start, start + 7);
      yield buffer.subarray(0, length);
    }
  }
  t.is((await verifyStream(reusing(), options)).verdict, 'verified');
});

test('the source is left once the ledger is proven broken', async (t) => {
  const broken = Buffer.from(text.replace('"seq":1', '"seq":7'));
  const filler = Buffer.alloc(1 << 20, ' ');
  const { source, state } = watched([broken, ...Array.from({ length: 20 }, () => filler)]);
  t.like(await verifyStream(source), { verdict: 'broken', code: 'seq_mismatch', line: 2 });
  t.true(state.left);
  t.true(state.taken < 10);
});

test('an error of a line comes with its place and the report of the lines before', async (t) => {
  const before = textOf(chain.slice(0, 2));
  const { source } = watched([before, 'gar', 'bage\n']);
  const place = { line: 3, byteOffset: Buffer.byteLength(before) };
  const error = await rejectsError(t, () => verifyStream(source), {
    instanceOf: ChainError,
    code: 'ERR_LEDGER_MALFORMED',
    ...place,
  });
  t.like(error.report, { verdict: 'intact', eventCount: 2 });
});

test("an abort is heard while the source hangs, with the signal's reason", async (t) => {
  for (const reason of [new Error('enough'), 'text', undefined]) {
    const controller = new AbortController();
    const verifying = verifyStream(hanging(), { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    t.is(await reasonOf(verifying), controller.signal.reason);
    const fired = AbortSignal.abort(reason);
    t.is(await reasonOf(verifyStream(hanging(), { signal: fired })), fired.reason);
  }
});

test('an abort between two pieces leaves the source', async (t) => {
  const controller = new AbortController();
  const { source, state } = watched([bytes, bytes, bytes]);
  async function* aborting() {
    for await (const piece of source) {
      controller.abort(new Error('enough'));
      yield piece;
    }
  }
  t.is(await reasonOf(verifyStream(aborting(), { signal: controller.signal })), controller.signal.reason);
  await new Promise(setImmediate);
  t.true(state.left);
});

test('a signal that never fires changes nothing', async (t) => {
  const { signal } = new AbortController();
  t.is((await verifyStream(piecesOf(bytes, 100), { ...options, signal })).verdict, 'verified');
});

test('what the source throws is what the caller gets', async (t) => {
  for (const thrown of [new Error('connection lost'), 'text', undefined]) {
    async function* failing() {
      yield bytes;
      throw thrown;
    }
    t.is(await reasonOf(verifyStream(failing())), thrown);
    t.is(await reasonOf(verifyStream(failing(), { signal: new AbortController().signal })), thrown);
  }
  await t.throwsAsync(verifyStream(createReadStream(newPath(t))), { code: 'ENOENT' });
});

test('what is no piece is refused', async (t) => {
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  for (const piece of [
    1,
    null,
    undefined,
    {},
    [1],
    new ArrayBuffer(1),
    new Uint16Array(1),
    JSON.parse(chain[0]?.toLine() ?? ''),
  ]) {
    await rejectsError(t, () => verifyStream(watched([piece as string]).source), invalid, inspect(piece));
  }
  const lone = { instanceOf: SealwrightTypeError, code: 'ERR_JSON_STRING' } as const;
  for (const pieces of [['\ud83d'], ['"\ud83d', '\ude00"']])
    await rejectsError(t, () => verifyStream(watched(pieces).source), lone);
});

test('wrong arguments are refused before the source is touched', async (t) => {
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  for (const source of [undefined, null, 1, text, bytes, [text], {}]) {
    await rejectsError(t, () => verifyStream(source as never), invalid, inspect(source).slice(0, 40));
  }
  for (const wrong of [null, 1, { onProgress: () => {} }, { signal: {} }, { signatures: 'some' }, { path: 'x' }]) {
    const { source, state } = watched([text]);
    await rejectsError(t, () => verifyStream(source, wrong as object), invalid, inspect(wrong));
    t.is(state.taken, 0);
  }
  await rejectsError(t, () => verifyStream(hanging(), { maxLineBytes: 0 }), {
    instanceOf: SealwrightRangeError,
    code: 'ERR_OUT_OF_RANGE',
  });
});

test('a line in memory is never longer than the limit, however long it is in the stream', async (t) => {
  const piece = Buffer.alloc(4 << 20, 'x');
  const long = [text, ...Array.from({ length: 50 }, () => piece)];
  t.like(await verifyStream(watched(long).source), { verdict: 'intact', eventCount: 6, tail: { bytes: 200 << 20 } });
  await rejectsError(t, () => verifyStream(watched([...long, '\n']).source), {
    instanceOf: ChainError,
    code: 'ERR_LINE_TOO_LONG',
    line: 7,
  });
});

test('bytes that were given away are refused, not taken for none', async (t) => {
  const given = Uint8Array.from(bytes);
  structuredClone(given, { transfer: [given.buffer] });
  async function* pieces() {
    yield given;
  }
  const expected = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  await rejectsError(t, () => verifyStream(pieces()), expected);
});

test('a source that is left early has ended when the report is there', async (t) => {
  let closed = false;
  async function* source() {
    try {
      for (;;) yield 'garbage\n'.repeat(1 << 18);
    } finally {
      await new Promise((resolve) => void setTimeout(resolve, 20));
      closed = true;
    }
  }
  for (const signal of [undefined, new AbortController().signal]) {
    closed = false;
    await rejectsError(t, () => verifyStream(source(), { signal }), {
      instanceOf: ChainError,
      code: 'ERR_LEDGER_MALFORMED',
      line: 1,
      byteOffset: 0,
    });
    t.true(closed);
  }
});
