// The viewer's workers in Chromium, in a page that has the client and nothing else, and may load nothing.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Client, Dropped, NamedBlob } from '../../../viewer/client.ts';
import { chromiumPath } from '../../helpers/parts.mts';
import { projectRoot } from '../../helpers/project.mts';

/** What the page has. */
export interface InPage {
  readonly client: Client;
  /** A client of its own, and of another module. */
  readonly newClient: (wasm?: Uint8Array) => Client;
  readonly fileOf: (file: Handed) => NamedBlob;
  /** Has files sorted. */
  readonly drop: (files: readonly Handed[]) => Promise<Dropped>;
}

/** A file that can be handed to a page. */
export interface Handed {
  readonly name: string;
  readonly base64: string;
}

declare global {
  // Left in the page.
  var viewer: InPage;
}

let browser: Promise<Browser> | undefined;
let scripts: Promise<{ readonly page: string; readonly worker: string; readonly wasm: string }> | undefined;

/** A page with a client. */
export async function workersPage(t: ExecutionContext): Promise<Page> {
  t.timeout(180_000);
  const { page: script, worker, wasm } = await (scripts ??= bundle());
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  browser ??= chromium.launch({ executablePath: chromiumPath(), args });
  const page = await (await browser).newPage();
  t.teardown(() => page.close());
  await page.route('**/*', (route) => route.abort());
  page.on('pageerror', (error) => t.fail(error.message));
  await page.addScriptTag({ content: script });
  await page.evaluate(begin, [worker, wasm] as const);
  return page;
}

/** Closes what the pages were in; for the end of a file of tests. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}

/** A file for a page. */
export function handed(name: string, contents: string | Uint8Array): Handed {
  return { name, base64: Buffer.from(contents as string).toString('base64') };
}

/** Runs in the page. */
function begin([worker, wasm]: readonly [string, string]): void {
  const { createClient } = (globalThis as unknown as { readonly viewerClient: { createClient(options: object): Client } }).viewerClient;
  const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const scriptUrl = URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }));
  const newClient: InPage['newClient'] = (module) => createClient({ scriptUrl, wasm: module ?? bytesOf(wasm) });
  const fileOf: InPage['fileOf'] = ({ name, base64 }) => ({ name, blob: new Blob([bytesOf(base64)]) });
  const client = newClient();
  const drop: InPage['drop'] = (files) => {
    const blobs = files.map(fileOf);
    // oxlint-disable-next-line unicorn/no-array-sort -- it is no array
    return client.sort(blobs);
  };
  globalThis.viewer = { client, newClient, fileOf, drop };
}

async function bundle() {
  const bundled = build({
    bundle: true,
    entryPoints: [join(projectRoot, 'viewer', 'worker', 'client.ts')],
    format: 'iife',
    globalName: 'viewerClient',
    logLevel: 'silent',
    platform: 'browser',
    target: 'es2022',
    write: false,
  });
  const { bundleWorker } = (await import(pathToFileURL(join(projectRoot, 'viewer', 'worker', 'bundle.mjs')).href)) as { bundleWorker(): Promise<string> };
  return {
    page: (await bundled).outputFiles[0]?.text ?? '',
    worker: await bundleWorker(),
    wasm: readFileSync(join(projectRoot, 'target', 'wasm', 'engine.wasm')).toString('base64'),
  };
}
