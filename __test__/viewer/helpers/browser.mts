// Pages in Chromium that cannot leave: whatever they try is noted, and fails the test when it ends.

import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { newFolder } from '../../helpers/folders.mts';
import { chromiumPath } from '../../helpers/parts.mts';
import { projectRoot } from '../../helpers/project.mts';

/** The page that is shipped. */
export const viewerPath = join(projectRoot, 'dist', 'viewer', 'viewer.html');

const NOBODY = 65534;
const START_TIMEOUT = 60_000;

/** A page, and what it tried that no page of ours may. */
export interface Watched {
  readonly page: Page;
  /** Requests, navigations, windows, downloads, connections, errors: one text each. */
  readonly attempts: readonly string[];
}

export interface BrowserOptions extends Pick<BrowserContextOptions, 'colorScheme' | 'viewport' | 'javaScriptEnabled' | 'reducedMotion'> {
  /** What stands behind `#`. */
  readonly hash?: string;
}

/**
 * Opens a file as somebody who may write nowhere near it, without a network. Every attempt to leave fails the test.
 */
export async function openFile(t: ExecutionContext, path: string, options: BrowserOptions = {}): Promise<Page> {
  const { page, attempts } = await watchFile(t, path, options);
  t.teardown(() => {
    if (attempts.length > 0) throw new Error(`the page tried what it may not:\n${attempts.join('\n')}`);
  });
  return page;
}

/** The same, for a page that will try. */
export async function watchFile(t: ExecutionContext, path: string, { hash = '', ...options }: BrowserOptions = {}): Promise<Watched> {
  t.timeout(600_000);
  const attempts: string[] = [];
  const note = (what: string) => void attempts.push(what);
  const proxy = await startProxy(note);
  t.teardown(() => proxy.close());
  const context = await launch(t, (proxy.address() as AddressInfo).port, options);
  const page = context.pages()[0] ?? (await context.newPage());
  const url = pathToFileURL(path).href;
  const isHere = (other: string) => other.split('#')[0] === url || /^(blob:null|data:|blob:file:|about:blank)/.test(other);
  page.on('request', (request) => isHere(request.url()) || note(`request ${request.url()}`));
  page.on('framenavigated', (frame) => isHere(frame.url()) || note(`navigation ${frame.url()}`));
  page.on('popup', (popup) => note(`window ${popup.url()}`));
  page.on('download', (download) => note(`download ${download.url()}`));
  page.on('pageerror', (error) => note(`error ${error.stack}`));
  page.on('console', (message) => message.type() === 'error' && note(`console ${message.text()}`));
  await page.goto(url + hash).catch((error: unknown) => {
    // A page that leaves while it is loaded is one that was not loaded.
    if (attempts.length === 0) throw error;
  });
  return { page, attempts };
}

/** A copy of a file in a folder that nobody may write to, as on a disk that is mounted to be read. */
export function readOnlyCopy(t: ExecutionContext, path: string, name = 'viewer.html'): string {
  const folder = join(publicFolder(t), 'stick');
  mkdirSync(folder, { mode: 0o755 });
  const copy = join(folder, name);
  copyFileSync(path, copy);
  chmodSync(copy, 0o444);
  chmodSync(folder, 0o555);
  t.teardown(() => chmodSync(folder, 0o755));
  return copy;
}

/** A file with this content that everybody may read. */
export function publicFile(t: ExecutionContext, name: string, content: string | Uint8Array): string {
  const path = join(publicFolder(t), name);
  writeFileSync(path, content, { mode: 0o644 });
  return path;
}

function publicFolder(t: ExecutionContext): string {
  const folder = newFolder(t);
  chmodSync(folder, 0o755);
  return folder;
}

/** Chromium, as nobody where this process is root: root may write everywhere. */
async function launch(t: ExecutionContext, port: number, options: Omit<BrowserOptions, 'hash'>): Promise<BrowserContext> {
  const folder = publicFolder(t);
  const profile = join(folder, 'profile');
  mkdirSync(profile);
  let executablePath = chromiumPath() ?? '';
  if (process.getuid?.() === 0) {
    const program = join(folder, 'chromium');
    writeFileSync(program, `#!/bin/sh\nexec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups ${executablePath} "$@"\n`, { mode: 0o755 });
    executablePath = program;
    for (const path of [folder, profile]) chownSync(path, NOBODY, NOBODY);
  }
  const context = await chromium.launchPersistentContext(profile, {
    ...options,
    executablePath,
    offline: true,
    timeout: START_TIMEOUT,
    env: { ...process.env, HOME: folder, TMPDIR: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
    // What asks the network at all asks the proxy, pings and prefetches too.
    args: ['--no-sandbox', `--proxy-server=http://127.0.0.1:${port}`, '--proxy-bypass-list=<-loopback>', '--enable-precise-memory-info'],
  });
  t.teardown(() => context.close());
  return context;
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
