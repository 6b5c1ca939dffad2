// sealwright view: the viewer as a file, with the files of a ledger inside. Where the viewer was not built, a package with a
// small page in its place shows what the command does.

import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { packEvidence } from 'sealwright/evidence';
import { openFile } from '../helpers/chromium.mts';
import { newFolder } from '../helpers/folders.mts';
import { chainOf, newLedger, newSegments, textOf, toolCalled } from '../helpers/ledgers.mts';
import { projectRoot, testWith } from '../helpers/parts.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { type CliEnd, cliOutput, runCli } from './helpers/cli.mts';

const BLOCK = '<script type="application/json" id="embedded">';
const PAGE = `<!doctype html><title>stub</title>${BLOCK}</script><p>behind`;
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** This package with another viewer, or with none. Those of a file share it. */
function packageWith(viewer: string | null): string {
  const folder = mkdtempSync(join(tmpdir(), 'sealwright-package-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(projectRoot, 'dist'), join(folder, 'dist'), { recursive: true });
  const addons = readdirSync(projectRoot).filter((name) => /^sealwright\..*\.node$/.test(name));
  for (const name of ['package.json', 'node_modules', ...addons]) symlinkSync(join(projectRoot, name), join(folder, name));
  const path = join(folder, 'dist', 'viewer', 'viewer.html');
  if (viewer === null) rmSync(path, { force: true });
  else writeFileSync(path, viewer);
  return folder;
}

const stubbed = packageWith(PAGE);
const without = packageWith(null);

/** Runs the command of such a package. */
function run(t: ExecutionContext, folder: string, words: readonly string[], cwd: string): Promise<CliEnd> {
  return runCli(t, words, { cwd, program: join(folder, 'dist', 'cli', 'main.js') });
}

async function output(t: ExecutionContext, words: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(t, stubbed, words, cwd);
  t.is(code, 0, stderr);
  return stdout;
}

/** The files inside a page, by their names. */
function filesIn(path: string): ReadonlyMap<string, Buffer> {
  const html = readFileSync(path, 'utf8');
  const start = html.indexOf(BLOCK) + BLOCK.length;
  const { schemaVersion, files } = JSON.parse(html.slice(start, html.indexOf('</script>', start))) as {
    readonly schemaVersion: number;
    readonly files: readonly { readonly name: string; readonly gzip: string }[];
  };
  if (schemaVersion !== 1) throw new Error(`version ${schemaVersion}`);
  return new Map(files.map(({ name, gzip }) => [name, gunzipSync(Buffer.from(gzip, 'base64'))]));
}

test('the page is the viewer with the ledger inside', async (t) => {
  const { folder: cwd } = newLedger(t);
  const text = await output(t, ['view', 'ledger.ndjson'], cwd);
  const html = readFileSync(join(cwd, 'ledger.html'), 'utf8');
  t.deepEqual([...filesIn(join(cwd, 'ledger.html'))], [['ledger.ndjson', readFileSync(join(cwd, 'ledger.ndjson'))]]);
  t.is(html.replace(/(id="embedded">)[^<]*/, '$1'), PAGE);
  t.is(statSync(join(cwd, 'ledger.html')).mode & 0o777, 0o600);
  for (const part of [sha256(html), `${sha256(PAGE)}, without the files`, 'proves nothing']) t.true(text.includes(part), part);
});

test('all files of a ledger are inside, or one of its segments', async (t) => {
  const { folder: cwd } = await newSegments(t);
  const text = await output(t, ['view', 'ledger.ndjson', '-o', 'page.html', '--json'], cwd);
  const { files, ledger } = checkedJson<{ files: { name: string; bytes: number }[]; ledger: string }>(t, text, 'view');
  const names = ['ledger.0-9.ndjson', 'ledger.10-19.ndjson', 'ledger.ndjson'];
  t.is(ledger, 'ledger.ndjson');
  t.deepEqual(files, names.map((name) => ({ name, bytes: statSync(join(cwd, name)).size })));
  t.deepEqual([...filesIn(join(cwd, 'page.html')).keys()], names);
  await output(t, ['view', 'ledger.10-19.ndjson', '-o', 'part.html'], cwd);
  t.deepEqual([...filesIn(join(cwd, 'part.html')).keys()], ['ledger.10-19.ndjson']);
});

test('a pack is inside as it is', async (t) => {
  const { folder: cwd } = newLedger(t);
  await packEvidence({ ledger: join(cwd, 'ledger.ndjson'), output: join(cwd, 'evidence.zip') });
  await output(t, ['view', 'evidence.zip'], cwd);
  t.deepEqual([...filesIn(join(cwd, 'evidence.html'))], [['evidence.zip', readFileSync(join(cwd, 'evidence.zip'))]]);
});

test('without a ledger it is the viewer, byte for byte', async (t) => {
  const cwd = newFolder(t);
  const { sha256: digest, viewerSha256, ledger } = checkedJson<{ sha256: string; viewerSha256: string; ledger: null }>(t, await output(t, ['view', '--json'], cwd), 'view');
  t.is(readFileSync(join(cwd, 'sealwright-viewer.html'), 'utf8'), PAGE);
  t.deepEqual([digest, viewerSha256, ledger], [sha256(PAGE), sha256(PAGE), null]);
});

test('no text of a name or of a ledger ends the block', async (t) => {
  const { folder: cwd } = newLedger(t);
  const name = '<script></script><!--.ndjson'.replaceAll('/', '\u2215');
  writeFileSync(join(cwd, name), textOf(chainOf(2, { event: () => toolCalled('</script>') })));
  await output(t, ['view', name, '-o', 'page.html'], cwd);
  t.deepEqual([...filesIn(join(cwd, 'page.html')).keys()], [name]);
  t.is(readFileSync(join(cwd, 'page.html'), 'utf8').split('<script').length, 2);
});

test('what nobody named is not replaced, and no input ever', async (t) => {
  const { folder: cwd } = newLedger(t);
  writeFileSync(join(cwd, 'ledger.html'), 'was there');
  const refused: readonly (readonly [words: readonly string[], reason: RegExp])[] = [
    [['ledger.ndjson'], /ledger\.html is there/],
    [['ledger.ndjson', '-o', 'ledger.ndjson'], /ERR_OUTPUT_REFUSED/],
    [['missing.ndjson'], /ERR_LEDGER_NOT_FOUND/],
    [['.', '-o', 'page.html'], /ERR_LEDGER_NOT_A_FILE/],
    [['ledger.ndjson', '-o', 'missing/page.html'], /ERR_OUTPUT_REFUSED/],
  ];
  for (const [words, reason] of refused) {
    const { code, stderr } = await run(t, stubbed, ['view', ...words], cwd);
    t.is(code, 2, words.join(' '));
    t.regex(stderr, reason);
  }
  t.is(readFileSync(join(cwd, 'ledger.html'), 'utf8'), 'was there');
  await output(t, ['view', 'ledger.ndjson', '-o', 'ledger.html'], cwd);
  t.is(filesIn(join(cwd, 'ledger.html')).size, 1);
});

test('more than 64 MiB are refused, with advice', async (t) => {
  const { folder: cwd } = newLedger(t);
  truncateSync(join(cwd, 'ledger.ndjson'), 64 * 1024 ** 2 + 1);
  const { code, stderr } = await run(t, stubbed, ['view', 'ledger.ndjson'], cwd);
  t.is(code, 2);
  t.regex(stderr, /open the viewer and drop the ledger there \(ERR_VIEWER_TOO_LARGE\)/);
  t.deepEqual(readdirSync(cwd), ['ledger.ndjson']);
});

test('where the viewer was not built it says so, and a pack goes without', async (t) => {
  const { folder: cwd } = newLedger(t);
  const { code, stderr } = await run(t, without, ['view', 'ledger.ndjson'], cwd);
  t.is(code, 2);
  t.regex(stderr, /this build has no viewer: dist\/viewer\/viewer\.html is missing \(ERR_VIEWER_MISSING\)/);
  t.deepEqual(readdirSync(cwd), ['ledger.ndjson']);
  const packed = await run(t, without, ['pack', 'ledger.ndjson', '-o', 'evidence.zip'], cwd);
  t.is(packed.code, 0);
  t.regex(packed.stdout, /viewer +not in it: this build has none/);
  const withIt = await run(t, stubbed, ['pack', 'ledger.ndjson', '-o', 'other.zip', '--json'], cwd);
  const { entries } = JSON.parse(withIt.stdout) as { readonly entries: readonly { readonly name: string; readonly sha256: string }[] };
  t.is(entries.find(({ name }) => name === 'viewer.html')?.sha256, sha256(PAGE));
  for (const pack of ['evidence.zip', 'other.zip']) await cliOutput(t, ['verify', pack], { cwd });
});

testWith(['wasm', 'chromium'], 'the page verifies the ledger inside, and asks for nothing', async (t) => {
  const { folder: cwd } = newLedger(t, textOf(chainOf(20, { event: () => toolCalled(`</script>${randomBytes(4).toString('hex')}`) })));
  await cliOutput(t, ['view', 'ledger.ndjson'], { cwd });
  const page = await openFile(t, join(cwd, 'ledger.html'));
  await page.locator('[data-verdict="intact"]').waitFor();
  t.true(existsSync(join(projectRoot, 'dist', 'viewer', 'viewer.html')));
});
