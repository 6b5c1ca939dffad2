// All sessions of a process on one file write one chain, whatever thread and name of the file they come through.

import { linkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { newFolder } from '../helpers/folders.mts';
import { runChild } from './helpers/child.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

test('sessions of one process and two worker threads record one chain at the same time', async (t) => {
  const folder = newFolder(t);
  const path = join(folder, 'ledger.ndjson');
  const [symlink, hardLink] = [join(folder, 'symlink'), join(folder, 'hard-link')];
  writeFileSync(path, '');
  symlinkSync('ledger.ndjson', symlink);
  linkSync(path, hardLink);
  const events = 60;

  const said = await runChild<{ thread: string; wrongKey: string }>(t, 'threads', {
    input: { paths: [path, symlink, hardLink], events },
  });

  t.deepEqual(said.map(({ thread }) => thread).toSorted(), ['main', 'worker-1', 'worker-2']);
  for (const { thread, wrongKey } of said) t.is(wrongKey, 'ERR_SIGNER_MISMATCH', thread);
  const report = await intact(t, path);
  t.is(report.eventCount, 9 * events);
  const found = recorded(path);
  for (const thread of ['main', 'worker-1', 'worker-2']) {
    for (const who of [0, 1, 2].map((index) => `${thread}-${index}`)) {
      const own = found.filter((name) => name.startsWith(`${who}:`));
      t.deepEqual(own, names(who, events), `${who} is recorded in the order of its calls`);
    }
  }
  const changes = found.filter((name, index) => index > 0 && thread(name) !== thread(found[index - 1] ?? ''));
  t.true(changes.length > 10, `the threads took turns: ${changes.length} changes`);
});

const thread = (name: string) => name.replace(/-\d:.*/, '');
