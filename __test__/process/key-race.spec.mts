// Of several processes that make one key at once all end with the key that is in the file, which is never wide.

import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SigningKeypair } from 'sealwright';
import { newFolder } from '../helpers/folders.mts';
import { Agent } from './helpers/agent.mts';
import { Child } from './helpers/child.mts';

const PROCESSES = 6;
const ROUNDS = 10;

for (const umask of [0, 0o077]) {
  test(`${PROCESSES} processes that make a key at once share it (umask ${umask.toString(8).padStart(3, '0')})`, async (t) => {
    const folder = newFolder(t);
    // Under umask 0 nothing but the file's own mode keeps others out.
    chmodSync(folder, 0o755);
    const watcher = new Child(t, 'watch', { input: { folder } });
    const agents = await Promise.all(Array.from({ length: PROCESSES }, () => Agent.start(t)));
    await Promise.all(agents.map((agent) => agent.do({ do: 'umask', mask: umask })));
    await watcher.next();
    for (let round = 0; round < ROUNDS; round += 1) {
      const path = join(folder, `signing-${round}.key`);
      const at = Date.now() + 10;
      const keys = await Promise.all(agents.map((agent) => agent.key(path, { at })));

      const inFile = SigningKeypair.load(path).publicKeyHex;
      t.deepEqual(keys.map(({ publicKeyHex }) => publicKeyHex), Array.from(keys, () => inFile));
      t.is(keys.filter(({ created }) => created).length, 1, 'one of them made it');
      const { mode, size, nlink } = statSync(path);
      t.deepEqual([mode & 0o7777, size, nlink], [0o600, 32, 1]);
    }
    t.deepEqual(readdirSync(folder).toSorted(), Array.from({ length: ROUNDS }, (_, round) => `signing-${round}.key`));
    writeFileSync(join(folder, 'stop'), '', { mode: 0o600 });
    const seen = Object.keys(await watcher.next<Record<string, number>>());
    t.deepEqual(seen.filter((entry) => !entry.endsWith(' 600')), [], 'nothing was ever wider than 0600');
    t.true(seen.includes('signing-N.key 600'), seen.join());
  });
}
