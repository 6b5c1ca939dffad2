// A ledger of 20 MB, 100 MB with the part `large`, in the viewer: what it costs the page and the memory of the machine. Of
// the page's tasks the time of the processor is measured, which other work of the machine does not lengthen.

import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import type { Browser } from 'playwright-core';
import { GENESIS_PARENT_HASH, signEvent } from 'sealwright';
import { publicPath } from '../helpers/chromium.mts';
import { DIGEST, key1, START, toolCalled } from '../helpers/ledgers.mts';
import { part, testWith } from '../helpers/parts.mts';
import { NEEDS, shippedViewer } from './helpers/shipped.mts';

const MB = 1_000_000;
const SIZE = (part('large') ? 100 : 20) * MB;
/** Milliseconds, of one task of the page. */
const LONGEST = 200;
const MEMORY = 1.5 * SIZE + 200 * MB;

testWith(NEEDS, `a ledger of ${SIZE / MB} MB is shown and verified without a long task, in little more memory than it has bytes`, async (t) => {
  const page = await shippedViewer(t);
  const { path, events } = bigLedger(t);
  const browser = page.context().browser() as Browser;
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  const memory = followMemory(browser);
  await page.locator('input[type=file]').first().setInputFiles(path);
  await page.waitForSelector('main[data-phase=done]', { timeout: 500_000 });
  for (const section of ['charts', 'coverage', 'events']) await page.click(`#tab-${section}`);
  await page.focus('[role=grid]');
  await page.keyboard.press('End');
  await page.waitForSelector(`[data-row="${events - 1}"]`);
  await page.fill('input[type=search]', `number ${events - 1}`);
  await page.waitForFunction(() => document.querySelector('.filter-count')?.textContent?.startsWith('1 of'), undefined, { timeout: 100_000 });
  const most = await memory();
  const longest = longestTask(await browser.stopTracing());
  t.is(await page.getAttribute('[data-verdict]', 'data-verdict'), 'intact');
  t.true((await page.textContent('#tab-events'))?.endsWith(events.toLocaleString('en-US')));
  t.true(longest > 0 && longest < LONGEST, `${longest} ms`);
  t.true(most === null || (most > 50 * MB && most < MEMORY), `${most} bytes`);
});

/** A file of so many bytes. */
function bigLedger(t: ExecutionContext): { readonly path: string; readonly events: number } {
  const path = publicPath(t, 'ledger.ndjson');
  const file = openSync(path, 'w');
  let [seq, bytes, parentHash] = [0, 0, GENESIS_PARENT_HASH];
  while (bytes < SIZE) {
    const lines: string[] = [];
    for (let count = 0; count < 1000; count += 1, seq += 1) {
      const event = toolCalled({ text: `number ${seq}`, digest: DIGEST });
      const signed = signEvent({ event, seq, parentHash, keypair: key1, timestampNanos: START + BigInt(seq) * 1_000_000n });
      parentHash = signed.selfHash;
      lines.push(`${signed.toLine()}\n`);
    }
    bytes += writeSync(file, lines.join(''));
  }
  closeSync(file);
  return { path, events: seq };
}

/**
 * Follows the memory of the pages of a browser, the browser's own code aside; the function tells the most of it, null where
 * the system does not tell.
 */
function followMemory(browser: Browser): () => Promise<number | null> {
  let most: number | null = null;
  const stop = new AbortController();
  const follow = async () => {
    const debuggerOf = await browser.newBrowserCDPSession();
    while (!stop.signal.aborted) {
      const { processInfo } = await debuggerOf.send('SystemInfo.getProcessInfo');
      for (const { id } of processInfo.filter(({ type }) => type === 'renderer')) {
        const status = `/proc/${id}/status`;
        const [, kib] = existsSync(status) ? (/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8')) ?? []) : [];
        if (kib !== undefined) most = Math.max(most ?? 0, Number(kib) * 1024);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const following = follow();
  return async () => {
    stop.abort();
    await following;
    return most;
  };
}

/** Milliseconds of the processor that the longest task of a page took. */
function longestTask(trace: Buffer): number {
  interface TraceEvent {
    readonly name: string;
    readonly pid: number;
    readonly tid: number;
    /** Microseconds of the processor. */
    readonly tdur?: number;
    readonly args?: { readonly name?: string };
  }
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { readonly traceEvents: readonly TraceEvent[] };
  const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const pages = new Set(threads.map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => name.endsWith('RunTask') && pages.has(`${pid} ${tid}`));
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur / 1000), 0);
}
