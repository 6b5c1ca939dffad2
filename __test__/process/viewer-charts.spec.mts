// The viewer's pictures under a pointer and a keyboard: a time is chosen, an event is shown, a document is revealed.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { events, sha256Hex } from 'sealwright';
import { openFile } from '../helpers/chromium.mts';
import { newFolder } from '../helpers/folders.mts';
import { chainOf, DIGEST, forged, textOf } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { cliOutput } from './helpers/cli.mts';

const DOCUMENT = 'the arguments of a call\n';
/** A call each second, the seventh with the digest of the document. */
const calls = chainOf(60, {
  event: (seq) => events.toolCalled({ toolName: 'search', argsSha256: seq === 7 ? sha256Hex(DOCUMENT) : DIGEST, argsRedacted: null }),
});

/** A page with a ledger inside, at one of its tabs. */
async function openLedger(t: ExecutionContext, text: string, tab: string): Promise<Page> {
  const cwd = newFolder(t);
  writeFileSync(join(cwd, 'ledger.ndjson'), text);
  await cliOutput(t, ['view', 'ledger.ndjson'], { cwd });
  const page = await openFile(t, join(cwd, 'ledger.html'));
  await page.locator('[data-phase="done"]').waitFor();
  await page.getByRole('tab', { name: tab }).click();
  return page;
}

testWith(['wasm', 'chromium'], 'a time is chosen by drawing over the events, or by keyboard', async (t) => {
  const page = await openLedger(t, textOf(calls), 'Charts');
  const chosen = page.getByRole('group', { name: 'Time that is shown' });
  const whole = await chosen.locator('output').textContent();
  const picture = page.getByRole('img', { name: /^Events over time/ });
  await picture.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await picture.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + width * 0.5, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.75, y + height / 2, { steps: 4 });
  await page.mouse.up();
  t.not(await chosen.locator('output').textContent(), whole);
  await page.getByRole('tab', { name: 'Events' }).click();
  const rows = await page.locator('[data-row]').count();
  t.true(rows > 5 && rows < 30, `${rows}`);
  await page.getByRole('tab', { name: 'Charts' }).click();
  await chosen.getByRole('button', { name: 'All of it' }).click();
  t.is(await chosen.locator('output').textContent(), whole);
  await chosen.getByLabel('From').focus();
  await page.keyboard.press('ArrowRight');
  t.not(await chosen.locator('output').textContent(), whole);
});

testWith(['wasm', 'chromium'], 'the timeline leads to an event by keyboard and by pointer, and comes closer', async (t) => {
  const page = await openLedger(t, textOf(calls), 'Overview');
  const place = page.getByRole('group', { name: 'Place in the timeline' });
  await place.getByLabel('Place').focus();
  await page.keyboard.press('End');
  t.regex((await place.getByLabel('Place').getAttribute('aria-valuetext')) ?? '', /1 ToolCalled$/);
  await place.getByRole('button', { name: 'Closer' }).click();
  t.true(await place.getByRole('button', { name: 'All of it' }).isEnabled());
  await place.getByRole('button', { name: 'All of it' }).click();
  await page.keyboard.press('Shift+Tab');
  await place.getByLabel('Place').focus();
  await page.keyboard.press('Home');
  await place.getByRole('button', { name: 'Show event 0', exact: true }).click();
  await page.waitForURL(/#seq=0$/);
  await page.getByRole('tab', { name: 'Overview' }).click();
  const picture = page.getByRole('img', { name: /^Timeline/ });
  const { width = 0 } = (await picture.boundingBox()) ?? {};
  await picture.click({ position: { x: width - 14, y: 60 } });
  await page.waitForURL(/#seq=5\d$/);
});

testWith(['wasm', 'chromium'], 'what is not trusted is hatched, and every fill is there once', async (t) => {
  const text = textOf(calls).split('\n').map((line, index) => (index === 30 ? forged(calls[30]) : line)).join('\n');
  const page = await openLedger(t, text, 'Charts');
  t.is(await page.locator('#panel-charts rect[fill="url(#chart-events-untrusted)"]').count(), 31);
  await page.getByRole('tab', { name: 'Overview' }).click();
  t.is(await page.locator('.timeline-break-text').textContent(), 'breaks at line 31, not trusted behind');
  const ids = await page.locator('[id]').evaluateAll((elements) => elements.map(({ id }) => id));
  t.deepEqual(ids.filter((id, index) => ids.indexOf(id) !== index), []);
});

testWith(['wasm', 'chromium'], 'a document is found by its digest, and what is not found proves nothing', async (t) => {
  const page = await openLedger(t, textOf(calls.slice(0, 20)), 'Reveal');
  await page.locator('.reveal-drop input').setInputFiles({ name: 'arguments.txt', mimeType: 'text/plain', buffer: Buffer.from(DOCUMENT) });
  await page.getByRole('heading', { name: '1 place with a digest of arguments.txt' }).waitFor();
  t.regex((await page.locator('.reveal-digest li').first().textContent()) ?? '', /args_sha256.* of ToolCalled in event 7/);
  await page.getByLabel('Or paste its text, exactly').fill('another text');
  await page.getByRole('button', { name: 'Look for this text' }).click();
  await page.getByRole('heading', { name: 'No event has a digest of the text' }).waitFor();
  t.regex((await page.locator('.reveal-result').textContent()) ?? '', /That proves nothing/);
});
