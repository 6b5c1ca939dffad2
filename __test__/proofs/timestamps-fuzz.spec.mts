// Whatever a token holds, it is told what is wrong with it, and what is taken is taken by another verifier too.
// `npm run fuzz:timestamps` does as many more as you like. SEALWRIGHT_TIMESTAMP_TOKENS sets how many; default 150.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { changeTokens, judge, nameOf } from '../../fuzz/timestamps.mts';
import { projectRoot } from '../helpers/parts.mts';

const TOKENS = Number(process.env['SEALWRIGHT_TIMESTAMP_TOKENS'] ?? 150);
const SEED = 20_261_122;

test('tokens that were changed before and after they were signed', async (t) => {
  const { counts, finding } = await changeTokens({ tokens: TOKENS, seed: SEED });
  t.log(Object.entries(counts.answers).map(([name, count]) => `${name} ${count}`).join(', '));
  t.deepEqual(finding, undefined);
  t.is(counts.tokens, TOKENS);
  // Rarer ones are among those that are kept.
  const common = ['none', 'timestamp_malformed', 'tsa_missing', 'timestamp_signature', 'chain_untrusted'];
  t.deepEqual(common.filter((name) => !Object.hasOwn(counts.answers, name)), []);
});

test('tokens that were found worth keeping are told apart as they were', (t) => {
  const folder = join(projectRoot, 'fuzz', 'timestamps');
  const names = readdirSync(folder);
  t.true(names.length > 20);
  for (const name of names) t.is(nameOf(judge(readFileSync(join(folder, name)))), name.replace(/-\d+$/, ''), name);
});
