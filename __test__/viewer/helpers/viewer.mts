/// <reference lib="dom" />

// The viewer as somebody uses it: files are chosen, and what the page says is read.

import type { ExecutionContext } from 'ava';
import type { Locator, Page } from 'playwright-core';
import { type BrowserOptions, openFile, readOnlyCopy, viewerPath } from './browser.mts';

/** What a file chooser takes: a path, or a name with bytes. */
export type Chosen = string | { readonly name: string; readonly bytes: Uint8Array };

export class Viewer {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the file that is shipped, from a folder that cannot be written to. */
  static async open(t: ExecutionContext, options?: BrowserOptions): Promise<Viewer> {
    return new Viewer(await openFile(t, readOnlyCopy(t, viewerPath), options));
  }

  get main(): Locator {
    return this.page.locator('main');
  }

  /** Hands files of a ledger over, and waits until the page is done with it. */
  async choose(...files: readonly Chosen[]): Promise<void> {
    const before = await this.main.getAttribute('data-opened');
    await this.hand(...files);
    await this.page.locator(`main:not([data-opened="${before}"])`).waitFor();
    await this.settled();
  }

  /** Hands files over. */
  async hand(...files: readonly Chosen[]): Promise<void> {
    const given = files.map((file) => (typeof file === 'string' ? file : { name: file.name, mimeType: '', buffer: Buffer.from(file.bytes) }));
    const input = this.page.locator('input[type=file]:not([webkitdirectory])').first();
    await input.setInputFiles(given as string[]);
  }

  /** Waits until files are told apart, read and verified. */
  async settled(): Promise<void> {
    await this.page.waitForFunction(
      () => /^(done|failed)$/.test(document.querySelector('main')?.dataset['phase'] ?? '') && document.querySelector('main progress') === null,
      undefined,
      { timeout: 240_000 },
    );
  }

  phase(): Promise<string | null> {
    return this.main.getAttribute('data-phase');
  }

  /** The verdict; null where there is none. */
  async verdict(): Promise<string | null> {
    const banner = this.page.locator('[data-verdict]');
    return (await banner.count()) === 0 ? null : banner.first().getAttribute('data-verdict');
  }

  /** Checks by their names. */
  async checks(): Promise<Record<string, string>> {
    const found = await this.page.locator('[data-check]').evaluateAll((elements) =>
      elements.map((element) => [element.getAttribute('data-check') ?? '', element.getAttribute('data-status') ?? ''] as const),
    );
    return Object.fromEntries(found);
  }

  async show(section: 'overview' | 'events' | 'charts' | 'coverage' | 'reveal'): Promise<void> {
    await this.page.locator(`#tab-${section}`).click();
  }

  /** All text that is shown. */
  text(selector = 'main'): Promise<string> {
    return this.page.locator(selector).first().innerText();
  }
}
