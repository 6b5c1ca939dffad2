// No input from JavaScript ends the process: everything that the addon and the package export is called with values that
// nobody should give it, and ends in a value, in what the caller's own code threw, or in an error with a code of ours.
// The addon may throw whatever it likes. A seed tells all of a run: SEALWRIGHT_SEAM_SEED, 1 by default, is another one,
// and SEALWRIGHT_SEAM_ROUNDS makes it longer.

import { chmodSync } from 'node:fs';
import test from 'ava';
import { newFolder } from '../helpers/folders.mts';
import { part } from '../helpers/parts.mts';
import { Child } from './helpers/child.mts';

/** Bad calls of everything that is exported. */
const rounds = Number(process.env['SEALWRIGHT_SEAM_ROUNDS'] ?? 2);
const seed = Number(process.env['SEALWRIGHT_SEAM_SEED'] ?? 1);
/** As many as one process makes: it has a minute and a half. */
const MOST_ROUNDS = 10;
/** Far more than any call needs, and far less than a length that is believed would take. */
const MOST_KIB = 2 << 20;

type Message = Readonly<Record<string, unknown>>;

for (const entry of ['addon', 'sealwright', 'sealwright/proofs', 'sealwright/tokens', 'sealwright/evidence', 'sealwright/crosscheck']) {
  test.serial(`every call of ${entry} ends, and never the process`, async (t) => {
    t.log(`SEALWRIGHT_SEAM_SEED=${seed} SEALWRIGHT_SEAM_ROUNDS=${rounds}`);
    for (let done = 0; done < rounds; done += MOST_ROUNDS) {
      const folder = newFolder(t);
      chmodSync(folder, 0o777);
      const input = { folder, entry, seed: seed + done, rounds: Math.min(MOST_ROUNDS, rounds - done), isUnprivileged: part('unprivileged') };
      const { code, signal, stderr, messages } = await new Child(t, 'seam-fuzz', { input }).end;
      const said = messages as readonly Message[];
      const last = JSON.stringify(said.findLast((message) => 'call' in message));
      t.deepEqual({ code, signal }, { code: 0, signal: null }, `ended in ${last}\n${stderr}`);
      const { missing, unknown } = said[0] ?? {};
      t.deepEqual({ missing, unknown }, { missing: [], unknown: [] }, 'what is exported has a recipe, and nothing else');
      t.deepEqual(said.filter((message) => 'bad' in message), [], 'a good call failed');
      t.deepEqual(said.filter((message) => 'finding' in message), []);
      t.true(Number(said.at(-1)?.['maxRss']) < MOST_KIB, `${String(said.at(-1)?.['maxRss'])} KiB were held`);
    }
  });
}
