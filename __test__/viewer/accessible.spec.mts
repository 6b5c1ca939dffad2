// Whether everybody can use the viewer: axe-core over every part of it, light and dark, and what stands on paper.

import type { Page } from 'playwright-core';
import { violations } from '../helpers/chromium.mts';
import { chainOf, key1, textOf, toolCalled } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { NEEDS, openFiles, shippedViewer } from './helpers/shipped.mts';

const text = textOf(chainOf(30, { event: (seq) => toolCalled({ seq }) }));
const LEDGERS = { good: text, broken: text.replace('"seq":12}', '"seq":13}') };
const key = { name: 'agent.pub', contents: key1.publicKeyHex };

testWith(NEEDS, 'axe-core finds nothing in any part of the page, light or dark', async (t) => {
  const start = await shippedViewer(t, { colorScheme: 'light' });
  const isFine = async (page: Page, where: string) => {
    t.deepEqual(await violations(page), [], where);
    await page.emulateMedia({ colorScheme: 'dark' });
    t.deepEqual(await violations(page, ['color-contrast']), [], `${where}, dark`);
    await page.emulateMedia({ colorScheme: 'light' });
  };
  await isFine(start, 'before a ledger');
  for (const [name, contents] of Object.entries(LEDGERS)) {
    const page = await shippedViewer(t, { colorScheme: 'light' });
    await openFiles(page, { name: `${name}.ndjson`, contents }, key, { name: 'no.txt', contents: 'nothing that is known' });
    t.is(await page.getAttribute('[data-verdict]', 'data-verdict'), name === 'good' ? 'intact' : 'broken');
    await isFine(page, name);
    for (const section of ['charts', 'coverage', 'reveal', 'events']) {
      await page.click(`#tab-${section}`);
      await isFine(page, `${name}: ${section}`);
    }
    await page.click('[data-row="14"]');
    await page.click('.recompute button');
    await page.waitForSelector('[data-step]');
    await page.click('.menu summary');
    await isFine(page, `${name}: an event`);
  }
});

testWith(NEEDS, 'a window of 390 pixels scrolls no part of the page sideways, and axe-core finds nothing in it', async (t) => {
  const page = await shippedViewer(t, { viewport: { width: 390, height: 844 } });
  const fits = async (where: string) => {
    t.is(await page.evaluate(() => document.documentElement.scrollWidth), 390, where);
    t.deepEqual(await violations(page), [], where);
  };
  await fits('before a ledger');
  await openFiles(page, { name: 'broken.ndjson', contents: LEDGERS.broken }, key, { name: 'no.txt', contents: 'nothing that is known' });
  for (const section of ['overview', 'charts', 'coverage', 'reveal', 'events']) {
    await page.click(`#tab-${section}`);
    await fits(section);
  }
  await page.click('[data-row="14"]');
  await page.click('.recompute button');
  await page.waitForSelector('[data-step]');
  await fits('an event');
});

testWith(NEEDS, 'the switch makes the page dark and light, whatever the system says', async (t) => {
  const page = await shippedViewer(t, { colorScheme: 'dark' });
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const bySystem = await paper();
  await page.click('[data-theme=system]');
  const light = await paper();
  await page.click('[data-theme=light]');
  t.is(await paper(), bySystem);
  t.not(light, bySystem);
  await page.click('[data-theme=dark]');
  await page.emulateMedia({ colorScheme: 'light' });
  t.is(await paper(), light);
});

testWith(NEEDS, 'paper has the verdict, checks, facts and pictures, is light, and nothing to press', async (t) => {
  const page = await shippedViewer(t, { colorScheme: 'dark' });
  await openFiles(page, { name: 'ledger.ndjson', contents: LEDGERS.broken }, key);
  await page.click('#tab-events');
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  const seen = (selector: string) => page.locator(selector).first().isVisible();
  for (const selector of ['.verdict h1', '.verdict-break', '[data-check=signer]', '#ledger', '#signers', '#files', '.timeline', '.charts', '.coverage']) {
    t.true(await seen(selector), selector);
  }
  for (const selector of ['[role=grid]', '[role=tab]', '.reveal', '.copy', '.trust form', 'input', 'footer', '.top']) t.false(await seen(selector), selector);
  t.is(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'light');
  const shown = await page.locator('button').evaluateAll((buttons) => buttons.filter((button) => button.checkVisibility() && button.closest('.event-link') === null).length);
  t.is(shown, 0);
});
