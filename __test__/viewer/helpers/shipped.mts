// The viewer that is shipped, as somebody uses it: files are chosen, and what the page says is read.

/// <reference lib="dom" />

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { openFile, type PageOptions } from '../../helpers/chromium.mts';
import { newPath } from '../../helpers/folders.mts';
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

/** Opens the viewer; `html` in its place. */
export async function shippedViewer(t: ExecutionContext, { html, ...options }: PageOptions & { readonly html?: string } = {}): Promise<Page> {
  if (html === undefined) return openFile(t, viewerPath, options);
  const path = newPath(t, 'viewer.html');
  writeFileSync(path, html);
  return openFile(t, path, options);
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
