/// <reference lib="dom" />

// The shipped viewer in Chromium, opened by somebody who may write nowhere near it, behind a proxy that tells of every
// connection: whatever the page tries beyond showing a ledger fails the test, see helpers/browser.mts.

import { events, type LedgerEvent, verifyFile } from 'sealwright';
import { chainOf, ended, textOf } from '../helpers/ledgers.mts';
import { type Part, testWith } from '../helpers/parts.mts';
import { type ExpectedHeads, peerJson, peerPath } from '../helpers/vectors.mts';
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
