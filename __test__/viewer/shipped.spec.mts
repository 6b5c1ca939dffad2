// The viewer that is shipped, as an auditor uses it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import type { Page } from 'playwright-core';
import { packEvidence } from 'sealwright/evidence';
import { embeddedText } from '../../viewer/embedded.ts';
import { newFolder } from '../helpers/folders.mts';
import { chainOf, key1, key2, textOf, toolCalled } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { type ExpectedHeads, mutations, peerJson, peerPath, type VectorCase } from '../helpers/vectors.mts';
import { closeBrowser, type Handed, NEEDS, openFiles, shippedViewer, verdictOf, viewerPath } from './helpers/shipped.mts';

const chain = chainOf(40, { event: (seq) => toolCalled({ seq, text: `number ${seq}` }) });
const ledger = { name: 'ledger.ndjson', contents: textOf(chain) };
const HEAD = `39:${chain[39]?.selfHash}`;
const keyFile = { name: 'agent.pub', contents: `${key1.publicKeyHex}\n` };

test.after.always(closeBrowser);

testWith(NEEDS, "the viewer verifies the peer's ledger of 200 events from a folder that nobody may write to", async (t) => {
  const page = await shippedViewer(t);
  t.is(await page.getAttribute('main', 'data-phase'), 'idle');
  await openFiles(page, { name: 'ledger_200.ndjson', contents: readFileSync(peerPath('ledger_200.ndjson')) });
  t.is(await verdictOf(page), 'intact');
  const { root_hash: hash } = peerJson<ExpectedHeads>('ledger_200.expected.json').ledger_200;
  const publicKey = JSON.parse(readFileSync(peerPath('ledger_200.ndjson'), 'utf8').split('\n')[0] ?? '').signer_pubkey as string;
  await page.fill('[data-check=signer] textarea', publicKey);
  await page.click('text=Check with this key');
  await page.waitForSelector('[data-check=signer][data-status=pass]');
  await page.fill('[data-check=head] input', `199:${hash}`);
  await page.click('text=Check with this head');
  await page.waitForSelector('[data-verdict=verified]');
  t.regex((await page.textContent('[data-verdict]')) ?? '', /200 events, each under a key that you named, your head among them.*what followed event 199/);
  t.is(await page.title(), 'verified: ledger_200.ndjson - Sealwright viewer');
});

/** Options that a user of the page has. */
const OFFERED = new Set(['signers', 'expectedHead']);

testWith(NEEDS, 'every mutation shows its break on the right line, and nothing behind it as trusted', async (t) => {
  const anyKey = await shippedViewer(t);
  let shown = 0;
  for (const { name, path, cases } of mutations()) {
    for (const { options, expect } of cases) {
      if (Object.keys(options).some((option) => !OFFERED.has(option))) continue;
      const contents = readFileSync(path);
      // What was named of one ledger is still named for the next.
      const page = Object.keys(options).length === 0 ? anyKey : await shippedViewer(t);
      await openFiles(page, { name: `${name}.ndjson`, contents }, ...known(options));
      shown += 1;
      const stops = expect.class === 'broken' || expect.class === 'error';
      t.is(await verdictOf(page), expect.class === 'error' ? 'none' : expect.class, name);
      const { rows, breaks } = await drawnAtBreak(page);
      t.is(breaks.length, stops ? 1 : 0, name);
      if (!stops) continue;
      const first = firstUntrusted(contents, expect.line ?? null, expect.eventCount ?? 0);
      for (const { row, isTrusted } of rows) t.is(isTrusted, row < first, `${name}: ${row}`);
      const line = expect.line === null ? '' : (expect.line ?? 0).toLocaleString('en-US');
      if (line !== '') t.regex(breaks[0] ?? '', new RegExp(`at line ${line}\\b`), name);
    }
  }
  t.true(shown > 300, `only ${shown}`);
});

/** What is known from elsewhere, in files. */
function known({ signers = [], expectedHead }: VectorCase['options']): readonly Handed[] {
  const keys = [signers].flat().map((publicKey, place) => ({ name: `${place}.pub`, contents: String(publicKey) }));
  return expectedHead == null ? keys : [...keys, { name: 'head.txt', contents: `${expectedHead.seq}:${expectedHead.hash}` }];
}

/** The row of a line, where blank lines have none; the one behind the events when it breaks at no line. */
function firstUntrusted(contents: Buffer, line: number | null, events: number): number {
  if (line === null) return events;
  const before = contents.toString('latin1').split('\n').slice(0, line - 1);
  return before.filter((text) => !/^[ \t\r]*$/.test(text)).length;
}

/** What the table draws where the page says that the ledger breaks, or at its beginning. */
function drawnAtBreak(page: Page) {
  return page.evaluate(async () => {
    const press = (selector: string) => document.querySelector<HTMLElement>(selector)?.click();
    press('#tab-events');
    press('.verdict button');
    // It scrolls, and draws again.
    for (let frame = 0; frame < 4; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    const rows = Array.from(document.querySelectorAll('[data-row]'), (row) => ({
      row: Number(row.getAttribute('data-row')),
      isTrusted: row.getAttribute('data-trusted') !== 'no',
    }));
    return { rows, breaks: Array.from(document.querySelectorAll('[data-break]'), ({ textContent }) => textContent) };
  });
}

testWith(NEEDS, 'text of a ledger stays text, wherever it is shown', async (t) => {
  const texts = ['</script><script>document.title="owned"</script>', '<img src=x onerror=alert(1)>', '\u202Egnp.exe', '__proto__', '{{constructor}}', '\u0000\u001B[2J'];
  const hostile = chainOf(texts.length, { event: (seq) => toolCalled({ [texts[seq] ?? '']: texts[seq] ?? '' }) });
  const page = await shippedViewer(t);
  const elements = await page.locator('img, script, iframe, object, embed, a, form[action], link, base').count();
  await openFiles(page, { name: '<b>.ndjson', contents: textOf(hostile) }, { name: '<i>\u202E.txt', contents: 'nothing' });
  t.is(await verdictOf(page), 'intact');
  for (const [seq, text] of texts.entries()) {
    await page.click('#tab-events');
    await page.click(`[data-row="${seq}"]`);
    await page.click('.recompute button');
    await page.waitForSelector('[data-step=Signature][data-status=pass]');
    const shown = (await page.locator('.detail pre').first().textContent()) ?? '';
    t.deepEqual(JSON.parse(shown).args_redacted, Object.fromEntries([[text, text]]));
    t.notRegex(shown, /[\u0000-\u0009\u000B-\u001F\u202E]/);
  }
  for (const section of ['charts', 'coverage', 'reveal', 'overview']) await page.click(`#tab-${section}`);
  t.is(await page.locator('img, script, iframe, object, embed, a, form[action], link, base').count(), elements);
  t.false((await page.innerText('body')).includes('\u202E'));
  t.is(await page.title(), 'intact: <b>.ndjson - Sealwright viewer');
});

testWith(NEEDS, 'the page may reach nothing, even if it wanted to', async (t) => {
  const page = await shippedViewer(t);
  const html = readFileSync(viewerPath, 'utf8');
  t.is([...html.matchAll(/<script/g)].length, 2);
  t.is([...html.matchAll(/<style/g)].length, 1);
  t.regex(html, /http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-[\w+/=]+' 'wasm-unsafe-eval' blob:; worker-src blob:; style-src 'sha256-[\w+/=]+'; img-src data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'"/);
  // What is refused is told to whoever debugs the page.
  page.removeAllListeners('console');
  page.context().removeAllListeners('request');
  const refused = await page.evaluate(async () => {
    const found: string[] = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => found.push(effectiveDirective));
    await fetch('https://example.org/').catch(() => undefined);
    navigator.sendBeacon('https://example.org/');
    const image = document.createElement('img');
    image.src = 'https://example.org/a.png';
    const script = document.createElement('script');
    script.textContent = 'document.title = "owned"';
    document.body.append(image, script);
    document.body.setAttribute('style', 'color: red');
    const form = document.createElement('form');
    form.action = 'https://example.org/';
    document.body.append(form);
    form.submit();
    for (let tries = 0; tries < 200 && new Set(found).size < 5; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    return found;
  });
  for (const directive of ['connect-src', 'img-src', 'script-src-elem', 'style-src-attr', 'form-action']) t.true(refused.includes(directive), directive);
  t.is(await page.evaluate(() => document.title), 'Sealwright viewer');
});

testWith(NEEDS, 'a link leads to its event, and an event that is looked at to its link', async (t) => {
  const page = await shippedViewer(t, { link: '#seq=37' });
  await openFiles(page, ledger);
  await page.waitForSelector('[data-detail="37"]');
  t.is(await page.locator('[data-row="37"]').getAttribute('aria-selected'), 'true');
  await page.click('[data-row="36"]');
  t.true(page.url().endsWith('#seq=36'));
  await page.evaluate(() => void (location.hash = '#seq=2'));
  await page.waitForSelector('[data-detail="2"]');
});

testWith(NEEDS, 'the keyboard reaches every event, its detail, and the way back', async (t) => {
  const page = await shippedViewer(t);
  await openFiles(page, ledger);
  await page.focus('#tab-overview');
  await page.keyboard.press('ArrowRight');
  await page.focus('[role=grid]');
  const at = async (key: string) => {
    await page.keyboard.press(key);
    return page.getAttribute('[role=grid]', 'aria-activedescendant');
  };
  t.deepEqual([await at('ArrowDown'), await at('ArrowDown'), await at('ArrowUp'), await at('End'), await at('Home')], ['row-0', 'row-1', 'row-0', 'row-39', 'row-0']);
  await page.keyboard.press('PageDown');
  t.true(await page.locator('[aria-selected=true][data-row]').isVisible());
  await page.keyboard.press('Enter');
  t.is(await page.evaluate(() => document.activeElement?.id), 'detail');
  await page.keyboard.press('Escape');
  t.is(await page.evaluate(() => document.activeElement?.getAttribute('role')), 'grid');
  t.is(await page.locator('.detail').count(), 0);
});

testWith(NEEDS, 'events are found by any text in them, and by their kind', async (t) => {
  const page = await shippedViewer(t);
  await openFiles(page, ledger);
  await page.click('#tab-events');
  await page.fill('input[type=search]', 'NUMBER 3');
  await page.waitForFunction(() => document.querySelector('.filter-count')?.textContent?.startsWith('11 of 40'));
  t.deepEqual(await page.locator('[data-row]').evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-row')))), [3, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
  await page.click('text=Show all');
  t.is(await page.inputValue('input[type=search]'), '');
  await page.waitForFunction(() => document.querySelector('.filter-count')?.textContent === '40 events');
});

testWith(NEEDS, 'a key of somebody else breaks a ledger, and without it it is intact again', async (t) => {
  const page = await shippedViewer(t);
  await openFiles(page, ledger, { name: 'other.pub', contents: key2.publicKeyHex });
  t.is(await verdictOf(page), 'broken');
  await page.click('[data-check=signer] >> text=Remove');
  await page.waitForSelector('[data-verdict=intact]');
  await openFiles(page, keyFile, { name: 'head.txt', contents: HEAD });
  await page.waitForSelector('[data-verdict=verified]');
});

testWith(NEEDS, 'segments are one ledger, in any order, and one that is missing is told', async (t) => {
  const page = await shippedViewer(t);
  const part = (name: string, from: number, to?: number) => ({ name, contents: textOf(chain.slice(from, to)) });
  const [first, second, active] = [part('ledger.0-9.ndjson', 0, 10), part('ledger.10-19.ndjson', 10, 20), part('ledger.ndjson', 20)];
  await openFiles(page, active, second, first, keyFile, { name: 'head.txt', contents: HEAD });
  t.is(await verdictOf(page), 'verified');
  await page.click('#tab-events');
  t.is(await page.locator('[data-row="0"] .cell-seq').innerText(), '0');
  await openFiles(page, active, first);
  t.is(await verdictOf(page), 'broken');
  t.regex((await page.textContent('[data-verdict]')) ?? '', /segment_missing/);
  await openFiles(page, second);
  t.is(await verdictOf(page), 'intact');
  t.regex((await page.textContent('[data-check=start]')) ?? '', /events 0 to 9 are in other files/i);
});

testWith(NEEDS, 'a pack is shown with what it claims, and none of that counts', async (t) => {
  const folder = newFolder(t);
  writeFileSync(join(folder, 'ledger.ndjson'), ledger.contents);
  await packEvidence({ ledger: join(folder, 'ledger.ndjson'), output: join(folder, 'evidence.zip'), publicKeys: [key1.publicKeyHex], head: { seq: 39, hash: HEAD.slice(3) } });
  const page = await shippedViewer(t);
  await openFiles(page, { name: 'evidence.zip', contents: readFileSync(join(folder, 'evidence.zip')) });
  t.is(await verdictOf(page), 'intact');
  t.is(await page.getAttribute('[data-check=signer]', 'data-status'), 'not-checked');
  const claimed = await page.innerText('main');
  for (const claim of [key1.publicKeyHex, HEAD]) t.true(claimed.includes(claim), claim);
  await openFiles(page, keyFile, { name: 'head.txt', contents: HEAD });
  await page.waitForSelector('[data-verdict=verified]');
});

testWith(NEEDS, 'data inside of the page is opened at once, and no key in it counts', async (t) => {
  const gzip = (contents: string) => gzipSync(contents).toString('base64');
  const files = [ledger, keyFile].map(({ name, contents }) => ({ name, gzip: gzip(contents) }));
  const block = embeddedText({ schemaVersion: 1, files });
  const empty = '<script type="application/json" id="embedded"></script>';
  const html = readFileSync(viewerPath, 'utf8');
  t.true(html.includes(empty));
  const page = await shippedViewer(t, { html: html.replace(empty, () => empty.replace('></', () => `>${block}</`)) });
  await page.waitForSelector('main[data-phase=done]');
  t.is(await verdictOf(page), 'intact');
  t.is(await page.getAttribute('[data-check=signer]', 'data-status'), 'not-checked');
  t.regex((await page.textContent('.subject')) ?? '', /came inside of this page/);
});
