// Whatever is done to a ledger, the native verifier and crosscheck say the same of it. `npm run fuzz:differential` does
// as many more as you like.

import test from 'ava';
import { compare, everyAnswer } from '../fuzz/differential.mts';
import { tableRow } from './helpers/table.mts';

const LEDGERS = 1500;
const SEED = 20_261_121;

test('native and crosscheck agree on mutated ledgers, and every answer occurs', async (t) => {
  const { counts, difference } = await compare({ ledgers: LEDGERS, seed: SEED });
  for (const table of [counts.answers, counts.warnings, counts.mutations]) {
    t.log(
      Object.entries(table)
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
    );
  }
  t.deepEqual(difference?.crosscheck, difference?.native, `ledger ${difference?.number}`);
  t.is(counts.ledgers, LEDGERS);
  t.log(tableRow('native = crosscheck', `${LEDGERS} mutated ledgers, seed ${SEED}`, 'the same report or error'));
  t.deepEqual(
    everyAnswer.filter((name) => !Object.hasOwn(counts.answers, name)),
    [],
  );
  t.deepEqual(Object.keys(counts.warnings), [
    'ledger_restored',
    'malformed_digest',
    'mixed_signers',
    'non_canonical_spelling',
    'time_went_back',
    'unknown_kind',
  ]);
});
