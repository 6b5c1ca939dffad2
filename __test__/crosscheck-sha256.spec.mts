// The digest of crosscheck is SHA-256, wherever the bytes are cut.

import { createHash, hash } from 'node:crypto';
import test from 'ava';
import * as fc from 'fast-check';
import { room } from './helpers/crosscheck.mts';
import { testWith } from './helpers/parts.mts';

const { Sha256 } = room('sha256');

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 167) ^ (index >> 3));

test('every length from 0 to 300', (t) => {
  for (let length = 0; length <= 300; length += 1) {
    const bytes = bytesOf(length);
    t.is(hexOf(new Sha256().update(bytes).digest()), hash('sha256', bytes), `${length}`);
  }
});

test('property: wherever the bytes are cut', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (pieces) => {
      const digest = new Sha256();
      for (const piece of pieces) digest.update(piece);
      t.is(hexOf(digest.digest()), hash('sha256', Buffer.concat(pieces)));
    }),
  );
});

testWith(['large'], 'more bits than 32 bits can count', (t) => {
  // 513 MiB are 2^32 + 2^23 bits.
  const block = bytesOf(27 * 1024 * 1024);
  const [digest, expected] = [new Sha256(), createHash('sha256')];
  for (let count = 0; count < 19; count += 1) {
    digest.update(block);
    expected.update(block);
  }
  t.is(hexOf(digest.digest()), expected.digest('hex'));
});
