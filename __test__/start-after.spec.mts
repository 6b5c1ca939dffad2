// Verification starts behind an event that the caller trusts, by every way in, and never claims the events before it.

import { writeFileSync } from 'node:fs';
import test from 'ava';
import {
  type ChainReport,
  GENESIS_PARENT_HASH,
  type Head,
  importLedger,
  SealwrightRangeError,
  SealwrightTypeError,
  type SignedEvent,
  verifyChain,
  type VerifyChecks,
  verifyFile,
  verifyFileSync,
  verifyStream,
} from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import { rejectsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { chainOf, DIGEST, forged, key1, key2, textOf, writeLedger } from './helpers/ledgers.mts';
import { piecesOf } from './helpers/pieces.mts';

const chain = chainOf(10, { keypairAt: (seq) => (seq < 5 ? key1 : key2) });
const headOf = (seq: number): Head => ({ seq, hash: chain[seq]?.selfHash ?? '' });
const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;

/** Every way to verify the lines of a ledger. */
const verifiers: Record<string, (path: string, text: string, options: VerifyChecks) => Promise<ChainReport>> = {
  verifyFile: (path, _, options) => verifyFile(path, options),
  verifyFileSync: async (path, _, options) => verifyFileSync(path, options),
  verifyStream: (_, text, options) => verifyStream(piecesOf(Buffer.from(text), 1000), options),
  verifyChain: async (_, text, options) => verifyChain(text.split('\n').slice(0, -1), options),
  'crosscheck.verifyFile': (path, _, options) => crosscheck.verifyFile(path, options),
  'crosscheck.verifyLines': (_, text, options) => crosscheck.verifyLines(text, options),
};

for (const [name, verify] of Object.entries(verifiers)) {
  test(`${name}: the rest of a ledger behind any of its events`, async (t) => {
    for (const signatures of ['all', 'last'] as const) {
      for (let seq = 0; seq < 10; seq += 1) {
        const path = newPath(t);
        const text = textOf(chain.slice(seq + 1));
        writeFileSync(path, text);
        const count = 9 - seq;
        const report = await verify(path, text, { startAfter: headOf(seq), signatures });
        t.like(report, {
          verdict: count === 0 ? 'empty' : 'intact',
          eventCount: count,
          startedAfter: headOf(seq),
          firstHash: null,
          rootHash: count === 0 ? GENESIS_PARENT_HASH : headOf(9).hash,
        });
        t.deepEqual(report.head, count === 0 ? null : headOf(9));
        t.deepEqual(
          report.signers.map(({ first, last }) => [first, last]),
          [[seq + 1, 4], [Math.max(seq + 1, 5), 9]].filter(([first = 0, last = 0]) => first <= last),
        );
      }
    }
  });

  test(`${name}: never verified, whatever else is known`, async (t) => {
    const path = newPath(t);
    const text = textOf(chain.slice(5));
    writeFileSync(path, text);
    const options = { signers: key2.publicKeyHex, expectedHead: headOf(9) };
    const report = await verify(path, text, { ...options, startAfter: headOf(4) });
    t.like(report, { verdict: 'intact', checks: { head: 'matched', first: 'not-checked', signer: 'pinned' } });
  });

  test(`${name}: another trusted event, and what stands behind it`, async (t) => {
    const path = newPath(t);
    const found = async (lines: readonly (SignedEvent | string)[], options: VerifyChecks) => {
      const text = lines.map((line) => `${typeof line === 'string' ? line : line.toLine()}\n`).join('');
      writeFileSync(path, text);
      const { code, brokenAt, line, eventCount } = await verify(path, text, options);
      return { code, brokenAt, line, eventCount };
    };
    const rest = chain.slice(3);
    const after = { startAfter: headOf(2) };
    const broken = (code: string, brokenAt: number, line: number | null, eventCount: number) => ({
      code, brokenAt, line, eventCount,
    });
    t.deepEqual(await found(rest, {}), broken('seq_mismatch', 0, 1, 0));
    t.deepEqual(await found(rest, { startAfter: headOf(1) }), broken('seq_mismatch', 2, 1, 0));
    t.deepEqual(await found(chain, after), broken('seq_mismatch', 3, 1, 0));
    t.deepEqual(await found(rest, { startAfter: { seq: 2, hash: DIGEST } }), broken('parent_mismatch', 3, 1, 0));
    t.deepEqual(await found(rest.toSpliced(2, 1), after), broken('seq_mismatch', 5, 3, 2));
    t.deepEqual(await found(rest.with(3, rest[0] as SignedEvent), after), broken('seq_mismatch', 6, 4, 3));
    t.deepEqual(await found([...rest.slice(0, 2), forged(rest[2])], after), broken('bad_signature', 5, 3, 2));
    t.deepEqual(await found(rest, { ...after, signers: key1.publicKeyHex }), broken('untrusted_signer', 5, 3, 2));
    const cut = rest.slice(0, 3);
    t.deepEqual(await found(cut, { ...after, expectedHead: headOf(9) }), broken('head_mismatch', 6, null, 3));
    const other = { seq: 4, hash: DIGEST };
    t.deepEqual(await found(cut, { ...after, expectedHead: other }), broken('head_mismatch', 4, 2, 3));
  });

  test(`${name}: what cannot be expected behind a start is refused`, async (t) => {
    const path = newPath(t);
    writeLedger(path, chain);
    const text = textOf(chain);
    for (const wrong of [
      { startAfter: headOf(4), expectedFirst: headOf(0).hash },
      { startAfter: headOf(4), expectedHead: headOf(4) },
      { startAfter: headOf(4), expectedHead: headOf(0) },
      { startAfter: null },
      { startAfter: DIGEST },
      { startAfter: { seq: 4 } },
      { startAfter: { seq: 4, hash: 'abc' } },
      { startAfter: { seq: 4, hash: DIGEST, extra: 1 } },
    ]) {
      await rejectsError(t, () => verify(path, text, wrong as VerifyChecks), invalid, JSON.stringify(wrong));
    }
    for (const seq of [-1, 0.5, 2 ** 53]) {
      const outOfRange = { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' } as const;
      await rejectsError(t, () => verify(path, text, { startAfter: { seq, hash: DIGEST } }), outOfRange);
    }
  });
}

test('a part and the rest behind it add up to the whole', async (t) => {
  for (let end = 1; end < 10; end += 1) {
    const before = verifyChain(chain.slice(0, end));
    const { head } = before;
    const behind = verifyChain(chain.slice(end), { startAfter: head ?? undefined });
    t.is(before.eventCount + behind.eventCount, 10);
    t.deepEqual(behind.head, verifyChain(chain).head);
  }
});

test('nothing is imported that starts in the middle', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain.slice(5));
  await rejectsError(t, () => importLedger(path, { startAfter: headOf(4) } as object), invalid);
});
