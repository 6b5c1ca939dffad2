// Measurements that need a fresh process each: loading the package, opening a ledger, memory.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../scripts/run.mjs';
import { takeTurns } from './contest.mjs';
import { Samples } from './statistics.mjs';

/** Milliseconds of `require('sealwright')`: a summary. */
export async function measureRequire(count) {
  const { require } = await takeTurns({ require: () => child('require') }, count);
  return require;
}

/** Milliseconds of the first and of a later `Session.open` of a process: `{events, bytes, first, later}`. */
export async function measureOpen({ path, keyPath, events, bytes }, count) {
  const samples = new Samples();
  for (let process = 0; process < count; process += 1) {
    const [first, later] = await child('open', path, keyPath);
    samples.add('first', [first]);
    samples.add('later', [later]);
  }
  return { events, bytes, ...samples.summaries() };
}

/**
 * Peak memory in bytes: that of a process that has loaded the package, of one that verifies, and what lies between. Of
 * several processes the one that verified with the most memory, and the idle one with the least, count.
 */
export async function measureMemory({ path, bytes }, count) {
  const { idle, verify } = await takeTurns({ idle: () => child('idle'), verify: () => child('verify', path) }, count);
  return { bytes, idle: idle.least, verifying: verify.most, above: verify.most - idle.least };
}

/** Bytes of an addon file. */
export const sizeOf = (addon) => statSync(addon).size;

async function child(...args) {
  const { code, stdout, output } = await run(process.execPath, [join(import.meta.dirname, 'child.cjs'), ...args]);
  if (code !== 0) throw new Error(`child.cjs ${args.join(' ')}: ${output}`);
  return JSON.parse(stdout);
}
