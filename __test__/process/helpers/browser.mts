// A browser that opens a file of this machine, and has no network.

import { pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { chromiumPath } from '../../helpers/parts.mts';

/** A file that was opened. */
export interface OpenedFile {
  readonly page: Page;
  /** Whatever it asked for besides itself. */
  readonly requests: readonly string[];
  /** What the browser had to say, such as what a policy refused. */
  readonly messages: readonly string[];
}

/** Opens a file; the browser ends with the test. Needs the part `chromium`. */
export async function openFile(t: ExecutionContext, path: string, options: BrowserContextOptions = {}): Promise<OpenedFile> {
  t.timeout(120_000);
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  t.teardown(() => browser.close());
  const context = await browser.newContext({ offline: true, ...options });
  const page = await context.newPage();
  const url = pathToFileURL(path).href;
  const [requests, messages]: [string[], string[]] = [[], []];
  context.on('request', (request) => request.url() !== url && requests.push(request.url()));
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(error.message));
  await page.goto(url);
  return { page, requests, messages };
}
