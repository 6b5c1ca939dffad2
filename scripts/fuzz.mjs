// npm run fuzz -- TARGET [SECONDS]    fuzzes one target, 60 seconds if nothing is said
// npm run fuzz -- TARGET --merge      keeps what was found in the committed corpus, as few and small files as do
//
// Needs the nightly compiler and `cargo install cargo-fuzz --locked`. Targets are those of crates/core/fuzz. A run begins
// with seeds that are made of vectors/, with the committed corpus and with what earlier runs found; that, and an input
// that breaks a promise, stays in target/fuzz. Exit code 1 after such an input.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { inProject, runAttached, temporaryFolder } from './run.mjs';

const core = inProject('crates', 'core');
const committed = (target) => join(core, 'fuzz', 'corpus', target);
const made = (...parts) => inProject('target', 'fuzz', ...parts);

/** Longest input in bytes of a run, and of the committed corpora, which are to stay small. */
const longest = { run: 4096, committed: 1024 };

/** What each target begins with: bytes. */
const seeds = {
  parser: () => texts().map((text) => Buffer.from(text)),
  line: () => [
    ...events().map((event) => Buffer.from(`\x01${event}`)),
    ...ledgers().flatMap((ledger) => linesOf(ledger).slice(0, 3).map((line) => joined([0], line))),
  ],
  verifier: () => [
    ...ledgers().map((ledger, index) => joined([index % 128, 0, index % 251, 40], ledger)),
    ...recipes().map((recipe, index) => joined([index % 256, 1, 7, 40], recipe)),
  ],
  keyfile: () => [
    ...[0, 31, 32, 33].map((length) => Buffer.alloc(length + 1, 0x80)),
    joined([0], readFileSync(inProject('vectors', 'peers', 'provedex', 'key.bin'))),
    joined([0x24], Buffer.alloc(32)),
    joined([0x80], '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n'),
    joined([0x80], '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8'),
    joined([0x80], '03A107BFF3CE10BE1D70DD18E74BC09967E4D6309BA50D5F1DDC8664125531B8'),
  ],
  // Texts of Go's note package, of the C2SP specifications and of our tests: the committed corpus has them.
  proof: () => [],
  recovery: () => [
    ...ledgers().map((ledger, index) => joined([3 + 4 * (index % 4)], ledger)),
    ...recipes().map((recipe, index) => joined([1 + 4 * (index % 4)], recipe)),
    ...[0, 1, 2].flatMap((ending) => [0, 2].map((count) => Buffer.from([2, count, ...Array(count + 1).fill(9), ending]))),
    // Groups behind none to four events, of short lines, of some pages and beyond the window, cut and holed.
    ...[0, 1, 4].flatMap((synced) =>
      [[5, 40], [120, 200], [255, 1]].flatMap((sizes) =>
        [[0, 0, 0], [0, 3, 200, 1, 0, 1], [2, 90, 255, 0, 1, 0, 1], [1, 255, 255, 255, 255]].map((crash) =>
          Buffer.from([0, synced, 3, ...Array.from({ length: synced + 4 }, (_, index) => sizes[index % 2]), ...crash])))),
  ],
  compressed: () => [
    ...streams().map((stream, index) => joined([(index * 37) % 256], stream)),
    ...['', 'x', '{"seq":0}\n'.repeat(30)].map((text) => Buffer.from(`\x11${text}`)),
    ...['', 'x', 'abcabc'.repeat(200), texts().join('\n').slice(0, 3000)].map((text) => joined([0x35], gzipSync(text))),
  ],
};

const [target, argument = '60'] = process.argv.slice(2);
if (seeds[target] === undefined || !/^(\d+|--merge)$/.test(argument)) {
  console.error(`usage: npm run fuzz -- ${Object.keys(seeds).join('|')} [SECONDS | --merge]`);
  process.exitCode = 2;
} else {
  [made('corpus', target), made('artifacts', target), committed(target), temporaryFolder].forEach((folder) =>
    mkdirSync(folder, { recursive: true }));
  writeSeeds(target);
  process.exitCode = await (argument === '--merge' ? merge() : fuzz(Number(argument)));
}

function fuzz(seconds) {
  const corpora = [made('corpus', target), made('seeds', target), committed(target)];
  return libFuzzer(corpora, [`-max_total_time=${seconds}`, `-max_len=${longest.run}`, '-timeout=20', '-print_final_stats=1']);
}

/** The fewest inputs that reach every place of the code that the known ones reach, however often. */
async function merge() {
  const [merged, sources] = [made('merged', target), [made('corpus', target), made('seeds', target), committed(target)]];
  rmSync(merged, { recursive: true, force: true });
  mkdirSync(merged, { recursive: true });
  const code = await libFuzzer([merged, ...sources], ['-set_cover_merge=1', '-use_counters=0', `-max_len=${longest.committed}`]);
  if (code !== 0) return code;
  rmSync(committed(target), { recursive: true });
  renameSync(merged, committed(target));
  return 0;
}

function libFuzzer(corpora, options) {
  const dictionary = `-dict=${join(core, 'fuzz', 'ledger.dict')}`;
  return runAttached(
    'cargo',
    // The core has no unsafe code for a sanitizer to look at.
    ['+nightly', 'fuzz', 'run', '--sanitizer', 'none', '--target-dir', made('build'), target, ...corpora, '--',
      `-artifact_prefix=${made('artifacts', target)}/`, dictionary, ...options],
    { cwd: core },
  );
}

function writeSeeds(name) {
  rmSync(made('seeds', name), { recursive: true, force: true });
  mkdirSync(made('seeds', name), { recursive: true });
  for (const seed of seeds[name]()) {
    if (seed.length > longest.run) continue;
    writeFileSync(made('seeds', name, createHash('sha1').update(seed).digest('hex')), seed);
  }
}

/** Every golden ledger. */
function ledgers() {
  const folders = ['chains', 'mutations', 'peers/provedex', 'peers/provedex/variants'];
  return folders.flatMap((folder) => {
    const names = readdirSync(inProject('vectors', folder)).filter((name) => name.endsWith('.ndjson'));
    return names.toSorted().map((name) => readFileSync(inProject('vectors', folder, name)));
  });
}

/** Compressed ledgers, whole and damaged. */
function streams() {
  const folder = inProject('vectors', 'compressed');
  const names = readdirSync(folder).filter((name) => /\.(gz|zst)$/.test(name));
  return names.toSorted().map((name) => readFileSync(join(folder, name)));
}

/** JSON texts, good and bad. */
function texts() {
  const files = ['canonical/good.jsonl', 'canonical/refuse.jsonl', 'peers/provedex/canonical_pairs.jsonl'];
  return files.flatMap(jsonLines).map(({ input }) => input).filter((input) => typeof input === 'string');
}

function events() {
  return jsonLines('seals/seals.jsonl').map(({ event }) => event);
}

/** Recipes of ledgers: the number of events, the place where the second key takes over, and changes. */
function recipes() {
  const changes = [
    [], [0], [1, 2, 3, 32, 9, 13], [2, 1, 0], [2, 1, 1], [3, 1, 2, 123, 125, 0], [5, 2], [6, 2], [7, 1, 2], [8, 1, 9, 0], [9, 2, 60, 3],
    [10, 2, 5, 1, 32], [11, 1, 30, 9], [4, 3, 4, 49, 101, 48, 48, 0], [9, 1, 90, 1, 2, 1, 0], [5, 1, 2, 1, 0], [0, 0, 11, 4, 90, 60],
  ];
  return [0, 1, 5, 10, 12].flatMap((count) => [0, 3].flatMap((handover) => changes.map((change) => Buffer.from([count, handover, ...change]))));
}

function jsonLines(path) {
  return linesOf(readFileSync(inProject('vectors', path))).map((line) => JSON.parse(line));
}

/** The lines of bytes that need not be UTF-8. */
function linesOf(bytes) {
  const lines = bytes.toString('latin1').split('\n').filter((line) => line !== '');
  return lines.map((line) => Buffer.from(line, 'latin1'));
}

function joined(head, rest) {
  return Buffer.concat([Buffer.from(head), Buffer.from(rest)]);
}
