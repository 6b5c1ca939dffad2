// Whatever the umask, what is made is for its owner only: files 0600, folders 0700.

import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { newFolder } from '../helpers/folders.mts';
import { Agent } from './helpers/agent.mts';
import { intact } from './helpers/ledger.mts';

for (const umask of [0, 0o022, 0o077]) {
  test(`everything is private under umask ${umask.toString(8).padStart(3, '0')}`, async (t) => {
    const folder = newFolder(t);
    const agent = await Agent.start(t);
    await agent.do({ do: 'umask', mask: umask });
    const ledgerPath = join(folder, 'new/newer/ledger.ndjson');
    const headFile = join(folder, 'new/heads/heads.json');
    await agent.open(ledgerPath, { headFile });
    await agent.recordOne();
    await agent.close();
    appendFileSync(ledgerPath, '{"seq":1');
    const { recovery } = await agent.open(ledgerPath, { headFile });
    t.is(recovery.tail?.path, `${ledgerPath}.torn-${statSync(ledgerPath).size}-0`);
    t.is(await agent.recordOne(), 1);
    await agent.key(join(folder, 'new/keys/signing.key'));
    await agent.do({ do: 'saveKey', path: join(folder, 'new/keys/saved.key') });

    const modes = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return `${entry.isDirectory() ? 'folder' : 'file'} ${(statSync(path).mode & 0o7777).toString(8)} ${entry.name}`;
    });
    t.deepEqual(modes.toSorted(), [
      'file 600 heads.json',
      'file 600 heads.json.lock',
      'file 600 ledger.ndjson',
      `file 600 ${recovery.tail?.path.replace(/.*\//, '')}`,
      'file 600 saved.key',
      'file 600 signing.key',
      'folder 700 heads',
      'folder 700 keys',
      'folder 700 new',
      'folder 700 newer',
    ]);
    await intact(t, ledgerPath);
  });
}
