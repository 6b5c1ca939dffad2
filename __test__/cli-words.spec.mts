// Numbers in the sentences of the command line, against the formatter that they do without.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'ava';
import * as fc from 'fast-check';
import { projectRoot } from './helpers/project.mts';

interface Words {
  grouped(count: number | bigint): string;
}

const { grouped } = createRequire(import.meta.url)(join(projectRoot, 'dist', 'cli', 'words.js')) as Words;

test('whole numbers are grouped as Intl groups them', (t) => {
  const { format } = new Intl.NumberFormat('en-US');
  const edges = [0, 999, 1000, 999_999, 1_000_000, Number.MAX_SAFE_INTEGER, 999n, 2n ** 64n - 1n];
  for (const count of edges) t.is(grouped(count), format(count));
  const counts = fc.oneof(fc.maxSafeNat(), fc.nat(2_000_000), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  fc.assert(fc.property(counts, (count) => grouped(count) === format(count)));
});
