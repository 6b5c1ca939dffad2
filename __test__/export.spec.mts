// exportLedger: what the Provedex command line writes, of every ledger, without losing a digit.

import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ChainError, exportLedger, LedgerError, SealwrightTypeError } from 'sealwright';
import { parseJson } from './helpers/canonical.mts';
import { reasonOf, reasonOfDisturbed, reasonOfGivenUp, rejectsError } from './helpers/errors.mts';
import { newFifo, newFolder, newPath } from './helpers/folders.mts';
import { chainOf, ended, forged, key1, key2, linesOf, newLedger, type NewLedger, newSegments, openSession, textOf, toolCalled, writeLedger } from './helpers/ledgers.mts';
import { vectorsFolder } from './helpers/vectors.mts';

const chain = chainOf(5);
const peer = join(vectorsFolder, 'peers', 'provedex');
const withoutTime = (text: string) => text.replace(/"generated_at": "[^"]+"/, '"generated_at": ""');

interface Bundle {
  readonly schema_version: number;
  readonly generated_at: string;
  readonly chain_report: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly seq: number }[];
}

function place(t: ExecutionContext, text = textOf(chain)): NewLedger & { readonly output: string } {
  const { folder, ledger } = newLedger(t, text);
  return { folder, ledger, output: join(folder, 'events.json') };
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Bundle;
const temporaries = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

test('it is what the Provedex command line writes, byte for byte but for the time', async (t) => {
  const output = newPath(t, 'events.json');
  const before = Date.now();
  const { eventCount } = await exportLedger(join(peer, 'ledger_200_fixed_ts.ndjson'), output);
  t.is(eventCount, 200);
  const [ours, theirs] = [output, join(peer, 'export_bundle_200.json')].map((path) => readFileSync(path, 'utf8'));
  t.is(withoutTime(ours ?? ''), withoutTime(theirs ?? ''));
  const { generated_at: time } = read(output);
  t.regex(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00$/);
  t.true(Date.parse(time) >= before && Date.parse(time) <= Date.now());
});

test('every value is what it is in the ledger, as the writer spells it', async (t) => {
  for (const name of ['integers', 'doubles', 'unicode', 'odd_keys', 'odd_spelling', 'crlf_no_final_lf', 'blank_lines', 'deepest', 'free_values', 'all_kinds', 'unknown_kinds']) {
    const ledger = join(vectorsFolder, 'chains', `${name}.ndjson`);
    const output = newPath(t, 'events.json');
    const { eventCount } = await exportLedger(ledger, output);
    const lines = readFileSync(ledger, 'utf8').split('\n').filter((line) => line.trim() !== '');
    t.is(eventCount, lines.length, name);
    const document = parseJson(readFileSync(output, 'utf8')) as ReadonlyMap<string, unknown>;
    t.deepEqual(document.get('events'), lines.map(parseJson), name);
  }
});

test('an empty ledger has no events, as serde_json prints it', async (t) => {
  const { ledger, output } = place(t, '');
  t.is((await exportLedger(ledger, output)).eventCount, 0);
  t.true(readFileSync(output, 'utf8').endsWith('"events": []\n}'));
  t.deepEqual(read(output).events, []);
  t.like(read(output).chain_report, { status: 'valid', event_count: 0, root_hash: '0'.repeat(64) });
});

test('all segments are one document', async (t) => {
  const { folder, ledger } = await newSegments(t);
  const output = join(folder, 'events.json');
  for (const where of [ledger, join(folder, 'ledger.0-9.ndjson'), folder, join(folder, 'ledger*.ndjson')]) {
    const { eventCount, report } = await exportLedger(where, output);
    t.is(eventCount, 25);
    t.is(report.files.length, 3);
    t.deepEqual(read(output).events.map(({ seq }) => seq), Array.from({ length: 25 }, (_, seq) => seq));
  }
});

test('lines longer than what is read at once are whole', async (t) => {
  const long = chainOf(7, { event: (seq) => toolCalled({ text: `${seq}`.repeat(seq * 700_000) }) });
  const { ledger, output } = place(t, textOf(long));
  await exportLedger(ledger, output);
  t.deepEqual(read(output).events as unknown, textOf(long).trimEnd().split('\n').map((line) => JSON.parse(line) as unknown));
});

test('a broken ledger is exported whole, and the document says so', async (t) => {
  const lines = chain.map((event, index) => (index === 2 ? forged(event) : event.toLine()));
  for (const tail of ['', '\n', '\n{"seq":5,"ti']) {
    const { ledger, output } = place(t, lines.join('\n') + tail);
    const { eventCount, report } = await exportLedger(ledger, output);
    t.is(report.code, 'bad_signature');
    t.is(eventCount, 5);
    const { chain_report: said, events } = read(output);
    t.deepEqual(said, { status: 'broken', event_count: 5, broken_at_seq: 2, broken_reason: report.reason, root_hash: chain[1]?.selfHash });
    t.deepEqual(events.map(({ seq }) => seq), [0, 1, 2, 3, 4]);
  }
});

test('a torn tail is left out', async (t) => {
  const { ledger, output } = place(t, `${textOf(chain)}{"seq":5,"timesta`);
  t.is((await exportLedger(ledger, output)).eventCount, 5);
  t.is(read(output).events.length, 5);
});

test('signers and a head are compared', async (t) => {
  const { ledger, output } = place(t);
  const { report } = await exportLedger(ledger, output, { signers: key1.publicKeyHex, expectedHead: { seq: 4, hash: chain[4]?.selfHash ?? '' } });
  t.is(report.verdict, 'verified');
  t.is((await exportLedger(ledger, output, { signers: key2.publicKeyHex })).report.code, 'untrusted_signer');
  t.is(read(output).chain_report['status'], 'broken');
  t.is(read(output).events.length, 5);
});

test('behind a fault a line that is no JSON cannot be exported', async (t) => {
  const { folder, ledger, output } = place(t, `${forged(chain[0])}\ngarbage\n${textOf(chain.slice(1))}`);
  await rejectsError(t, () => exportLedger(ledger, output), { instanceOf: ChainError, code: 'ERR_LEDGER_MALFORMED', line: 2 });
  writeFileSync(ledger, `${forged(chain[0])}\n"${'x'.repeat(20_000_000)}`);
  await rejectsError(t, () => exportLedger(ledger, output), { instanceOf: ChainError, code: 'ERR_LINE_TOO_LONG' });
  t.deepEqual(readdirSync(folder), ['ledger.ndjson']);
});

test('nothing is written over what is read, or over what is no regular file', async (t) => {
  const { folder, ledger } = await newSegments(t, { count: 5, maxEvents: 2 });
  const link = join(newFolder(t), 'link');
  symlinkSync(join(folder, 'ledger.0-1.ndjson'), link);
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
  const refused = { instanceOf: LedgerError, code: 'ERR_OUTPUT_REFUSED' } as const;
  for (const output of [ledger, link, join(folder, 'ledger.2-3.ndjson'), join(folder, 'ledger.5-9.ndjson'), `${ledger}.lock`, folder, newFifo(t), '/dev/null']) {
    await rejectsError(t, () => exportLedger(ledger, output), refused, output);
    await rejectsError(t, () => exportLedger(folder, output), refused, output);
  }
  t.deepEqual(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]), before);
});

test('what was at the output is replaced when the document is whole, and stays when it is not', async (t) => {
  const { folder, ledger, output } = place(t);
  writeFileSync(output, 'before', { mode: 0o644 });
  const reason = new Error('enough');
  t.is(await reasonOf(exportLedger(ledger, output, { signal: AbortSignal.abort(reason) })), reason);
  const long = place(t, textOf(chainOf(12, { event: (seq) => toolCalled(`${seq}`.repeat(1_500_000)) })));
  t.is(await reasonOfGivenUp(reason, (watching) => exportLedger(long.ledger, output, watching), () => writeFileSync(output, 'before')), reason);
  const cut = () => truncateSync(long.ledger, 10);
  t.true((await reasonOfDisturbed(cut, (onProgress) => exportLedger(long.ledger, output, { onProgress }), () => writeFileSync(output, 'before'))) instanceof LedgerError);
  await t.throwsAsync(exportLedger(join(folder, 'missing'), output), { code: 'ERR_LEDGER_NOT_FOUND' });
  t.is(readFileSync(output, 'utf8'), 'before');
  t.deepEqual(temporaries(folder), []);
  await t.throwsAsync(exportLedger(ledger, join(folder, 'missing', 'events.json')), { code: 'ERR_OUTPUT_REFUSED' });
  const link = join(newFolder(t), 'link.json');
  symlinkSync(output, link);
  await exportLedger(ledger, link);
  t.is(statSync(output).mode & 0o777, 0o600);
  t.is(read(link).events.length, 5);
});

test('arguments are checked', async (t) => {
  const { ledger, output } = place(t);
  const wrong = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  for (const args of [[undefined, output], [ledger, undefined], [ledger, ''], [ledger, output, { more: 1 }], [ledger, output, { signal: 1 }]]) {
    await rejectsError(t, () => exportLedger(...(args as Parameters<typeof exportLedger>)), wrong);
  }
  t.false(existsSync(output));
});

test('a ledger behind what was pruned is exported from where it begins', async (t) => {
  const folder = newFolder(t);
  const ledger = join(folder, 'ledger.ndjson');
  const session = await openSession(t, { ledgerPath: ledger, rotate: { maxEvents: 2 }, events: 'extended' });
  for (let number = 0; number < 5; number += 1) await session.record(ended(number));
  await session.prune({ before: 2 });
  await session.close();
  const output = join(folder, 'events.json');
  await exportLedger(ledger, output);
  const { events, chain_report: said } = read(output);
  t.is(events[0]?.seq, 2);
  t.is(said['status'], 'valid');
  t.is(events.length, linesOf(join(folder, 'ledger.2-3.ndjson')).length + linesOf(ledger).length);
});

test('a ledger that is written to is exported as far as it was verified', async (t) => {
  const { ledger, output } = place(t, textOf(chainOf(12, { event: (seq) => toolCalled(`${seq}`.repeat(1_500_000)) })));
  const { eventCount } = await exportLedger(ledger, output, { onProgress: () => writeFileSync(ledger, 'more', { flag: 'a' }) });
  t.is(eventCount, 12);
  writeLedger(ledger, chain);
  t.is((await exportLedger(ledger, output)).eventCount, 5);
});
