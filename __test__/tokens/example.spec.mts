// The example of tokens runs, and says what it should.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { newFolder } from '../helpers/folders.mts';
import { projectRoot } from '../helpers/project.mts';

test('the example takes the good answer and nothing else', (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(projectRoot, 'build', 'examples', 'tokens.mjs'), newFolder(t)], { encoding: 'utf8' });
  t.is(stderr, '');
  t.regex(stdout, /the token: +VALID\n.*QUERY\n.*whole\n.*REVOKED\n.*attestation: revoked\n$/s);
  t.is(status, 0);
});
