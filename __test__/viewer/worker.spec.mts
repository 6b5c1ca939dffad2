// The viewer's workers in a real browser: what was dropped is told apart, read, verified, searched and explained there.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deflateRawSync, gzipSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { canonicalSha256, events, type LedgerEvent, verifyChain } from 'sealwright';
import { openEvidence, packEvidence } from 'sealwright/evidence';
import type { Client, Dropped, NamedBlob } from '../../viewer/client.ts';
import type { EngineProgress } from '../../viewer/engine.ts';
import { openScript } from '../helpers/chromium.mts';
import { newPath } from '../helpers/folders.mts';
import { chainOf, key1, linesOfEvents, textOf, toolCalled, writeLedger } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { projectRoot } from '../helpers/project.mts';
import { manifestOf, type Part, partsOf, zipOf } from '../helpers/zips.mts';

const NEEDS: Parameters<typeof testWith>[0] = ['chromium', 'wasm'];
const chain = chainOf(300, { event: (seq) => toolCalled({ text: `number ${seq} "quoted" ÄPFEL`, seq }) });
const ledger = textOf(chain);

/** What the page has. */
interface InPage {
  readonly client: Client;
  /** A client of its own, and of another module. */
  readonly newClient: (wasm?: Uint8Array) => Client;
  readonly fileOf: (file: Handed) => NamedBlob;
  /** Has files sorted. */
  readonly drop: (files: readonly Handed[]) => Promise<Dropped>;
}

/** A file that can be handed to a page. */
interface Handed {
  readonly name: string;
  readonly base64: string;
}

declare global {
  // Left in the page.
  var viewer: InPage;
}

let scripts: Promise<{ readonly page: string; readonly worker: string; readonly wasm: string }> | undefined;

/** A page with a client. */
async function workersPage(t: ExecutionContext): Promise<Page> {
  const { page: script, worker, wasm } = await (scripts ??= bundle());
  const page = await openScript(t, script);
  await page.evaluate(begin, [worker, wasm] as const);
  return page;
}

/** A file for a page. */
function handed(name: string, contents: string | Uint8Array): Handed {
  return { name, base64: Buffer.from(contents as string).toString('base64') };
}

/** Runs in the page. */
function begin([worker, wasm]: readonly [string, string]): void {
  const { createClient } = (globalThis as unknown as { readonly viewerClient: { createClient(options: object): Client } }).viewerClient;
  const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const scriptUrl = URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }));
  const newClient: InPage['newClient'] = (module) => createClient({ scriptUrl, wasm: module ?? bytesOf(wasm) });
  const fileOf: InPage['fileOf'] = ({ name, base64 }) => ({ name, blob: new Blob([bytesOf(base64)]) });
  const client = newClient();
  const drop: InPage['drop'] = (files) => {
    const blobs = files.map(fileOf);
    // oxlint-disable-next-line unicorn/no-array-sort -- it is no array
    return client.sort(blobs);
  };
  globalThis.viewer = { client, newClient, fileOf, drop };
}

async function bundle() {
  const bundled = build({
    bundle: true,
    entryPoints: [join(projectRoot, 'viewer', 'worker', 'client.ts')],
    format: 'iife',
    globalName: 'viewerClient',
    logLevel: 'silent',
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  const { bundleWorker } = (await import(pathToFileURL(join(projectRoot, 'viewer', 'worker', 'bundle.mjs')).href)) as { bundleWorker(): Promise<string> };
  return {
    page: (await bundled).outputFiles[0]?.text ?? '',
    worker: await bundleWorker(),
    wasm: readFileSync(join(projectRoot, 'target', 'wasm', 'engine.wasm')).toString('base64'),
  };
}

testWith(NEEDS, 'a ledger is read and verified, with the model and the report of Node.js', async (t) => {
  const page = await workersPage(t);
  const found = await page.evaluate(async (file) => {
    const { ledger: files, ...rest } = await viewer.drop([file]);
    const told: EngineProgress[] = [];
    const [model, verified] = await Promise.all([
      viewer.client.load(files, (progress) => told.push(progress)),
      viewer.client.verify(files, { signers: [], head: null }, () => undefined),
    ]);
    const { events: table, ...lists } = model;
    return { rest, told, verified, lists, seqs: [...table.seq], columns: Object.values(table).map((column) => (column as Uint8Array).length) };
  }, handed('ledger.ndjson', ledger));
  t.deepEqual(found.rest, { claims: null, keys: [], head: null, refused: [] });
  t.deepEqual(found.verified, { report: verifyChain(chain).toJSON() });
  t.deepEqual(found.seqs, chain.map(({ seq }) => seq));
  t.deepEqual(new Set(found.columns.slice(1)), new Set([300]));
  t.deepEqual(found.lists.files, [{ name: 'ledger.ndjson', bytes: Buffer.byteLength(ledger) }]);
  t.deepEqual(found.lists.signers, [key1.publicKeyHex]);
  const bytes = Buffer.byteLength(ledger);
  t.deepEqual(found.told.at(-1), { bytes, totalBytes: bytes, events: 300 });
});

/** Loads a ledger in a page. */
async function loaded(t: ExecutionContext, text: string) {
  const page = await workersPage(t);
  await page.evaluate(async (file) => void (await viewer.client.load([viewer.fileOf(file)], () => undefined)), handed('ledger.ndjson', text));
  return page;
}

testWith(NEEDS, 'an event is shown in full, and what is no event of the ledger is refused', async (t) => {
  const page = await loaded(t, `${ledger}{"seq":\n`);
  const [first, second, last, none] = await page.evaluate(async () => {
    const refusal = viewer.client.event(301).catch(({ name, code }: Error & { code: string }) => [name, code]);
    return Promise.all([viewer.client.event(0), viewer.client.event(1), viewer.client.event(300), refusal]);
  });
  const lines = linesOfEvents(chain);
  t.like(first, { row: 0, line: lines[0], previous: null });
  t.like(second, { row: 1, line: lines[1], previous: { row: 0, selfHash: chain[0]?.selfHash } });
  t.like(second.explanation, { seq: 1, selfHash: chain[1]?.selfHash, recomputedHash: chain[1]?.selfHash, signatureHolds: true });
  t.like(last, { line: '{"seq":', explanation: { code: 'ERR_LEDGER_MALFORMED' }, previous: { row: 299, selfHash: chain[299]?.selfHash } });
  t.deepEqual(none, ['Failure', 'ERR_OUT_OF_RANGE']);
});

testWith(NEEDS, 'text is found in lines in any case of letters, and a quote as it is typed', async (t) => {
  const page = await loaded(t, ledger);
  const search = (text: string) => page.evaluate(async (wanted) => [...(await viewer.client.search(wanted))], text);
  t.deepEqual(await search('NUMBER 17 '), [17]);
  t.deepEqual(await search('"quoted" äpfel'), chain.map(({ seq }) => seq));
  t.deepEqual(await search(chain[250]?.selfHash ?? ''), [250, 251]);
  t.deepEqual(await search('no such text'), []);
});

testWith(NEEDS, 'another search ends the one before, and an event is shown meanwhile', async (t) => {
  const page = await workersPage(t);
  const outcomes = await page.evaluate(async (line) => {
    const blob = new Blob([`${line}\n`.repeat(100_000)]);
    await viewer.client.load([{ name: 'ledger.ndjson', blob }], () => undefined);
    const order: string[] = [];
    const tell = (what: string) => (value: unknown) => order.push(`${what}: ${value instanceof Error ? value.name : 'done'}`);
    const first = viewer.client.search('no such text').then(tell('first'), tell('first'));
    const second = viewer.client.search('nor such text').then(tell('second'), tell('second'));
    await Promise.all([first, second, viewer.client.event(0).then(tell('event'))]);
    return order;
  }, linesOfEvents(chain)[0] ?? '');
  t.deepEqual(outcomes.toSorted(), ['event: done', 'first: AbortError', 'second: done']);
  t.is(outcomes.at(-1), 'second: done');
});

testWith(NEEDS, 'a verifier that cannot be loaded is told of', async (t) => {
  const page = await workersPage(t);
  const failures = await page.evaluate(async () => {
    const client = viewer.newClient(Uint8Array.of(1, 2, 3));
    const files = [{ name: 'ledger.ndjson', blob: new Blob(['{}']) }];
    const codeOf = ({ code, message }: Error & { code: string }) => `${code}: ${message.split(':')[0]}`;
    const verified = await client.verify(files, { signers: [], head: null }, () => undefined);
    return [await client.load(files, () => undefined).catch(codeOf), 'failure' in verified && codeOf(verified.failure as Error & { code: string })];
  });
  t.deepEqual(failures, Array.from({ length: 2 }, () => 'ERR_INTERNAL: the verifier cannot be loaded here'));
});

testWith(NEEDS, 'the events that a document is meant by are found, and the field that has its digest', async (t) => {
  const text = 'the whole transcript\n';
  const sha256 = (contents: string) => createHash('sha256').update(contents).digest('hex');
  const value = { b: 1.5, a: ['é'] };
  const recorded: readonly LedgerEvent[] = [
    events.sessionStarted({ agentId: 'a', modelId: 'm', sessionId: 's' }),
    events.utteranceSpoken({ textSha256: sha256(text), text: '', audioSha256: sha256(text) }),
    events.toolCalled({ toolName: 't', argsSha256: canonicalSha256(value), argsRedacted: { of: [{ digest: `sha256:${sha256(text.trim())}` }] } }),
  ];
  const page = await loaded(t, textOf(chainOf(3, { event: (seq) => recorded[seq] as LedgerEvent })));
  const reveal = (document: string) => page.evaluate((contents) => viewer.client.reveal(new Blob([contents])), document);
  t.deepEqual(await reveal(text), [
    { how: 'bytes', sha256: sha256(text), matches: [{ row: 1, field: 'payload.text_sha256' }, { row: 1, field: 'payload.audio_sha256' }] },
    { how: 'bytes without the final line break', sha256: sha256(text.trim()), matches: [{ row: 2, field: 'payload.args_redacted.of[0].digest' }] },
  ]);
  const [bytes, canonical] = await reveal(JSON.stringify(value, null, 2));
  t.deepEqual(bytes?.matches, []);
  t.deepEqual(canonical, { how: 'canonical JSON', sha256: canonicalSha256(value), matches: [{ row: 2, field: 'payload.args_sha256' }] });
  t.deepEqual((await reveal('another')).map(({ how, matches }) => [how, matches]), [['bytes', []]]);
});

testWith(NEEDS, 'another verification ends the one before, and closing ends them all', async (t) => {
  const page = await workersPage(t);
  const ended = await page.evaluate(async (file) => {
    const client = viewer.newClient();
    const files = [viewer.fileOf(file)];
    let firstEnded = false;
    void client.verify(files, { signers: ['f'.repeat(64)], head: null }, () => undefined).then(() => (firstEnded = true));
    const verified = await client.verify(files, { signers: [], head: { seq: 1, hash: '0'.repeat(64) } }, () => undefined);
    const code = 'report' in verified ? verified.report.code : verified.failure.code;
    const open = [client.load(files, () => undefined), client.verify(files, { signers: [], head: null }, () => undefined)];
    client.close();
    const names = await Promise.all(open.map((one) => one.then(() => 'resolved', (error: Error) => error.name)));
    const late = await client.event(0).catch((error: Error) => error.name);
    return [firstEnded, code, names, late];
  }, handed('ledger.ndjson', ledger));
  t.deepEqual(ended, [false, 'head_mismatch', ['AbortError', 'AbortError'], 'AbortError']);
});

testWith(NEEDS, 'segments are put into their order, and those that are of no ledger are refused', async (t) => {
  const page = await workersPage(t);
  const lines = linesOfEvents(chain);
  const files = [handed('l.ndjson', ''), handed('l.100-299.ndjson', `${lines.slice(100).join('\n')}\n`), handed('l.0-99.ndjson', `${lines.slice(0, 100).join('\n')}\n`)];
  const [names, seqs, verdict, code] = await page.evaluate(async (handedFiles) => {
    const { ledger: sorted } = await viewer.drop(handedFiles);
    const model = await viewer.client.load(sorted, () => undefined);
    const verified = await viewer.client.verify(sorted, { signers: [], head: null }, () => undefined);
    const refused = sorted.map(({ blob }, index) => ({ name: `l.0${index}-99.ndjson`, blob }));
    const failure = await viewer.newClient().load(refused, () => undefined).catch((error: Error & { code: string }) => error.code);
    return [model.files.map(({ name }) => name), [...model.events.seq], 'report' in verified && verified.report.verdict, failure] as const;
  }, files);
  t.deepEqual(names, ['l.0-99.ndjson', 'l.100-299.ndjson', 'l.ndjson']);
  t.deepEqual(seqs, chain.map(({ seq }) => seq));
  t.is(verdict, 'intact');
  t.is(code, 'ERR_SEGMENT_REFUSED');
});

testWith(NEEDS, 'what is compressed with gzip is unpacked, within bounds', async (t) => {
  const page = await workersPage(t);
  const compressed = gzipSync(ledger);
  const files = [
    handed('ledger.ndjson.gz', compressed),
    handed('cut.gz', compressed.subarray(0, 2000)),
    handed('twice.gz', gzipSync(compressed)),
    handed('bomb.gz', gzipSync(Buffer.alloc(8 << 20))),
    handed('members.gz', Buffer.concat([compressed, compressed])),
  ];
  const [sorted, text] = await page.evaluate(async (handedFiles) => {
    const dropped = await viewer.drop(handedFiles);
    return [dropped, await dropped.ledger[0]?.blob.text()] as const;
  }, files);
  t.is(text, ledger);
  t.deepEqual(sorted.ledger.map(({ name }) => name), ['ledger.ndjson']);
  t.deepEqual(sorted.refused.map(({ name }) => name), ['cut.gz', 'twice.gz', 'bomb.gz', 'members.gz']);
  t.regex(sorted.refused[0]?.reason ?? '', /cannot be unpacked/);
  t.regex(sorted.refused[1]?.reason ?? '', /compressed twice/);
  t.regex(sorted.refused[2]?.reason ?? '', /would become more than/);
  t.regex(sorted.refused[3]?.reason ?? '', /cannot be unpacked/);
});

testWith(NEEDS, 'a pack is read by the rules of the package, and its claims are told apart', async (t) => {
  const page = await workersPage(t);
  const [path, output] = [newPath(t), newPath(t, 'evidence.zip')];
  writeLedger(path, chain);
  const head = { seq: 299, hash: chain[299]?.selfHash ?? '' };
  await packEvidence({ ledger: path, output, head });
  const [sorted, text] = await page.evaluate(async (file) => {
    const dropped = await viewer.drop([file]);
    return [dropped, await dropped.ledger[0]?.blob.text()] as const;
  }, handed('evidence.zip', readFileSync(output)));
  t.is(text, ledger);
  const evidence = await openEvidence(output);
  await evidence.close();
  const { tool } = evidence.claims;
  t.deepEqual(sorted.claims, { keys: [key1.publicKeyHex], head, verdict: 'intact', tool: `${tool.name} ${tool.version}` });
  // They are claims: nothing is pinned by them.
  t.deepEqual([sorted.keys, sorted.head, sorted.refused], [[], null, []]);
});

testWith(NEEDS, 'packs that the package refuses are refused with the same words', async (t) => {
  const page = await workersPage(t);
  const files = {
    'VERIFY.md': 'read this',
    'ledger.ndjson': ledger,
    'claimed-keys.json': JSON.stringify({ schemaVersion: 1, keys: [] }),
    'report.json': JSON.stringify(verifyChain(chain)),
  };
  const good = partsOf(files);
  const withLedger = (change: Partial<Part>) => good.map((part) => (part.name === 'ledger.ndjson' ? { ...part, ...change } : part));
  const packs: Readonly<Record<string, Buffer>> = {
    stored: zipOf(good),
    deflated: zipOf(good.map((part) => ({ ...part, method: 8 }))),
    'with descriptors': zipOf(good.map((part) => ({ ...part, method: 8, descriptor: (bytes: Buffer) => bytes }))),
    'another name': zipOf([...good, { name: '../ledger.ndjson', data: '' }]),
    'a symbolic link': zipOf(withLedger({ mode: 0o120_777 })),
    'a wrong checksum': zipOf(withLedger({ crc: 1 })),
    'bytes behind the data': zipOf(withLedger({ method: 8, packed: Buffer.concat([deflateRawSync(ledger), Buffer.from('more')]) })),
    'data that is cut': zipOf(withLedger({ method: 8, packed: deflateRawSync(ledger).subarray(0, -5) })),
    'another digest': zipOf([...good.filter(({ name }) => name !== 'manifest.json'), { name: 'manifest.json', data: manifestOf({ ...files, 'ledger.ndjson': ledger.replace('number 1', 'number 2') }) }]),
    'a gap': zipOf(withLedger({ gap: Buffer.from('x') })),
    'bytes behind the end': zipOf(good, { suffix: Buffer.from('x') }),
    'a bomb': zipOf(withLedger({ method: 8, data: Buffer.alloc(4 << 20) })),
  };
  for (const [what, bytes] of Object.entries(packs)) {
    const sorted = await page.evaluate(async (file) => viewer.drop([file]), handed('pack.zip', bytes));
    const expected = await refusalOf(t, bytes);
    // What zlib says in brackets, a browser says in other words.
    t.deepEqual(sorted.refused.map(({ reason }) => reason.replace(/ \(.*\)$/, '')), expected === null ? [] : [expected], what);
    t.is(sorted.ledger.length, expected === null ? 1 : 0, what);
  }
});

/** Why the package refuses a pack; null when it does not. */
async function refusalOf(t: ExecutionContext, bytes: Uint8Array): Promise<string | null> {
  const path = newPath(t, 'evidence.zip');
  writeFileSync(path, bytes);
  try {
    const evidence = await openEvidence(path);
    try {
      for await (const _ of evidence.read('ledger.ndjson')) continue;
      return null;
    } finally {
      await evidence.close();
    }
  } catch (error) {
    return (error as Error).message.replace(/ \(.*\)$/, '');
  }
}
