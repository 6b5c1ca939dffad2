// A value that a ledger has a commitment to can be deleted: the chain goes on to verify, its report says so, and what is
// left does not tell which of a few values it was.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import * as fc from 'fast-check';
import { type ErrorCode, events, float, SealwrightTypeError, verifyFile } from 'sealwright';
import { verifyFile as crosscheckFile } from 'sealwright/crosscheck';
import { commit, verifyCommitment } from 'sealwright/proofs';
import { jsonValues } from '../helpers/arbitraries.mts';
import { canonicalText, toValue } from '../helpers/canonical.mts';
import { throwsError } from '../helpers/errors.mts';
import { newPath } from '../helpers/folders.mts';
import { key1, openSession } from '../helpers/ledgers.mts';

const HEX = /^[0-9a-f]{64}$/;

/** By the letter of the format, with node:crypto alone. */
function hashOf(domain: string, salt: string, canonical: string): string {
  const head = Buffer.from(`sealwright/commitment/v1\n${domain}\n`);
  return createHash('sha256').update(Buffer.concat([head, Buffer.from(salt, 'hex'), Buffer.from(canonical)])).digest('hex');
}

test('property: a commitment is the hash that the format says, under a salt of its own', (t) => {
  const domains = fc.constantFrom(undefined, '', 'com.example.patient', 'é😀');
  fc.assert(
    fc.property(jsonValues, domains, (json, domain) => {
      const value = toValue(json);
      const { commitment, salt } = commit(value, { domain });
      t.regex(salt, HEX);
      t.is(commitment, hashOf(domain ?? '', salt, canonicalText(json)));
      t.true(verifyCommitment(commitment, { value, salt, domain }));
      t.not(commit(value, { domain }).salt, salt);
    }),
  );
});

test('the example of the format', (t) => {
  const known = 'b976d797a95dba952f8ba040da592aa0b0e5c5948c5dee358dd0072cfc2b7b97';
  t.is(hashOf('', '01'.repeat(32), 'null'), known);
  t.true(verifyCommitment(known, { value: null, salt: '01'.repeat(32) }));
  t.true(readFileSync('docs/format.md', 'utf8').includes(known));
});

test('another value, salt, domain or commitment is told from it', (t) => {
  const value = { name: 'Ada', score: 1 };
  const { commitment, salt } = commit(value, { domain: 'a' });
  const good = { value, salt, domain: 'a' };
  t.true(verifyCommitment(commitment, { ...good, value: { score: 1, name: 'Ada' } }));
  const other = `${salt.startsWith('0') ? '1' : '0'}${salt.slice(1)}`;
  for (const changed of [
    { value: { ...value, score: 2 } },
    { value: { ...value, score: float(1) } },
    { salt: other },
    { salt: salt.slice(2) },
    { salt: `${salt}00` },
    { salt: '' },
    { domain: undefined },
    { domain: 'b' },
  ]) {
    t.false(verifyCommitment(commitment, { ...good, ...changed }), JSON.stringify(changed));
  }
  t.false(verifyCommitment(other, good));
  t.false(verifyCommitment(commitment.slice(1), good));
  t.false(verifyCommitment(`${commitment}\n`, good));
  // A salt that is none is not taken for 32 zeros, nor a commitment that is none for a hash.
  const zeros = hashOf('', '00'.repeat(32), '1');
  t.true(verifyCommitment(zeros, { value: 1, salt: '00'.repeat(32) }));
  t.false(verifyCommitment(zeros, { value: 1, salt: 'x' }));
});

test('what is no value and no domain is refused', (t) => {
  const refused = (action: () => unknown, code: ErrorCode = 'ERR_INVALID_ARGUMENT') =>
    throwsError(t, action, { instanceOf: SealwrightTypeError, code });
  for (const domain of ['a\nb', '\u0000', '\u0085', 'x'.repeat(256), 1, null]) {
    refused(() => commit(1, { domain } as never));
    refused(() => verifyCommitment('', { value: 1, salt: '', domain } as never));
  }
  refused(() => commit(undefined), 'ERR_JSON_UNSUPPORTED');
  refused(() => commit(1, { salt: '' } as never));
  refused(() => verifyCommitment('', { salt: '' } as never), 'ERR_JSON_UNSUPPORTED');
  refused(() => verifyCommitment(1 as never, { value: 1, salt: '' }));
  refused(() => verifyCommitment('', { value: 1, salt: 1 } as never));
});

test('an erased value is gone, and the chain verifies and says so', async (t) => {
  const ledger = newPath(t);
  const folder = dirname(ledger);
  const kept = join(folder, 'kept.json');
  const value = { diagnosis: 'J45.0' };
  const { commitment, salt } = commit(value);
  writeFileSync(kept, JSON.stringify({ value, salt }));
  const session = await openSession(t, { ledgerPath: ledger, events: 'extended' });
  await session.record(events.custom({ name: 'com.example.diagnosis', data: { commitment } }));

  // What is left on disk, tried with every value that it could be.
  const guesses = Array.from({ length: 1000 }, (_, index) => ({ diagnosis: `J${(index / 10).toFixed(1)}` }));
  const found = () => {
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const words = texts.flatMap((text) => text.match(/[0-9a-f]{64}/g) ?? []);
    // Each string of 64 digits that is left could be the salt, and there is the plain digest.
    const salts = [...new Set(words), ''];
    return guesses.filter((guess) => salts.some((word) => hashOf('', word, JSON.stringify(guess)) === commitment));
  };
  t.deepEqual(found(), [value]);

  rmSync(kept);
  await session.record(events.payloadErased({ commitment, reason: 'asked for by the person' }));
  const head = session.head ?? undefined;
  await session.close();
  t.deepEqual(found(), []);
  t.false(readFileSync(ledger, 'utf8').includes(value.diagnosis));

  const options = { signers: key1.publicKeyHex, expectedHead: head };
  for (const report of [await verifyFile(ledger, options), await crosscheckFile(ledger, options)]) {
    t.is(report.verdict, 'verified');
    t.is(report.erased, 1);
    t.is(report.toJSON().erased, 1);
    t.is(report.kinds['PayloadErased'], 1);
  }
  const before = await verifyFile(ledger, { ...options, expectedHead: undefined, startAfter: head });
  t.is(before.erased, 0);
});
