// sealwright report html: a page that says what a verification found, is read without a script, and lets no text of a ledger
// be more than text.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { events, verifyFile } from 'sealwright';
import { packEvidence } from 'sealwright/evidence';
import { openFile, violations } from '../helpers/chromium.mts';
import { newFolder } from '../helpers/folders.mts';
import { chainOf, DIGEST, ended, forged, key1, key2, newLedger, newSegments, openSession, textOf, toolCalled } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { cliOutput, runCli } from './helpers/cli.mts';

const chain = chainOf(20);
const head = `19:${chain[19]?.selfHash}`;

/** Lines of 500 events, of which one was changed. */
function brokenAt(row: number): string {
  const long = chainOf(500);
  return textOf(long).split('\n').map((line, index) => (index === row ? forged(long[row]) : line)).join('\n');
}

/** What tries to be more than text. */
const HOSTILE = [
  '</script><script>document.title="script"</script>',
  '</title><img src=x onerror=alert(1)>',
  '"><style>*{display:none}</style>',
  '\u202egnp.exe\u2066',
  '__proto__',
  '&lt;b&gt;<b>bold</b>',
  '\u0000\u001b[2J',
];

async function hostile(t: ExecutionContext): Promise<string> {
  const folder = newFolder(t);
  const session = await openSession(t, { ledgerPath: join(folder, 'ledger.ndjson'), events: 'extended' });
  for (const text of HOSTILE) {
    await session.record(events.sessionStarted({ sessionId: text, agentId: text, modelId: text }));
    await session.record(events.toolCalled({ toolName: text, argsSha256: DIGEST, argsRedacted: null }));
    await session.record(events.modelInvoked({ modelId: text, promptTokens: 1, responseTokens: 2, promptSha256: DIGEST, responseSha256: DIGEST }));
    await session.record(ended(text));
  }
  await session.close();
  return folder;
}

test('the page says what was found, and the command what it is', async (t) => {
  const { folder: cwd } = newLedger(t);
  const text = await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'report.html', '--signer', key1.publicKeyHex, '--head', head], { cwd });
  const html = readFileSync(join(cwd, 'report.html'), 'utf8');
  t.regex(text, /verdict {5}verified: 20 events, each under a key that you named/);
  t.true(text.includes(createHash('sha256').update(html).digest('hex')));
  t.is(statSync(join(cwd, 'report.html')).mode & 0o777, 0o600);
  t.regex(html, /data-verdict="verified"/);
  t.regex(html, /data-check="signer" data-status="pass"/);
  t.true(html.includes((await verifyFile(join(cwd, 'ledger.ndjson'))).sha256 ?? '-'));
  t.true(html.includes(key1.fingerprint));
  t.true(html.includes(head));
  t.false(html.includes(cwd));
  t.deepEqual(readdirSync(cwd).toSorted(), ['ledger.ndjson', 'report.html']);
});

test('the same ledger gives the same page', async (t) => {
  const pages = [];
  for (let time = 0; time < 2; time += 1) {
    const { folder: cwd } = newLedger(t);
    await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'report.html'], { cwd });
    pages.push(readFileSync(join(cwd, 'report.html'), 'utf8'));
  }
  t.is(pages[0], pages[1]);
});

test('for programs there is one JSON object', async (t) => {
  const { folder: cwd } = newLedger(t);
  const text = await cliOutput(t, ['report', 'html', '-o', 'report.html', '--json'], { cwd, env: { SEALWRIGHT_LEDGER: 'ledger.ndjson' } });
  const { sha256, bytes, report } = checkedJson<{ sha256: string; bytes: number; report: { verdict: string } }>(t, text, 'report-html');
  const html = readFileSync(join(cwd, 'report.html'));
  t.deepEqual([sha256, bytes, report.verdict], [createHash('sha256').update(html).digest('hex'), html.length, 'intact']);
});

test('a ledger of several files, their folder and a pack of them get the same verdict', async (t) => {
  const { folder: cwd } = await newSegments(t);
  await packEvidence({ ledger: join(cwd, 'ledger.ndjson'), output: join(cwd, 'evidence.zip') });
  for (const word of ['ledger.ndjson', 'evidence.zip']) {
    const text = await cliOutput(t, ['report', 'html', word, '-o', 'page.html', '--signer', key1.publicKeyHex], { cwd });
    t.regex(text, /intact: nothing is broken in 25 events/);
    const html = readFileSync(join(cwd, 'page.html'), 'utf8');
    for (const seq of [0, 24]) t.true(html.includes(`data-row="${seq}"`), `${word}: ${seq}`);
    t.regex(html, /ledger\.10-19\.ndjson/);
  }
});

test('a broken ledger gets a page that shows the break in its place, and ends with 1', async (t) => {
  const { folder: cwd } = newLedger(t, brokenAt(250));
  const text = await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'report.html'], { cwd, code: 1 });
  t.regex(text, /broken at line 251/);
  const html = readFileSync(join(cwd, 'report.html'), 'utf8');
  t.regex(html, /data-verdict="broken"/);
  const rows = [...html.matchAll(/<tr data-row="(\d+)"( data-trusted="no")?|data-break/g)].map(([found, row, distrust]) =>
    row === undefined ? found : `${row}${distrust === undefined ? '' : ' not trusted'}`,
  );
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
  t.deepEqual(rows, [
    ...range(0, 200).map(String),
    ...range(230, 250).map(String),
    'data-break',
    ...[...range(250, 270), ...range(300, 500)].map((row) => `${row} not trusted`),
  ]);
  t.regex(html, /30 rows left out[\s\S]*30 rows left out/);
});

test('a tail that a crash left is no event, is not trusted, and ends with 3', async (t) => {
  const { folder: cwd } = newLedger(t, textOf(chain).slice(0, -9));
  t.regex(await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'report.html'], { cwd, code: 3 }), /ends with 3 bytes behind the last event\n/);
  const html = readFileSync(join(cwd, 'report.html'), 'utf8');
  t.deepEqual([...html.matchAll(/<tr data-row="(\d+)" data-trusted="no"/g)].map(([, row]) => row), ['19']);
  t.false(html.includes('data-break'));
  // An option of another command.
  t.false(html.includes('--allow'));
});

test('a segment that is missing breaks the ledger between its files', async (t) => {
  const { folder: cwd } = await newSegments(t);
  rmSync(join(cwd, 'ledger.10-19.ndjson'));
  t.regex(await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'report.html'], { cwd, code: 1 }), /broken between its files: events 10 to 19 are in no segment/);
});

test('other keys and heads than those of the ledger break it', async (t) => {
  const { folder: cwd } = newLedger(t);
  await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'a.html', '--signer', key2.publicKeyHex], { cwd, code: 1 });
  await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'b.html', '--head', `20:${DIGEST}`], { cwd, code: 1 });
  t.regex(readFileSync(join(cwd, 'a.html'), 'utf8'), /data-check="signer" data-status="fail"/);
  t.regex(readFileSync(join(cwd, 'b.html'), 'utf8'), /The ledger breaks at its end/);
});

test('a ledger without an event ends with 3', async (t) => {
  const { folder: cwd } = newLedger(t, '');
  t.regex(await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'report.html'], { cwd, code: 3 }), /ends with 3 there is no event/);
  t.regex(readFileSync(join(cwd, 'report.html'), 'utf8'), /data-verdict="empty"/);
});

test('what cannot be done ends with 2 and writes nothing', async (t) => {
  const { folder: cwd } = newLedger(t);
  writeFileSync(join(cwd, 'report.html'), 'was there');
  const refused: readonly (readonly [words: readonly string[], reason: RegExp])[] = [
    [['ledger.ndjson'], /takes -o FILE/],
    [['-o', 'report.html'], /LEDGER/],
    [['missing.ndjson', '-o', 'report.html'], /ERR_LEDGER_NOT_FOUND/],
    [['ledger.ndjson', '-o', 'ledger.ndjson'], /ERR_OUTPUT_REFUSED/],
    [['ledger.ndjson', '-o', 'missing/report.html'], /ERR_OUTPUT_REFUSED/],
    [['ledger.ndjson', '-o', 'report.html', '--signer', 'no key'], /no key/],
    [['ledger.ndjson', '-o', 'report.html', '--head', '1:2'], /SEQ:HASH/],
  ];
  for (const [words, reason] of refused) {
    const { code, stderr } = await runCli(t, ['report', 'html', ...words], { cwd });
    t.is(code, 2, words.join(' '));
    t.regex(stderr, reason);
  }
  t.is(readFileSync(join(cwd, 'report.html'), 'utf8'), 'was there');
  t.deepEqual(readdirSync(cwd).toSorted(), ['ledger.ndjson', 'report.html']);
  t.false(existsSync(join(cwd, 'missing')));
});

testWith(['chromium'], 'text of a ledger stays text, without a script and a network', async (t) => {
  const cwd = await hostile(t);
  await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'report.html'], { cwd });
  const page = await openFile(t, join(cwd, 'report.html'), { javaScriptEnabled: false });
  t.is(await page.title(), 'ledger.ndjson: Sealwright report');
  for (const selector of ['script', 'img', 'link', 'iframe', 'form', 'button', 'a', 'b:not(figcaption b, .coverage b)', '[style]', '[onerror]']) {
    t.is(await page.locator(selector).count(), 0, selector);
  }
  t.is(await page.locator('style').count(), 1);
  const cells = await page.locator('.report-events tbody tr td:nth-of-type(3)').allTextContents();
  const shown = HOSTILE.map((text) => text.replaceAll(/[\u0000-\u001f\u202e\u2066]/g, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`));
  t.deepEqual(cells, shown.flatMap((text) => [text, text, text, text]));
  const ids = await page.locator('[id]').evaluateAll((elements) => elements.map(({ id }) => id));
  t.is(new Set(ids).size, ids.length);
  const body = await page.locator('body').textContent();
  t.false(/[\u0000\u001b\u202e\u2066]/.test(body ?? ''));
  // The style is the one that the policy names: without it the page would be unstyled, and the browser would say so.
  t.is(await page.evaluate("getComputedStyle(document.querySelector('main')).display"), 'grid');
});

for (const colorScheme of ['light', 'dark'] as const) {
  testWith(['chromium'], `the page is accessible, ${colorScheme}`, async (t) => {
    const { folder: cwd } = newLedger(t, brokenAt(250));
    await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'report.html'], { cwd, code: 1 });
    const page = await openFile(t, join(cwd, 'report.html'), { colorScheme });
    t.deepEqual(await violations(page), []);
  });
}

testWith(['chromium'], 'it prints on paper: nothing is wider than A4', async (t) => {
  const cwd = newFolder(t);
  const session = await openSession(t, { ledgerPath: join(cwd, 'ledger.ndjson') });
  for (let number = 0; number < 10; number += 1) await session.record(toolCalled('x'.repeat(300)));
  await session.record(ended('y'.repeat(300)));
  await session.close();
  await cliOutput(t, ['report', 'html', 'ledger.ndjson', '-o', 'report.html'], { cwd });
  const page = await openFile(t, join(cwd, 'report.html'), { viewport: { width: 680, height: 900 } });
  await page.emulateMedia({ media: 'print' });
  t.true((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 680);
  const paper = await page.pdf({ preferCSSPageSize: true });
  t.is(paper.subarray(0, 5).toString(), '%PDF-');
});
