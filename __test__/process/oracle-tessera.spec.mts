// Exported logs checked by Tessera's fsck, which fetches all of one by HTTP: entries, tiles and checkpoint belong together.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import { exportTiles, logKey } from 'sealwright/proofs';
import { newFolder, newPath } from '../helpers/folders.mts';
import { ended, key1, key2, openSession } from '../helpers/ledgers.mts';
import { tesseraPath, testWith } from '../helpers/parts.mts';

const origin = 'example.com/ledger';
const key = logKey(origin, key1.publicKeyHex);

/** Serves a folder on this machine; what was asked for and found is added to `served`. */
async function serve(t: ExecutionContext, folder: string, served = new Set<string>()): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const path = join(folder, url);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return void response.writeHead(404).end();
    served.add(url.slice(1));
    response.end(readFileSync(path));
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close().closeAllConnections());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** What Tessera finds wrong; nothing if the log is whole. */
async function fsck(url: string, keyOfLog = key): Promise<string> {
  const program = spawn(tesseraPath, { stdio: ['pipe', 'pipe', 'inherit'] });
  program.stdin.end(JSON.stringify({ url, key: keyOfLog }));
  return (JSON.parse(await text(program.stdout)) as { readonly problem: string }).problem;
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, '/')).toSorted();
}

/** A ledger that grows, and folders with its tree. */
async function growing(t: ExecutionContext) {
  const ledgerPath = newPath(t);
  const session = await openSession(t, { ledgerPath });
  return async (size: number): Promise<string> => {
    for (let count = session.head === null ? 0 : session.head.seq + 1; count < size; count += 1500) {
      await session.recordMany(Array.from({ length: Math.min(1500, size - count) }, () => ended('x')));
    }
    const folder = newFolder(t);
    const exported = await exportTiles(ledgerPath, folder, { checkpoint: await session.checkpoint({ origin }) });
    t.is(exported.events, size);
    return folder;
  };
}

testWith(['tessera'], 'Tessera finds nothing wrong with trees of any size, and asks for every file of theirs', async (t) => {
  const grown = await growing(t);
  for (const size of [0, 1, 255, 256, 257, 70_000]) {
    const folder = await grown(size);
    const served = new Set<string>();
    t.is(await fsck(await serve(t, folder, served)), '', `${size} events`);
    t.deepEqual([...served].toSorted(), filesBelow(folder), `${size} events`);
  }
});

testWith(['tessera'], 'Tessera notices each byte, file and place that is wrong', async (t) => {
  const folder = await (await growing(t))(600);
  const url = await serve(t, folder);
  const files = filesBelow(folder);
  t.deepEqual(files, [
    'checkpoint',
    'tile/0/000',
    'tile/0/001',
    'tile/0/002.p/88',
    'tile/1/000.p/2',
    'tile/entries/000',
    'tile/entries/001',
    'tile/entries/002.p/88',
  ]);
  const path = (name: string) => join(folder, name);
  t.is(await fsck(url), '');
  for (const name of files) {
    const bytes = readFileSync(path(name));
    // Behind the origin, so that it is a checkpoint of this log still; in an entry, not in its length.
    const at = name === 'checkpoint' ? bytes.indexOf('\n600\n') + 1 : 40;
    writeFileSync(path(name), bytes.with(at, (bytes[at] ?? 0) ^ 1));
    const expected = name === 'checkpoint' ? /parse Checkpoint/ : name.startsWith('tile/1/') ? /^failed: tile\/1\// : /^failed: tile\/[01]\//;
    t.regex(await fsck(url), expected, `a byte of ${name}`);
    rmSync(path(name));
    t.regex(await fsck(url), /not exist|not found/, `no ${name}`);
    writeFileSync(path(name), bytes);
  }
  for (const kind of ['0', 'entries']) {
    const swap = () => {
      renameSync(path(`tile/${kind}/000`), path('away'));
      renameSync(path(`tile/${kind}/001`), path(`tile/${kind}/000`));
      renameSync(path('away'), path(`tile/${kind}/001`));
    };
    swap();
    t.regex(await fsck(url), /^failed: tile\/[01]\//, `swapped ${kind}`);
    swap();
  }
  t.regex(await fsck(url, logKey(origin, key2.publicKeyHex)), /parse Checkpoint/);
  t.regex(await fsck(url, logKey('example.com/other', key1.publicKeyHex)), /parse Checkpoint/);
  t.is(await fsck(url), '');
});
