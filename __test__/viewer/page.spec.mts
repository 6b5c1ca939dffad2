/// <reference lib="dom" />

// The shipped viewer in Chromium, opened from a folder that cannot be written to, without a network: it says of every ledger
// what the library says, and its text stays text. Whatever the page tries beyond that fails the test, see helpers/browser.mts.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ExecutionContext } from 'ava';
import { ChainError, type ChainReport, events, LedgerError, type LedgerEvent, verifyFile } from 'sealwright';
import { chainOf, ended, forged, key1, key2, textOf, toolCalled } from '../helpers/ledgers.mts';
import { type Part, testWith } from '../helpers/parts.mts';
import { chains, mutations, peerJson, peerPath, variants, type ExpectedHeads } from '../helpers/vectors.mts';
import { Viewer } from './helpers/viewer.mts';

const parts: Part[] = ['chromium', 'wasm', 'unprivileged'];
const bytesOf = (text: string) => Buffer.from(text);

testWith(parts, 'the 200 events of the peer verify, and the verdict says what was not checked', async (t) => {
  const viewer = await Viewer.open(t);
  t.is(await viewer.phase(), 'idle');
  t.regex(await viewer.text(), /proves nothing/);
  t.regex(await viewer.text(), /sha256sum/);
  await viewer.choose(peerPath('ledger_200.ndjson'));
  t.is(await viewer.verdict(), 'intact');
  t.regex(await viewer.text('[data-verdict]'), /200 events/);
  t.regex(await viewer.text('[data-verdict]'), /Not checked: signer, head, first/);
  t.deepEqual(await viewer.checks(), { lines: 'pass', chain: 'pass', signatures: 'pass', signer: 'not-checked', head: 'not-checked', first: 'not-checked' });

  const { report } = { report: await verifyFile(peerPath('ledger_200.ndjson')) };
  await viewer.page.getByLabel(/Public key of the signer/).fill(report.signers[0]?.publicKey ?? '');
  await viewer.page.getByRole('button', { name: 'Check with this key' }).click();
  await viewer.page.locator('[data-check=signer][data-status=pass]').waitFor();
  const { root_hash: hash } = peerJson<ExpectedHeads>('ledger_200.expected.json').ledger_200;
  await viewer.page.getByLabel(/Head that was reported outside/).fill(`199:${hash}`);
  await viewer.page.getByRole('button', { name: 'Check with this head' }).click();
  await viewer.page.locator('[data-verdict=verified]').waitFor();
  t.regex(await viewer.text('[data-verdict]'), /Not checked: .*what followed event 199/);
});

testWith(parts, 'a key and a head come as files too; one that is wrong breaks the ledger', async (t) => {
  const viewer = await Viewer.open(t);
  const chain = chainOf(5);
  await viewer.choose(
    { name: 'ledger.ndjson', bytes: bytesOf(textOf(chain)) },
    { name: 'agent.pub', bytes: bytesOf(`${key1.publicKeyHex}\n`) },
    { name: 'head.txt', bytes: bytesOf(`4:${chain[4]?.selfHash}\n`) },
  );
  t.is(await viewer.verdict(), 'verified');
  await viewer.choose({ name: 'ledger.ndjson', bytes: bytesOf(textOf(chainOf(5, { keypair: key2 }))) });
  t.is(await viewer.verdict(), 'broken');
  t.regex(await viewer.text('[data-verdict]'), /untrusted_signer/);
});

/** What the library makes of a file, as the page should tell it. */
async function expectedOf(path: string): Promise<{ readonly report?: ChainReport; readonly code?: string }> {
  try {
    return { report: await verifyFile(path) };
  } catch (error) {
    if (ChainError.is(error) || LedgerError.is(error)) return { code: error.code };
    throw error;
  }
}

async function agrees(t: ExecutionContext, viewer: Viewer, path: string): Promise<void> {
  const { report, code } = await expectedOf(path);
  // The name says nothing: a part of a ledger would be one by its name.
  await viewer.choose({ name: basename(path), bytes: readFileSync(path) });
  const name = basename(path);
  t.true((await viewer.text('.subject')).startsWith(name), name);
  if (report === undefined) {
    t.is(await viewer.phase(), 'failed', name);
    t.true((await viewer.text()).includes(code ?? ''), `${name}: ${code}`);
    return;
  }
  t.is(await viewer.verdict(), report.verdict, name);
  if (report.ok) return;
  const banner = await viewer.text('[data-verdict]');
  t.true(banner.includes(report.code ?? ''), `${name}: ${banner}`);
  if (report.line === null) return;
  t.true(banner.includes(`line ${report.line.toLocaleString('en-US')}`), `${name}: ${banner}`);
  // In its place: in front of the line that does not hold.
  const show = viewer.page.getByRole('button', { name: 'Show where it breaks' });
  if (await show.isVisible()) await show.click();
  else await viewer.show('events');
  const broken = viewer.page.locator('[data-break]');
  await broken.scrollIntoViewIfNeeded();
  t.regex(await broken.innerText(), new RegExp(`Broken at line ${report.line.toLocaleString('en-US')}\\b`), name);
  const untrusted = await viewer.page.locator('[data-row]').evaluateAll((rows) => rows.map((row) => [Number(row.getAttribute('aria-rowindex')), row.getAttribute('data-trusted')] as const));
  const place = Number(await broken.getAttribute('aria-rowindex'));
  for (const [index, trusted] of untrusted) t.is(trusted, index > place ? 'no' : null, `${name}: row ${index}`);
}

const every = [...mutations(), ...variants(), ...chains()];
const GROUPS = 4;
for (let group = 0; group < GROUPS; group += 1) {
  testWith(parts, `every vector gives the verdict, the fault and the line that the library gives (${group + 1} of ${GROUPS})`, async (t) => {
    const viewer = await Viewer.open(t);
    for (const { path } of every.filter((_, index) => index % GROUPS === group)) await agrees(t, viewer, path);
  });
}

const hostile = ['</script><script>window.hurt=1</script>', '<img src=x onerror=window.hurt=1>', '\u202egnp.exe\u2066', '__proto__', '<!--', '\u0007\u001b[31m', ']]>', '{{7*7}}', 'javascript:window.hurt=1', '\u{e0041}\u2028'];

function hostileEvents(): LedgerEvent[] {
  return hostile.flatMap((text) => [
    events.sessionStarted({ agentId: text, modelId: text, sessionId: text }),
    events.toolCalled({ toolName: text, argsSha256: 'a'.repeat(64), argsRedacted: JSON.parse(`{"__proto__":{"polluted":true},"constructor":1,${JSON.stringify(text)}:${JSON.stringify(text)}}`) as unknown }),
    events.modelInvoked({ modelId: text, promptSha256: 'a'.repeat(64), responseSha256: 'a'.repeat(64), promptTokens: 1, responseTokens: 1 }),
    events.utteranceSpoken({ textSha256: 'a'.repeat(64), text, audioSha256: '' }),
    ended(text),
  ]);
}

testWith(parts, 'markup, marks of direction and __proto__ stay text, wherever they are shown', async (t) => {
  const viewer = await Viewer.open(t);
  const said = hostileEvents();
  await viewer.choose({ name: 'a<b onclick=1>\u202e.ndjson', bytes: bytesOf(textOf(chainOf(said.length, { event: (seq) => said[seq] ?? ended(seq) }))) });
  t.is(await viewer.verdict(), 'intact');
  const { page } = viewer;
  for (const section of ['overview', 'events', 'charts', 'coverage', 'reveal'] as const) {
    await viewer.show(section);
    const found = await page.evaluate(() => ({
      hurt: 'hurt' in window || 'polluted' in {},
      text: document.body.innerText,
      elements: document.querySelectorAll('img, iframe, object, embed, link, base, script:not([type="application/json"])').length,
      handlers: [...document.querySelectorAll('*')].filter((element) => element.getAttributeNames().some((name) => name.startsWith('on'))).length,
      links: [...document.querySelectorAll('a, area')].map((link) => link.getAttribute('href') ?? '').filter((href) => !href.startsWith('#')),
    }));
    t.deepEqual({ ...found, text: '' }, { hurt: false, text: '', elements: 1, handlers: 0, links: [] }, section);
    t.notRegex(found.text, /[\u0000-\u0008\u000e-\u001f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u{e0000}-\u{e007f}]/u, section);
  }
  await viewer.show('events');
  for (let row = 0; row < said.length; row += 1) {
    await page.locator(`[data-row="${row}"]`).click();
    await page.locator(`[data-row="${row}"][aria-selected=true]`).waitFor();
  }
  await page.getByRole('grid').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(() => document.body.innerText.includes('"__proto__"'));
  t.true((await viewer.text('body')).includes('</script><script>window.hurt=1</script>'));
  t.false(await page.evaluate(() => 'hurt' in window || 'polluted' in {}));
});

testWith(parts, 'a link names an event, and choosing one writes the link', async (t) => {
  const viewer = await Viewer.open(t, { hash: '#seq=42' });
  await viewer.choose(peerPath('ledger_200.ndjson'));
  const { page } = viewer;
  await page.locator('[data-row="42"][aria-selected=true]').waitFor();
  await page.locator('[data-row="43"]').click();
  t.true(page.url().endsWith('#seq=43'));
  await page.evaluate(() => void (location.hash = '#seq=7'));
  await page.locator('[data-row="7"][aria-selected=true]').waitFor();
});

testWith(parts, 'the keyboard is enough to go through the events', async (t) => {
  const viewer = await Viewer.open(t);
  await viewer.choose(peerPath('ledger_200.ndjson'));
  const { page } = viewer;
  await viewer.show('events');
  await page.getByRole('grid').focus();
  for (const [key, row] of [['Home', 0], ['ArrowDown', 1], ['End', 199], ['ArrowUp', 198], ['Home', 0]] as const) {
    await page.keyboard.press(key);
    await page.locator(`[data-row="${row}"][aria-selected=true]`).waitFor();
  }
  t.pass();
});

testWith(parts, 'what does not hold in one event shows in the steps of its check', async (t) => {
  const chain = chainOf(4, { event: (seq) => toolCalled({ seq }) });
  const text = [chain[0]?.toLine(), chain[1]?.toLine().replace('"seq":1}', '"seq":9}'), forged(chain[2]), chain[3]?.toLine()].join('\n');
  const viewer = await Viewer.open(t);
  await viewer.choose({ name: 'ledger.ndjson', bytes: bytesOf(`${text}\n`) });
  const { page } = viewer;
  t.is(await viewer.verdict(), 'broken');
  await viewer.show('events');
  const failed = async (row: number) => {
    await page.locator(`[data-row="${row}"]`).click();
    await page.locator(`[data-row="${row}"][aria-selected=true]`).waitFor();
    await page.getByRole('button', { name: /Recompute/ }).click();
    await page.locator('[data-step]').first().waitFor();
    return page.locator('[data-step][data-status=fail]').evaluateAll((steps) => steps.map((step) => step.getAttribute('data-step')));
  };
  t.deepEqual(await failed(0), []);
  t.deepEqual(await failed(1), ['SHA-256', 'Signature']);
  t.deepEqual(await failed(2), ['Signature']);
});
