/// <reference lib="dom" />

// A ledger of a hundred megabytes in the viewer: it is read and verified in pieces, while the page goes on answering.

import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { events, GENESIS_PARENT_HASH, signEvent } from 'sealwright';
import { newPath } from '../helpers/folders.mts';
import { DIGEST, key1 } from '../helpers/ledgers.mts';
import { type Part, testWith } from '../helpers/parts.mts';
import { Viewer } from './helpers/viewer.mts';

const needs: Part[] = ['chromium', 'wasm'];
const MEGABYTE = 1_000_000;
const SIZE = 100 * MEGABYTE;

/** A ledger of that size; its number of events. */
function writeLarge(path: string): number {
  const file = openSync(path, 'w', 0o644);
  let [seq, written, parentHash, text] = [0, 0, GENESIS_PARENT_HASH, ''];
  while (written < SIZE) {
    const event = seq % 2 === 0
      ? events.toolCalled({ toolName: `tool_${(seq >> 1) % 7}`, argsSha256: DIGEST, argsRedacted: { order: seq, note: 'x'.repeat(160) } })
      : events.toolReturned({ toolName: `tool_${(seq >> 1) % 7}`, resultSha256: DIGEST, latencyMs: seq % 900, success: seq % 51 !== 0 });
    const signed = signEvent({ event, seq, parentHash, keypair: key1, timestampNanos: 1_795_000_000_000_000_000n + BigInt(seq) * 50_000_000n });
    parentHash = signed.selfHash;
    const line = `${signed.toLine()}\n`;
    text += line;
    written += line.length;
    seq += 1;
    if (text.length > 4 * MEGABYTE) {
      writeSync(file, text);
      text = '';
    }
  }
  writeSync(file, text);
  closeSync(file);
  return seq;
}

/** Memory of the processes that draw pages of browsers, of each its share (PSS), in bytes. Linux only. */
function rendererMemory(): number {
  const shares = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer')) return 0;
      return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch {
      // Gone meanwhile.
      return 0;
    }
  });
  return Math.max(0, ...shares);
}

testWith(needs, 'a hundred megabytes are read, verified and searched while the page goes on answering', async (t) => {
  const path = newPath(t);
  chmodSync(dirname(path), 0o755);
  const count = writeLarge(path);
  const viewer = await Viewer.open(t);
  const { page } = viewer;
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, rendererMemory())), 100);
  t.teardown(() => clearInterval(watch));
  await page.evaluate(() => {
    const found: number[] = [];
    new PerformanceObserver((list) => found.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
    Object.assign(window, { longTasks: found });
  });
  await viewer.choose(path);
  t.is(await viewer.verdict(), 'intact');
  t.true((await viewer.text('[data-verdict]')).includes(`${count.toLocaleString('en-US')} events`));
  for (const section of ['events', 'charts', 'coverage', 'reveal', 'overview', 'events'] as const) await viewer.show(section);
  await page.getByRole('grid').focus();
  await page.keyboard.press('End');
  await page.locator(`[data-row="${count - 1}"][aria-selected=true]`).waitFor();
  await page.getByRole('searchbox').fill(`"order":${count - 2 - (count % 2)},`);
  await page.waitForFunction(() => document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') === '2', undefined, { timeout: 60_000 });
  const longTasks = await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
  const longest = Math.max(0, ...longTasks);
  t.log(`longest task ${Math.round(longest)} ms, memory ${Math.round(peak / MEGABYTE)} MB`);
  t.true(peak < 1.5 * SIZE + 200 * MEGABYTE, `${peak} bytes`);
  // 200 on a machine with nothing else to do.
  t.true(longest < 1000, `${longest} ms`);
});
