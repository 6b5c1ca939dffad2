// Pictures of the viewer for the docs: light, dark, broken and on paper. Called by scripts/screenshots.mjs.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromiumPath } from './parts.mjs';
import { inProject } from './run.mjs';

const viewer = pathToFileURL(inProject('dist', 'viewer', 'viewer.html')).href;
const WIDE = { width: 1280, height: 860 };

/** Writes `docs/images/viewer-*.png` of a folder with `ledger.ndjson`, `tampered.ndjson`, `agent.pub` and `head.txt`; gives their names. */
export async function takeViewerPictures(folder) {
  const { chromium } = await import('playwright-core');
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  const at = (...names) => names.map((name) => join(folder, name));
  const taken = [];
  const save = async (page, name, options = {}) => {
    mkdirSync(inProject('docs', 'images'), { recursive: true });
    // What moves has to be still first.
    await page.waitForTimeout(400);
    await page.screenshot({ path: inProject('docs', 'images', `viewer-${name}.png`), animations: 'disabled', ...options });
    taken.push(`viewer-${name}.png`);
  };
  const open = async (files, { colorScheme = 'light', media = 'screen' } = {}) => {
    const page = await browser.newPage({ viewport: WIDE, colorScheme });
    await page.emulateMedia({ media });
    await page.goto(viewer);
    await page.locator('input[type=file]:not([webkitdirectory])').first().setInputFiles(at(...files));
    await page.locator('main[data-phase=done]').waitFor();
    await page.locator('#tab-events').waitFor();
    return page;
  };
  try {
    const trusted = ['ledger.ndjson', 'agent.pub', 'head.txt'];
    await save(await open(trusted), 'light');
    const dark = await open(trusted, { colorScheme: 'dark' });
    await dark.locator('#tab-charts').click();
    await save(dark, 'dark');
    const events = await open(trusted);
    await events.evaluate(() => void (location.hash = '#seq=726'));
    await events.locator('[data-row="726"][aria-selected=true]').waitFor();
    await events.getByRole('button', { name: /Recompute/ }).click();
    await save(events, 'events');
    const broken = await open(['tampered.ndjson', 'agent.pub']);
    await save(broken, 'broken');
    await broken.getByRole('button', { name: 'Show where it breaks' }).click();
    await save(broken, 'break');
    const paper = await open(trusted);
    await paper.setViewportSize({ width: 794, height: 1123 });
    await paper.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await paper.emulateMedia({ media: 'print' });
    await save(paper, 'print');
  } finally {
    await browser.close();
  }
  return taken;
}
