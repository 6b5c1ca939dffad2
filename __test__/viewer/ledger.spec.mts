// The ledger that a worker of the viewer has read: its lines, searches in it, and what cannot be read.

import { createHash } from 'node:crypto';
import test from 'ava';
import type { Engine, EngineProgress } from '../../viewer/engine.ts';
import { Ledger, READ_BYTES } from '../../viewer/worker/ledger.js';
import { revealDocument, searchLines } from '../../viewer/worker/search.js';
import { BlobSource, type ReadBlob } from '../../viewer/worker/source.js';

/** A blob that can be read at once, as in a worker. */
class Bytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get size(): number {
    return this.bytes.length;
  }

  slice(start = 0, end = this.size): Bytes {
    return new Bytes(this.bytes.slice(start, end));
  }
}

const blobOf = (contents: string | Uint8Array) => new Bytes(Buffer.from(contents as string)) as unknown as Blob;
const readBlob: ReadBlob = (blob) => (blob as unknown as Bytes).bytes;

/** What is used of the engine, without the module. */
const engine = {
  order: (files: readonly unknown[]) => files.map((_, index) => index).toReversed(),
  explain: (line: Uint8Array) => ({ selfHash: `hash of ${Buffer.from(line).toString()}` }),
  canonicalJson: (text: string) => Buffer.from(JSON.stringify(JSON.parse(text))),
  sha256() {
    const hash = createHash('sha256');
    return { update: (bytes: Uint8Array) => void hash.update(bytes), hex: () => hash.digest('hex') };
  },
} as unknown as Engine;

const pause = () => Promise.resolve();
const lineOf = (seq: number, data: unknown) => JSON.stringify({ seq, event: { type: 'Custom', payload: { data } } });

/** A ledger of files, which the engine puts into the other order. */
function ledgerOf(...files: readonly (string | Uint8Array)[]) {
  const told: EngineProgress[] = [];
  const named = files.map((contents, index) => ({ name: `${index}`, blob: blobOf(contents) })).toReversed();
  const { ledger, model } = Ledger.read(named, engine, readBlob, (progress) => told.push(progress));
  return { ledger, model, told };
}

test('a source gives what was asked for, wherever it is asked', (t) => {
  const bytes = Uint8Array.from({ length: 3 << 20 }, (_, index) => index % 251);
  const source = new BlobSource({ name: 'x', blob: blobOf(bytes) }, readBlob);
  for (const [offset, length] of [[0, 10], [5, 10], [(1 << 20) - 3, 6], [0, 3 << 20], [(3 << 20) - 2, 10], [100, 1 << 20], [3 << 20, 5], [7, 0]] as const) {
    t.true(Buffer.from(source.read(offset, length)).equals(bytes.subarray(offset, offset + length)), `${offset}, ${length}`);
  }
});

test('files are read in the order of the engine, and progress is told', (t) => {
  const [first, second] = [`${lineOf(0, 'a')}\n`, `${lineOf(1, 'b')}\n`.repeat(40_000)];
  const { ledger, model, told } = ledgerOf(first, second);
  t.deepEqual(model.files.map(({ name }) => name), ['0', '1']);
  t.is(ledger.rows, 40_001);
  const totalBytes = first.length + second.length;
  t.deepEqual(told.at(-1), { bytes: totalBytes, totalBytes, events: 40_001 });
  t.is(told.length, 1 + Math.ceil(second.length / READ_BYTES));
});

test('an event comes with the one before it, over the files', (t) => {
  const lines = [lineOf(0, 'a'), lineOf(1, 'b')];
  const { ledger } = ledgerOf(`${lines[0]}\n`, `\n${lines[1]}`, '\xff\n');
  t.like(ledger.event(0), { row: 0, line: lines[0], previous: null });
  t.like(ledger.event(1), { row: 1, line: lines[1], previous: { row: 0, selfHash: `hash of ${lines[0]}` } });
  for (const row of [-1, 3, 0.5, Number.NaN]) t.throws(() => ledger.event(row), { code: 'ERR_OUT_OF_RANGE' });
});

test('a line that is too long to be one is not read', async (t) => {
  const long = lineOf(1, 'x'.repeat(17 << 20));
  const { ledger } = ledgerOf(`${lineOf(0, 'x')}\n${long}\n${lineOf(2, 'x')}\n`);
  t.like(ledger.event(1), { line: '', explanation: { code: 'ERR_LINE_TOO_LONG' } });
  t.like(ledger.event(2), { previous: { row: 1, selfHash: '' } });
  t.deepEqual([...(await searchLines(ledger, 'x', pause))], [0, 2]);
});

test('a search finds every line once, whatever piece it is in', async (t) => {
  // Blank lines between them, and some lines longer than what is read at once.
  const lines = Array.from({ length: 300 }, (_, seq) => `${'\n'.repeat(seq % 3)}${lineOf(seq, `${'y'.repeat(seq % 50 === 0 ? READ_BYTES : 20_000)} number ${seq}. "Q" Straße`)}\n`);
  const { ledger } = ledgerOf(lines.slice(0, 170).join(''), lines.slice(170).join(''));
  const search = async (text: string) => [...(await searchLines(ledger, text, pause))];
  t.deepEqual(await search('NUMBER 171.'), [171]);
  t.deepEqual(await search('number 15'), [15, ...Array.from({ length: 10 }, (_, index) => 150 + index)]);
  t.deepEqual(await search('"q" STRAßE'), lines.map((_, row) => row));
  t.deepEqual(await search('}\n{'), []);
});

test('a search ends with what is thrown between pieces, and after 100,000 rows', async (t) => {
  const { ledger } = ledgerOf(`${lineOf(0, 'a')}\n`.repeat(100_001));
  t.is((await searchLines(ledger, 'CUSTOM', pause)).length, 100_000);
  const reason = new Error('another one');
  t.is(await searchLines(ledger, 'b', () => Promise.reject(reason)).catch((error: unknown) => error), reason);
});

test('a digest is found in every field that has it, keys among them', async (t) => {
  const document = 'contents\r\n';
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const [whole, cut] = [sha256(document), sha256('contents')];
  const lines = [
    lineOf(0, { a: [whole, { [whole]: 1 }] }),
    lineOf(1, 'nothing'),
    `${lineOf(2, cut)}`,
    `{"broken":"${whole}"`,
    JSON.stringify({ seq: 4, event: { type: 'Custom', payload: {} }, parent_hash: whole }),
  ];
  const { ledger } = ledgerOf(`${lines.join('\n')}\n`);
  t.deepEqual(await revealDocument(ledger, blobOf(document), engine, readBlob, pause), [
    {
      how: 'bytes',
      sha256: whole,
      matches: [
        { row: 0, field: 'payload.data.a[0]' },
        { row: 0, field: `payload.data.a[1].${whole}` },
        { row: 3, field: '' },
        { row: 4, field: 'parent_hash' },
      ],
    },
    { how: 'bytes without the final line break', sha256: cut, matches: [{ row: 2, field: 'payload.data' }] },
  ]);
  const json = await revealDocument(ledger, blobOf('{ "a": 1 }'), engine, readBlob, pause);
  t.deepEqual(json.map(({ how, sha256: digest }) => [how, digest]), [['bytes', sha256('{ "a": 1 }')], ['canonical JSON', sha256('{"a":1}')]]);
  const canonical = await revealDocument(ledger, blobOf('{"a":1}'), engine, readBlob, pause);
  t.deepEqual(canonical.map(({ how }) => how), ['bytes']);
  t.deepEqual((await revealDocument(ledger, blobOf(''), engine, readBlob, pause)).map(({ sha256: digest }) => digest), [sha256('')]);
});

test('matches of a digest end after a thousand', async (t) => {
  const sha256 = createHash('sha256').update('x').digest('hex');
  const { ledger } = ledgerOf(`${lineOf(0, [sha256, sha256])}\n`.repeat(2000));
  const [bytes] = await revealDocument(ledger, blobOf('x'), engine, readBlob, pause);
  t.is(bytes?.matches.length, 1000);
  t.deepEqual(bytes?.matches.at(-1), { row: 499, field: 'payload.data[1]' });
});
