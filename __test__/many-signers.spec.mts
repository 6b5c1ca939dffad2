// A file of 20,000 lines, 100,000 with the part `large`, each signed by another key, costs a verifier neither more memory
// nor much more time than one signed by one key: what is kept for each key is bounded.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import test from 'ava';
import { GENESIS_PARENT_HASH, type ReportJson, signEvent, SigningKeypair } from 'sealwright';
import { newPath } from './helpers/folders.mts';
import { ended, START } from './helpers/ledgers.mts';
import { part, projectRoot } from './helpers/parts.mts';

const COUNT = part('large') ? 100_000 : 20_000;
const MEGABYTE = 1024 * 1024;

/** Verifies in a process of its own; prints the report, and by how much its memory grew at most. */
const child = `
  const { verifyFile, verifyFileSync } = require('sealwright');
  const [path, emptyPath] = process.argv.slice(1);
  verifyFileSync(emptyPath);
  const before = process.memoryUsage.rss();
  let most = before;
  const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
  verifyFile(path).then((report) => {
    clearInterval(sampling);
    console.log(JSON.stringify({ grown: most - before, report }));
  });
`;

test(`${COUNT.toLocaleString('en-US')} distinct signers in one file: bounded memory`, (t) => {
  const path = newPath(t);
  const file = openSync(path, 'w');
  const event = ended('x');
  const seed = new Uint8Array(32);
  let parentHash = GENESIS_PARENT_HASH;
  let lines: string[] = [];
  let size = 0;
  for (let seq = 0; seq < COUNT; seq += 1) {
    new DataView(seed.buffer).setUint32(0, seq);
    const signed = signEvent({ event, seq, parentHash, timestampNanos: START, keypair: SigningKeypair.fromSeed(seed) });
    parentHash = signed.selfHash;
    lines.push(`${signed.toLine()}\n`);
    if (lines.length === 1000) {
      size += writeSync(file, lines.join(''));
      lines = [];
    }
  }
  closeSync(file);
  t.true(size > 450 * COUNT);
  const emptyPath = newPath(t);
  closeSync(openSync(emptyPath, 'w'));

  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', child, path, emptyPath], {
    cwd: projectRoot,
    encoding: 'utf8',
    maxBuffer: MEGABYTE,
  });
  t.is(status, 0, stderr);
  const { grown, report } = JSON.parse(stdout) as { grown: number; report: ReportJson };
  t.like(report, {
    verdict: 'intact',
    eventCount: COUNT,
    rootHash: parentHash,
    unlistedSignerEvents: COUNT - 64,
    warnings: [{ code: 'mixed_signers', count: COUNT - 1, firstLine: 2 }],
    bytes: size,
  });
  t.is(report.checks.signatures.checked, COUNT);
  t.is(report.signers.length, 64);
  // Half of the larger file; a table for each key would be many times that.
  t.true(grown < 24 * MEGABYTE, `${Math.round(grown / MEGABYTE)} MiB`);
});
