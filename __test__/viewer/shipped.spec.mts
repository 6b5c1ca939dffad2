// The viewer that is shipped, as an auditor uses it.
//
// SEALWRIGHT_SHOWN_MUTATIONS sets how many mutations are shown at least; default 10. Each code is among them.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { events, type LedgerEvent, verifyFile } from 'sealwright';
import { packEvidence } from 'sealwright/evidence';
import { embeddedText } from '../../viewer/embedded.ts';
import { watchFile } from '../helpers/chromium.mts';
import { newFolder } from '../helpers/folders.mts';
import { chainOf, DIGEST, ended, key1, key2, textOf, toolCalled } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { type ExpectedHeads, type LedgerVector, mutations, peerJson, peerPath, type VectorCase } from '../helpers/vectors.mts';
import { type Handed, NEEDS, openFiles, shippedViewer, verdictOf, viewerPath } from './helpers/shipped.mts';

const chain = chainOf(40, { event: (seq) => toolCalled({ seq, text: `number ${seq}` }) });
const ledger = { name: 'ledger.ndjson', contents: textOf(chain) };
const HEAD = `39:${chain[39]?.selfHash}`;
const keyFile = { name: 'agent.pub', contents: `${key1.publicKeyHex}\n` };

testWith(NEEDS, "the viewer verifies the peer's 200 events from a folder that nobody may write to, and says what was not checked", async (t) => {
  const page = await shippedViewer(t);
  t.is(await page.getAttribute('main', 'data-phase'), 'idle');
  for (const said of [/proves nothing/, /sha256sum/]) t.regex(await page.innerText('main'), said);
  await openFiles(page, { name: 'ledger_200.ndjson', contents: readFileSync(peerPath('ledger_200.ndjson')) });
  t.is(await verdictOf(page), 'intact');
  t.regex(await page.innerText('[data-verdict]'), /200 events[^]*Not checked: signer, head, first/);
  const checks = await page.locator('[data-check]').evaluateAll((found) => found.map(({ dataset }) => [dataset['check'], dataset['status']]));
  t.deepEqual(Object.fromEntries(checks), { lines: 'pass', chain: 'pass', signatures: 'pass', signer: 'not-checked', head: 'not-checked', first: 'not-checked' });

  const { signers } = await verifyFile(peerPath('ledger_200.ndjson'));
  await page.getByLabel(/Public key of the signer/).fill(signers[0]?.publicKey ?? '');
  await page.getByRole('button', { name: 'Check with this key' }).click();
  await page.waitForSelector('[data-check=signer][data-status=pass]');
  const { root_hash: hash } = peerJson<ExpectedHeads>('ledger_200.expected.json').ledger_200;
  await page.getByLabel(/Head that was reported outside/).fill(`199:${hash}`);
  await page.getByRole('button', { name: 'Check with this head' }).click();
  await page.waitForSelector('[data-verdict=verified]');
  t.regex(await page.innerText('[data-verdict]'), /200 events, each under a key that you named, your head among them[^]*Not checked: .*what followed event 199/);
  t.is(await page.title(), 'verified: ledger_200.ndjson - Sealwright viewer');
});

/** Options that a user of the page has. */
const OFFERED = new Set(['signers', 'expectedHead']);

const MUTATIONS = Number(process.env['SEALWRIGHT_SHOWN_MUTATIONS'] ?? 10);

/** Mutations whose options a user has: the first one of each code, and as many of the others, evenly. */
function shownMutations(): LedgerVector[] {
  const shown = mutations().filter(({ cases }) => cases.every(({ options }) => Object.keys(options).every((name) => OFFERED.has(name))));
  const codes = new Set<string>();
  const step = Math.max(1, Math.floor(shown.length / MUTATIONS));
  return shown.filter(({ cases }, index) => {
    const before = codes.size;
    for (const { expect } of cases) codes.add(`${expect.class} ${expect.code}`);
    return codes.size > before || index % step === 0;
  });
}

testWith(NEEDS, 'every kind of mutation shows its break on the right line, and nothing behind it as trusted', async (t) => {
  const anyKey = await shippedViewer(t);
  let shown = 0;
  for (const { name, path, cases } of shownMutations()) {
    for (const { options, expect } of cases) {
      const contents = readFileSync(path);
      // What was named of one ledger is still named for the next.
      const page = Object.keys(options).length === 0 ? anyKey : await shippedViewer(t);
      await openFiles(page, { name: `${name}.ndjson`, contents }, ...known(options));
      shown += 1;
      const stops = expect.class === 'broken' || expect.class === 'error';
      t.is(await verdictOf(page), expect.class === 'error' ? 'none' : expect.class, name);
      const { rows, breaks } = await drawnAtBreak(page);
      // Hundreds of pages are more than a browser keeps at rest.
      if (page !== anyKey) await page.context().close();
      t.is(breaks.length, stops ? 1 : 0, name);
      if (!stops) continue;
      const first = firstUntrusted(contents, expect.line ?? null, expect.eventCount ?? 0);
      for (const { row, isTrusted } of rows) t.is(isTrusted, row < first, `${name}: ${row}`);
      const line = expect.line === null ? '' : (expect.line ?? 0).toLocaleString('en-US');
      if (line !== '') t.regex(breaks[0] ?? '', new RegExp(`at line ${line}\\b`), name);
    }
  }
  t.true(shown >= Math.min(MUTATIONS, 300), `only ${shown}`);
});

/** What is known from elsewhere, in files. */
function known({ signers = [], expectedHead }: VectorCase['options']): readonly Handed[] {
  const keys = [signers].flat().map((publicKey, place) => ({ name: `${place}.pub`, contents: String(publicKey) }));
  return expectedHead == null ? keys : [...keys, { name: 'head.txt', contents: `${expectedHead.seq}:${expectedHead.hash}` }];
}

/** The row of a line, where blank lines have none; the one behind the events when it breaks at no line. */
function firstUntrusted(contents: Buffer, line: number | null, eventCount: number): number {
  if (line === null) return eventCount;
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

const HOSTILE = [
  '</script><script>window.hurt=1</script>',
  '</script><script>document.title="owned"</script>',
  '<img src=x onerror=window.hurt=1>',
  '\u202egnp.exe\u2066',
  '__proto__',
  '{{constructor}}',
  '{{7*7}}',
  '<!--',
  ']]>',
  'javascript:window.hurt=1',
  '\u0000\u0007\u001b[2J',
  '\u{e0041}\u2028',
];

/** How many {@link eventsWith} gives. */
const EVENTS_WITH = 6;

/** Events that have a text wherever an event has one; the arguments of the first are that text alone. */
function eventsWith(text: string): LedgerEvent[] {
  const redacted = `{"__proto__":{"polluted":true},"constructor":1,${JSON.stringify(text)}:${JSON.stringify(text)}}`;
  return [
    toolCalled({ [text]: text }),
    events.sessionStarted({ agentId: text, modelId: text, sessionId: text }),
    events.toolCalled({ toolName: text, argsSha256: DIGEST, argsRedacted: JSON.parse(redacted) as unknown }),
    events.modelInvoked({ modelId: text, promptSha256: DIGEST, responseSha256: DIGEST, promptTokens: 1, responseTokens: 1 }),
    events.utteranceSpoken({ textSha256: DIGEST, text, audioSha256: '' }),
    ended(text),
  ];
}

testWith(NEEDS, 'markup, marks of direction and __proto__ in a ledger stay text, wherever they are shown', async (t) => {
  const said = HOSTILE.flatMap(eventsWith);
  const page = await shippedViewer(t);
  const before = await contentsOf(page);
  await openFiles(page, { name: 'a<b onclick=1>\u202e.ndjson', contents: textOf(chainOf(said.length, { event: (seq) => said[seq] ?? ended(seq) })) }, { name: '<i>\u202E.txt', contents: 'nothing' });
  t.is(await verdictOf(page), 'intact');
  t.is(await page.title(), 'intact: a<b onclick=1>\\u{202e}.ndjson - Sealwright viewer');
  const staysText = async (where: string) => {
    const { text, ...found } = await contentsOf(page);
    t.deepEqual({ ...found, text: before.text }, { ...before, handlers: 0, links: [], isHurt: false }, where);
    t.notRegex(text, /[\u0000-\u0008\u000e-\u001f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u{e0000}-\u{e007f}]/u, where);
  };
  for (const section of ['overview', 'events', 'charts', 'coverage', 'reveal']) {
    await page.click(`#tab-${section}`);
    await staysText(section);
  }
  await page.click('#tab-events');
  for (let row = 0; row < said.length; row += 1) {
    await page.click(`[data-row="${row}"]`);
    await page.waitForSelector(`[data-row="${row}"][aria-selected=true]`);
    await page.waitForSelector(`[data-detail="${row}"] pre`);
    await staysText(`row ${row}`);
    if (row % EVENTS_WITH !== 0) continue;
    const text = HOSTILE[row / EVENTS_WITH] ?? '';
    await page.click('.recompute button');
    await page.waitForSelector('[data-step=Signature][data-status=pass]');
    const shown = (await page.locator('.detail pre').first().textContent()) ?? '';
    t.deepEqual(JSON.parse(shown).args_redacted, Object.fromEntries([[text, text]]));
    t.notRegex(shown, /[\u0000-\u0009\u000B-\u001F\u202E]/);
  }
  await page.focus('[role=grid]');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(() => document.body.innerText.includes('"__proto__"'));
  t.true((await page.innerText('body')).includes('</script><script>window.hurt=1</script>'));
  await staysText('an event');
});

/** What of a page is more than text, and its text. */
function contentsOf(page: Page) {
  return page.evaluate(() => ({
    text: document.body.innerText,
    elements: document.querySelectorAll('img, script, iframe, object, embed, a, area, form[action], link, base').length,
    handlers: [...document.querySelectorAll('*')].filter((element) => element.getAttributeNames().some((name) => name.startsWith('on'))).length,
    links: [...document.querySelectorAll('a, area')].map((link) => link.getAttribute('href') ?? '').filter((href) => !href.startsWith('#')),
    isHurt: 'hurt' in window || 'polluted' in {},
  }));
}

testWith(NEEDS, 'the page may reach nothing, even if it wanted to', async (t) => {
  const { page, attempts } = await watchFile(t, viewerPath);
  const html = readFileSync(viewerPath, 'utf8');
  t.is([...html.matchAll(/<script/g)].length, 2);
  t.is([...html.matchAll(/<style/g)].length, 1);
  t.regex(html, /http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-[\w+/=]+' 'wasm-unsafe-eval' blob:; worker-src blob:; style-src 'sha256-[\w+/=]+'; img-src data: blob:; connect-src 'none'; form-action 'none'; base-uri 'none'"/);
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
  // What is refused is told to whoever debugs the page. Chromium connects to where a form would go before it refuses to send it.
  const others = attempts.filter((attempt) => !/^(console|request) /.test(attempt));
  t.deepEqual(others.filter((attempt) => attempt !== 'connection CONNECT example.org:443'), []);
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
