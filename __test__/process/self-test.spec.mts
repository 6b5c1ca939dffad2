// A build that diverges from the format hashes nothing: every operation that would is refused, the first and the last.

import { join } from 'node:path';
import test from 'ava';
import type { DoctorCheck } from 'sealwright';
import { newPath } from '../helpers/folders.mts';
import { chainOf, writeLedger } from '../helpers/ledgers.mts';
import { projectRoot } from '../helpers/parts.mts';
import { Child } from './helpers/child.mts';

interface Told {
  readonly ends: Readonly<Record<string, string>>;
  readonly keyExists: boolean;
  readonly checks: readonly DoctorCheck[];
}

test('a build that diverges refuses whatever hashes, makes no key, and the doctor says so', async (t) => {
  const ledgerPath = newPath(t);
  writeLedger(ledgerPath, chainOf(1));
  const input = { ledgerPath, keyPath: newPath(t, 'key'), addon: join(projectRoot, 'dist', 'native.js') };
  const { ends, keyExists, checks } = await new Child(t, 'diverging', { input }).next<Told>();
  t.is(Object.keys(ends).length, 15);
  const message =
    'this build does not compute what the format says (a fault that a test armed): do not use it';
  for (const [name, end] of Object.entries(ends)) t.is(end, `SelfTestError ERR_SELF_TEST: ${message}`, name);
  t.false(keyExists);
  t.deepEqual(
    checks.map(({ name, code }) => [name, code]),
    [['addon', 'self_test_failed']],
  );
});
