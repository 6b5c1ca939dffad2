// Chromium for tests, one for a file of them: without a network, as somebody who may write nowhere, where this process may
// become that. What a page tries beyond showing itself is noted, and fails the test that opened it.

/// <reference lib="dom" />

import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { newFolder } from './folders.mts';
import { chromiumPath, part } from './parts.mts';

const NOBODY = 65534;
/** Milliseconds for one thing asked of the browser. Generous: it shares the machine with every other test. */
const PATIENCE = 240_000;

/** A page, and what it tried that no page of ours may. */
export interface Watched {
  readonly page: Page;
  /** Requests, navigations, windows, downloads, connections, errors, messages: one text each. */
  readonly attempts: readonly string[];
}

export interface PageOptions extends BrowserContextOptions {
  /** What stands behind the path, such as `#seq=1`. */
  readonly link?: string;
}

/** Opens a copy of a file that nobody may write to, in a folder likewise. Whatever it tries fails the test. */
export async function openFile(t: ExecutionContext, path: string, options: PageOptions = {}): Promise<Page> {
  return open(t, pathToFileURL(readOnlyCopy(t, path)).href, options, failing(t));
}

/** The same for a page that will try. */
export async function watchFile(t: ExecutionContext, path: string, options: PageOptions = {}): Promise<Watched> {
  const attempts: string[] = [];
  const page = await open(t, pathToFileURL(readOnlyCopy(t, path)).href, options, (what) => void attempts.push(what));
  return { page, attempts };
}

/** A page that has a script and nothing else. */
export async function openScript(t: ExecutionContext, script: string): Promise<Page> {
  const page = await open(t, 'about:blank', {}, failing(t));
  await page.addScriptTag({ content: script });
  return page;
}

/** Fails the test. What `t.fail` throws stays here: the handler of an event has nobody who would catch it. */
function failing(t: ExecutionContext): (what: string) => void {
  return (what) => {
    try {
      t.fail(`the page tried what it may not: ${what}`);
    } catch {
      // AVA has counted it.
    }
  };
}

/** A path in a new folder that the browser may read in. */
export function publicPath(t: ExecutionContext, name: string): string {
  const folder = newFolder(t);
  chmodSync(folder, 0o755);
  return join(folder, name);
}

/** What axe-core says of a page, in short: by all of its rules, or by these. */
export async function violations(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  // A page that lets no script in takes one of its debugger.
  const debuggerOf = await page.context().newCDPSession(page);
  await debuggerOf.send('Runtime.evaluate', { expression: axeSource });
  await debuggerOf.detach();
  return page.evaluate(async (runOnly) => {
    interface Found {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly target: readonly string[] }[];
    }
    const { axe } = globalThis as unknown as { readonly axe: { run(options: object): Promise<{ readonly violations: readonly Found[] }> } };
    const { violations: found } = await axe.run(runOnly === undefined ? {} : { runOnly });
    return found.map(({ id, impact, nodes }) => `${impact}: ${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  }, rules);
}

const { source: axeSource } = createRequire(import.meta.url)('axe-core') as { readonly source: string };

async function open(t: ExecutionContext, url: string, { link = '', ...options }: PageOptions, note: (what: string) => void): Promise<Page> {
  t.timeout(600_000);
  let hasTried = false;
  const noteAttempt = (what: string) => {
    hasTried = true;
    note(what);
  };
  const proxy = await startProxy(noteAttempt);
  t.teardown(() => proxy.close());
  const server = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  // What asks the network at all asks the proxy, pings and prefetches too.
  const context = await (await (browser ??= launch())).newContext({ ...options, offline: true, proxy: { server, bypass: '<-loopback>' } });
  t.teardown(() => context.close());
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  watchPage(page, url, noteAttempt);
  await page.goto(url + link).catch((error: unknown) => {
    // A page that leaves while it is loaded is one that was not loaded.
    if (!hasTried) throw error;
  });
  return page;
}

/** Notes what a page tries beyond showing the document at `url`. Workers come out of the page itself, by `blob:`. */
function watchPage(page: Page, url: string, note: (what: string) => void): void {
  const isOwn = (other: string) => other.split('#')[0] === url || other.startsWith('blob:');
  const context = page.context();
  context.on('request', (request) => isOwn(request.url()) || note(`request ${request.url()}`));
  context.on('page', (other) => other !== page && note(`window ${other.url()}`));
  page.on('framenavigated', (frame) => isOwn(frame.url()) || note(`navigation ${frame.url()}`));
  page.on('download', (download) => note(`download ${download.url()}`));
  page.on('pageerror', (error) => note(`error ${error.stack ?? error.message}`));
  page.on('console', (message) => note(`console ${message.text()}`));
  let documents = 0;
  page.on('domcontentloaded', () => {
    documents += 1;
    if (documents > 1) note(`navigation ${page.url()}`);
  });
}

let browser: Promise<Browser> | undefined;

/** The browser, as nobody where this process may become nobody: root may write everywhere. */
async function launch(): Promise<Browser> {
  const home = mkdtempSync(join(tmpdir(), 'sealwright-chromium-'));
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  const browserPath = chromiumPath();
  let executablePath = browserPath;
  if (part('unprivileged')) {
    const program = join(home, 'chromium');
    const giveProfile = `for word; do case "$word" in --user-data-dir=*) chown ${NOBODY} "\${word#*=}" ;; esac; done`;
    const start = `exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups "$SEALWRIGHT_CHROMIUM" "$@"`;
    writeFileSync(program, `#!/bin/sh\n${giveProfile}\n${start}\n`, { mode: 0o755 });
    chownSync(home, NOBODY, NOBODY);
    executablePath = program;
  }
  return chromium.launch({
    executablePath,
    timeout: PATIENCE,
    env: { ...process.env, SEALWRIGHT_CHROMIUM: browserPath, HOME: home, TMPDIR: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

test.after.always('the browser ends', async () => {
  await (await browser)?.close();
});

/** A copy in a folder that nobody may write to, as on a disk that is mounted to be read. */
function readOnlyCopy(t: ExecutionContext, path: string): string {
  const copy = publicPath(t, basename(path));
  const folder = join(copy, '..');
  copyFileSync(path, copy);
  chmodSync(copy, 0o444);
  chmodSync(folder, 0o555);
  t.teardown(() => chmodSync(folder, 0o755));
  return copy;
}

/** Chromium asks them of its own accord. A page that did would be seen by its request. */
const CHROMIUM_HOSTS = /(^|\.)(google|googleapis|gvt1)\.com(:\d+)?(\/|$)/;

/** A proxy that lets nothing through. */
async function startProxy(note: (what: string) => void): Promise<Server> {
  const told = (method: string | undefined, target = '') => {
    if (!CHROMIUM_HOSTS.test(target.replace(/^\w+:\/\//, ''))) note(`connection ${method} ${target}`);
  };
  const server = createServer((request, response) => {
    told(request.method, request.url);
    response.writeHead(403).end();
  });
  server.on('connect', (request, socket: Socket) => {
    told(request.method, request.url);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
