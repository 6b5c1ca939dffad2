// What the viewer's page computes by itself: links, places of rows, what is chosen, how a verdict and the steps of an event
// are worded.

import { gzipSync } from 'node:zlib';
import test from 'ava';
import * as fc from 'fast-check';
import { type SegmentsReport, verifyChain } from 'sealwright';
import { parseHeadText } from '../../src/cli/head-text.ts';
import { EMBEDDED_ID, embeddedText } from '../../viewer/embedded.ts';
import { Collector } from '../../viewer/model/collector.ts';
import { chosenRows, EVERYTHING, formatInput, parseInput } from '../../viewer/page/choice.ts';
import { embeddedFiles } from '../../viewer/page/embedded-files.ts';
import { formatMoment, formatNanos } from '../../viewer/page/format.ts';
import { capital, judge, splitHeadline } from '../../viewer/page/judge.ts';
import { formatLink, parseLink, rowOfSeq } from '../../viewer/page/link.ts';
import { placesOf } from '../../viewer/page/places.ts';
import { stepsOf } from '../../viewer/page/steps.ts';
import { trustOf } from '../../viewer/page/trust.ts';
import { MAX_HEIGHT, scrollToRow, windowAt } from '../../viewer/page/virtual.ts';
import { chainOf, DIGEST, key1, textOf, toolCalled } from '../helpers/ledgers.mts';

function modelOf(text: string) {
  const collector = new Collector();
  collector.file('ledger.ndjson', Buffer.byteLength(text));
  collector.block(Buffer.from(text));
  return collector.finish();
}

test('a link names an event by its seq, and nothing else is one', (t) => {
  t.is(parseLink('#seq=42'), 42);
  for (const other of ['', '#', '#seq=', '#seq=-1', '#seq=4x', '#seq=9999999999999999', '#SEQ=4', '#seq=4&x=1']) t.is(parseLink(other), null, other);
  t.is(parseLink(formatLink(7)), 7);
  t.is(formatLink(-1), '#');
  const { events } = modelOf(textOf(chainOf(5).slice(2)));
  t.deepEqual([2, 3, 4, 5, 0].map((seq) => rowOfSeq(events, seq)), [0, 1, 2, -1, -1]);
});

test('every row of a table of any length can be scrolled to, and is drawn where it is seen', (t) => {
  const lengths = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 200_000, max: 20_000_000 }));
  fc.assert(
    fc.property(lengths, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (count, from, to) => {
      const rows = { count, rowHeight: 34, viewHeight: 600 };
      const { height } = windowAt(rows, 0);
      const row = Math.min(count - 1, Math.floor(to * count));
      const scrollTop = scrollToRow(rows, from * Math.max(0, height - 600), row);
      const { first, end, top } = windowAt(rows, scrollTop);
      const y = top + (row - first) * 34 - scrollTop;
      return height <= MAX_HEIGHT && first >= 0 && end <= count && row >= first && row < end && end - first < 60 && y >= -0.01 && y + 34 <= 600.01;
    }),
  );
  t.pass();
});

test('a row that is seen is not moved', (t) => {
  const rows = { count: 1000, rowHeight: 10, viewHeight: 100 };
  t.is(scrollToRow(rows, 200, 25), 200);
  t.is(scrollToRow(rows, 200, 19), 190);
  t.is(scrollToRow(rows, 200, 30), 210);
  t.is(scrollToRow(rows, 200, 500), 4955);
});

test('places of rows are those of the events, with one more where trust ends', (t) => {
  const chosen = Uint32Array.of(1, 4, 5, 9);
  const cases = [
    [null, null, [0, 1, 2]],
    [null, 1, [0, -1, 1, 2]],
    [null, 3, [0, 1, 2, -1]],
    [chosen, null, [1, 4, 5, 9]],
    [chosen, 5, [1, 4, -1, 5, 9]],
    [chosen, 0, [-1, 1, 4, 5, 9]],
  ] as const;
  for (const [rows, end, wanted] of cases) {
    const places = placesOf(3, rows, end);
    t.deepEqual(Array.from({ length: places.count }, (_, place) => places.rowAt(place)), [...wanted]);
    for (const [place, row] of wanted.entries()) if (row !== -1) t.is(places.placeOf(row), place);
    const near = wanted.indexOf(-1 as never);
    if (near !== -1) t.is(places.rowNear(near, true), near === 0 ? null : (wanted[near - 1] ?? null));
    if (near !== -1) t.is(places.rowNear(near, false), wanted[near + 1] ?? wanted[near - 1] ?? null);
  }
  t.is(placesOf(10, chosen, null).placeOf(2), -1);
});

test('events are chosen by what the bar says, and all of them when it says nothing', (t) => {
  const model = modelOf(textOf(chainOf(6, { event: (seq) => toolCalled({ seq }) })));
  t.is(chosenRows(model, EVERYTHING, null), null);
  t.deepEqual([...(chosenRows(model, { ...EVERYTHING, text: 'x' }, Uint32Array.of(2, 4)) ?? [])], [2, 4]);
  // A search that has not ended has found nothing.
  t.deepEqual([...(chosenRows(model, { ...EVERYTHING, text: 'x' }, null) ?? [])], []);
  t.deepEqual([...(chosenRows(model, { ...EVERYTHING, text: 'TOOL', within: 'label', from: 1_700_000_004_000 }, null) ?? [])], [4, 5]);
  t.is(parseInput(formatInput(1_700_000_004_250)), 1_700_000_004_250);
  t.is(formatInput(null), '');
  t.is(parseInput(''), null);
});

test('a headline is told in its parts', (t) => {
  const chain = chainOf(7);
  const intact = splitHeadline(judge(verifyChain(chain).toJSON()).headline);
  t.deepEqual(intact, { title: 'Intact', sentence: 'Nothing is broken in 7 events.', limits: ['signer', 'head', 'first'] });
  const head = { seq: 6, hash: chain[6]?.selfHash ?? '' };
  const verified = splitHeadline(judge(verifyChain(chain, { signers: [key1.publicKeyHex], expectedHead: head }).toJSON()).headline);
  t.deepEqual(verified, {
    title: 'Verified',
    sentence: '7 events, each under a key that you named, your head among them.',
    limits: ['first', 'what followed event 6'],
  });
  const broken = splitHeadline(judge(verifyChain([...chain.slice(0, 3), ...chain.slice(4)]).toJSON()).headline);
  t.is(broken.title, 'Broken at line 4');
  t.deepEqual(broken.limits, []);
  t.regex(broken.sentence, /; 3 events before it hold\.$/);
  t.deepEqual(splitHeadline(judge(verifyChain([]).toJSON()).headline), { title: 'Empty', sentence: 'There is no event, so nothing is shown.', limits: [] });
  t.is(capital('self_hash is'), 'self_hash is');
});

test('trust ends at the first row that was not verified', (t) => {
  const chain = chainOf(7);
  const text = textOf(chain);
  const model = modelOf(`${text}{"torn`);
  t.is(trustOf(model, null).rows, 8);
  const intact = verifyChain(chain).toJSON();
  t.deepEqual([trustOf(model, { report: intact }).rows, trustOf(model, { report: intact }).end], [7, null]);
  const broken = verifyChain([...chain.slice(0, 3), ...chain.slice(4)]).toJSON();
  const { end, rows } = trustOf(model, { report: broken });
  t.deepEqual([rows, end?.row, end?.line, end?.count, end?.title], [3, 3, 4, 5, 'Broken at line 4']);
  // A file is missing: it breaks between two lines, of which the report names none.
  const missing = { ...(broken as unknown as SegmentsReport), line: null } as unknown as typeof broken;
  const between = trustOf(model, { report: missing }).end;
  t.deepEqual([between?.row, between?.title], [3, 'Broken in front of line 4']);
  const cut = trustOf(modelOf(text), { report: verifyChain(chain, { expectedHead: { seq: 9, hash: DIGEST } }).toJSON() });
  t.deepEqual([cut.rows, cut.end?.row, cut.end?.title], [7, 7, 'Broken at its end']);
  const stopped = trustOf(model, { failure: { code: 'ERR_LEDGER_IO', message: 'gone', report: { ...intact, eventCount: 2 } } });
  t.deepEqual([stopped.rows, stopped.end?.title, stopped.drawn?.ok], [2, 'Verification stops at line 3', false]);
  t.is(trustOf(model, { failure: { code: 'ERR_INTERNAL', message: 'a defect' } }).rows, 0);
});

test('the steps of an event fail where it was changed, moved, or signed by another', (t) => {
  const explanation = {
    seq: 3,
    timestampNanos: '0',
    kind: 'Custom',
    payload: '{}',
    parentHash: 'b'.repeat(64),
    selfHash: 'a'.repeat(64),
    signature: '',
    signer: 'c'.repeat(64),
    canonical: '{"ä":1}',
    recomputedHash: 'a'.repeat(64),
    signatureHolds: true,
    isWritersSpelling: true,
  };
  const previous = { row: 2, selfHash: 'b'.repeat(64) };
  const key = { publicKey: 'c'.repeat(64), fingerprint: '', source: '' };
  const statuses = (change: object, before: typeof previous | null = previous, browser: string | null = 'a'.repeat(64), keys = [key]) =>
    stepsOf({ row: 3, line: '', explanation: { ...explanation, ...change }, previous: before }, browser, keys).map(({ status }) => status);
  t.deepEqual(statuses({}), ['pass', 'pass', 'pass', 'pass', 'pass', 'pass']);
  t.deepEqual(statuses({ recomputedHash: 'd'.repeat(64), signatureHolds: false }), ['pass', 'fail', 'fail', 'pass', 'fail', 'pass']);
  t.deepEqual(statuses({ parentHash: 'e'.repeat(64) }), ['pass', 'pass', 'pass', 'fail', 'pass', 'pass']);
  t.deepEqual(statuses({}, null, null, []), ['pass', 'pass', 'not-checked', 'not-checked', 'pass', 'not-checked']);
  t.deepEqual(statuses({ seq: 0, parentHash: '0'.repeat(64) }, null)[3], 'pass');
  t.deepEqual(statuses({ seq: 0 }, null)[3], 'fail');
  t.is(statuses({ signer: 'f'.repeat(64) })[5], 'not-checked');
  t.true(stepsOf({ row: 3, line: '', explanation, previous }, null, [])[0]?.message.startsWith('8 bytes'));
});

test('times keep every digit, and what is no time is empty', (t) => {
  t.is(formatNanos('1700000000123456789'), '2023-11-14 22:13:20.123456789 UTC');
  t.is(formatNanos('1700000000000000000'), '2023-11-14 22:13:20 UTC');
  t.is(formatMoment(1_700_000_000_123.9), '2023-11-14 22:13:20.123');
  t.is(formatMoment(Number.NaN), '');
  t.is(formatMoment(1e300), '');
});

test('a head is read as the command line reads it', (t) => {
  const hash = 'a'.repeat(64);
  t.deepEqual(parseHeadText(`41:${hash}`), { seq: 41, hash });
  for (const text of ['', `41:${hash}a`, `x:${hash}`, `41:${hash.toUpperCase()}`, `9999999999999999:${hash}`]) t.is(parseHeadText(text), null);
});

test('data inside of a page comes out as it went in, and no text in it ends its block', async (t) => {
  const contents = Buffer.from('</script><script>alert(1)</script>\n');
  const text = embeddedText({ schemaVersion: 1, files: [{ name: '</script>.ndjson', gzip: gzipSync(contents).toString('base64') }] });
  t.false(text.includes('<'));
  const [file] = await embeddedFiles(text);
  t.is(file?.name, '</script>.ndjson');
  t.is(await file?.blob.text(), contents.toString());
  t.deepEqual(await embeddedFiles(' '), []);
  await t.throwsAsync(embeddedFiles('{"schemaVersion":2,"files":[]}'), { message: /version 2/ });
  t.is(EMBEDDED_ID, 'embedded');
});
