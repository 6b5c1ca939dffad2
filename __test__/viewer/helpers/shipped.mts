// The viewer that is shipped, in Chromium: opened from a folder that nobody may write to, with the network off. A request, a
// second document, a message of the console or an error fails the test that opened it.

/// <reference lib="dom" />

import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { newFolder } from '../../helpers/folders.mts';
import { chromiumPath } from '../../helpers/parts.mts';
import { projectRoot } from '../../helpers/project.mts';

/** What these tests need. */
export const NEEDS: ['chromium', 'wasm'] = ['chromium', 'wasm'];

/** The file that is shipped. */
export const viewerPath = join(projectRoot, 'dist', 'viewer', 'viewer.html');

/** A file to hand to the page. */
export interface Handed {
  readonly name: string;
  readonly contents: string | Uint8Array;
}

let browser: Promise<Browser> | undefined;

/** Opens the viewer; `html` in its place, `link` behind its path. */
export async function shippedViewer(t: ExecutionContext, options: BrowserContextOptions & { readonly html?: string; readonly link?: string } = {}): Promise<Page> {
  t.timeout(600_000);
  const { html, link = '', ...contextOptions } = options;
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  browser ??= chromium.launch({ executablePath: chromiumPath(), args });
  const folder = newFolder(t);
  const path = join(folder, 'viewer.html');
  if (html === undefined) copyFileSync(viewerPath, path);
  else writeFileSync(path, html);
  chmodSync(path, 0o400);
  chmodSync(folder, 0o500);
  t.teardown(() => chmodSync(folder, 0o700));
  const context = await (await browser).newContext({ offline: true, ...contextOptions });
  t.teardown(() => context.close());
  const page = await context.newPage();
  const url = pathToFileURL(path).href;
  // Workers come out of the page itself.
  context.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('blob:')) t.fail(`asked for ${request.url()}`);
  });
  context.on('page', (other) => {
    if (other !== page) t.fail('opened another page');
  });
  page.on('pageerror', (error) => t.fail(error.stack ?? error.message));
  page.on('console', (message) => t.fail(message.text()));
  let documents = 0;
  page.on('domcontentloaded', () => {
    documents += 1;
    if (documents > 1) t.fail('went to another document');
  });
  await page.goto(url + link);
  return page;
}

/** Closes what the pages were in; for the end of a file of tests. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}

/** Chooses files, and waits until the ledger among them is read and verified. */
export async function openFiles(page: Page, ...files: readonly Handed[]): Promise<void> {
  const chosen = files.map(({ name, contents }) => ({ name, mimeType: '', buffer: Buffer.from(contents as string) }));
  const before = (await page.getAttribute('main', 'data-opened')) ?? '';
  await page.locator('input[type=file]').first().setInputFiles(chosen);
  if (files.some(({ name }) => /\.(ndjson|zip)$/.test(name))) await page.waitForSelector(`main:not([data-opened="${before}"])`);
  await page.waitForFunction(() => {
    const phase = document.querySelector('main')?.getAttribute('data-phase') ?? '';
    // What cannot be verified is known before all of it is read.
    return /done|failed/.test(phase) && document.querySelector('main progress') === null;
  });
}

/** The verdict that the page shows. */
export function verdictOf(page: Page): Promise<string | null> {
  return page.locator('[data-verdict]').first().getAttribute('data-verdict');
}
