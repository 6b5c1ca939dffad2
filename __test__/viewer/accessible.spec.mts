/// <reference lib="dom" />

// The viewer for people who use it otherwise: axe finds nothing serious in any part of it, light or dark, and neither does a
// narrow window cut anything off. On paper nothing is left that one would click.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ExecutionContext } from 'ava';
import type { AxeResults } from 'axe-core';
import { chainOf, key1, textOf, toolCalled } from '../helpers/ledgers.mts';
import { type Part, testWith } from '../helpers/parts.mts';
import { peerPath } from '../helpers/vectors.mts';
import { Viewer } from './helpers/viewer.mts';

declare const axe: { run(context: unknown, options: unknown): Promise<AxeResults> };

const needs: Part[] = ['chromium', 'wasm'];
const axeScript = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sections = ['overview', 'events', 'charts', 'coverage', 'reveal'] as const;
const broken = Buffer.from(textOf(chainOf(40, { event: (seq) => toolCalled({ seq }) })).replace('"seq":20}}', '"seq":99}}'));

/** Nothing of the rules of WCAG 2.2 AA that is serious. */
async function isAccessible(t: ExecutionContext, viewer: Viewer, where: string): Promise<void> {
  // Through the debugger: no script of the page's own may be added.
  const session = await viewer.page.context().newCDPSession(viewer.page);
  await session.send('Runtime.evaluate', { expression: axeScript });
  const { violations } = await viewer.page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  t.deepEqual(serious.map(({ id, nodes }) => [id, nodes[0]?.html]), [], where);
}

for (const colorScheme of ['light', 'dark'] as const) {
  testWith(needs, `axe finds nothing serious: ${colorScheme}`, async (t) => {
    const viewer = await Viewer.open(t, { colorScheme, reducedMotion: 'reduce' });
    await isAccessible(t, viewer, 'start');
    await viewer.choose({ name: 'ledger.ndjson', bytes: readFileSync(peerPath('ledger_200.ndjson')) }, { name: 'agent.pub', bytes: Buffer.from(key1.publicKeyHex) });
    for (const section of sections) {
      await viewer.show(section);
      await isAccessible(t, viewer, section);
    }
    await viewer.choose({ name: 'broken.ndjson', bytes: broken });
    t.is(await viewer.verdict(), 'broken');
    await isAccessible(t, viewer, 'broken');
    await viewer.page.getByRole('button', { name: 'Show where it breaks' }).click();
    await viewer.page.locator('[data-break]').waitFor();
    await viewer.page.getByRole('button', { name: /Recompute/ }).click();
    await viewer.page.locator('[data-step]').first().waitFor();
    await isAccessible(t, viewer, 'break and steps');
    await viewer.choose({ name: 'other.ndjson', bytes: Buffer.from('{"seq":\n') });
    t.is(await viewer.phase(), 'failed');
    await isAccessible(t, viewer, 'failed');
  });
}

testWith(needs, 'status is never told by colour alone', async (t) => {
  const viewer = await Viewer.open(t);
  await viewer.choose({ name: 'broken.ndjson', bytes: broken });
  const told = await viewer.page.locator('[data-check]').evaluateAll((checks) => checks.map((check) => [check.getAttribute('data-status'), check.textContent, check.querySelectorAll('svg').length] as const));
  for (const [status, text, symbols] of told) {
    t.regex(text ?? '', status === 'pass' ? /Passed/ : status === 'fail' ? /Failed/ : /Not checked/);
    t.true(symbols > 0);
  }
  await viewer.page.getByRole('button', { name: 'Show where it breaks' }).click();
  for (const row of await viewer.page.locator('[data-trusted=no]').allInnerTexts()) t.regex(row, /not trusted/);
});

testWith(needs, 'a narrow window cuts nothing off, and the whole page fits its width', async (t) => {
  const viewer = await Viewer.open(t, { viewport: { width: 390, height: 844 } });
  await viewer.choose({ name: 'broken.ndjson', bytes: broken });
  for (const section of sections) {
    await viewer.show(section);
    t.true((await viewer.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, section);
  }
});

testWith(needs, 'paper has every part but what one would click', async (t) => {
  const viewer = await Viewer.open(t);
  await viewer.choose({ name: 'broken.ndjson', bytes: broken });
  await viewer.page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await viewer.page.emulateMedia({ media: 'print' });
  await viewer.page.locator('#panel-coverage').waitFor();
  const text = await viewer.text('body');
  for (const part of [/Broken at line 21/, /Checks/, /Signer/, /Timeline/, /Events over time/]) t.regex(text, part);
  const clickable = await viewer.page.locator('button, input, select, textarea').evaluateAll((elements) => elements.filter((element) => (element as HTMLElement).checkVisibility()).map((element) => element.textContent ?? ''));
  // Names of events are buttons on the screen, and text on paper.
  t.deepEqual(clickable.filter((words) => !/^event \d+$/.test(words)), []);
  t.true((await viewer.page.pdf({ format: 'A4' })).length > 10_000);
});
