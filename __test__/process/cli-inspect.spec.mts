// sealwright inspect: finding an event, and what is said of it, good or bad.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { SignedEvent } from 'sealwright';
import { newFifo, newFolder, newPath } from '../helpers/folders.mts';
import { chainOf, ended, forged, key1, key2, ledgerFiles, openSession, textOf, toolCalled, writeLedger } from '../helpers/ledgers.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { vectorsFolder } from '../helpers/vectors.mts';
import { cliOutput, runCli } from './helpers/cli.mts';

const chain = chainOf(500, { event: (seq) => (seq === 3 ? toolCalled({ price: 1.0, big: 2n ** 63n, list: [], none: {} }) : ended(seq)) });

interface Inspected {
  readonly seq: number;
  readonly file: string;
  readonly line: number;
  readonly byteOffset: number;
  readonly kind: string;
  readonly payload: unknown;
  readonly selfHash: string;
  readonly recomputedHash: string;
  readonly checks: readonly { readonly name: string; readonly status: string }[];
}

/** What is said of an event, which `--json` prints. */
async function inspected(t: ExecutionContext, path: string, word: string, code = 0, words: readonly string[] = []): Promise<Inspected> {
  return checkedJson(t, await cliOutput(t, ['inspect', path, word, '--json', ...words], { code }), 'inspect');
}

/** `hash+ signature+ signer? before+ after+` */
function outcomes({ checks }: Inspected): string {
  const signs: Readonly<Record<string, string>> = { pass: '+', fail: '-', 'not-checked': '?' };
  return checks.map(({ name, status }) => `${name}${signs[status] ?? ''}`).join(' ');
}

const ALL_GOOD = 'hash+ signature+ signer? before+ after+';

test('an event is found by its seq and by its hash, with its place', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  for (const seq of [1, 250, 498]) {
    const { selfHash = '' } = chain[seq] ?? {};
    const bySeq = await inspected(t, path, String(seq));
    t.like(bySeq, { seq, file: path, line: seq + 1, byteOffset: textOf(chain.slice(0, seq)).length, selfHash, recomputedHash: selfHash });
    t.is(outcomes(bySeq), ALL_GOOD);
    for (const hash of [selfHash, selfHash.slice(0, 12), selfHash.slice(0, 12).toUpperCase()]) {
      t.deepEqual(await inspected(t, path, hash), bySeq, hash);
    }
    t.is(await cliOutput(t, ['inspect', path, String(seq), '--line']), textOf(chain.slice(seq, seq + 1)));
  }
  t.is(outcomes(await inspected(t, path, '0')), ALL_GOOD);
  t.is(outcomes(await inspected(t, path, '499')), 'hash+ signature+ signer? before+ after?');
});

test('numbers are shown as the ledger spells them', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  const text = await cliOutput(t, ['inspect', path, '3']);
  t.true(text.includes('"price": 1,\n') && text.includes('"big": 9223372036854775808,\n') && text.includes('"list": [],\n'), text);
  t.true(text.includes(`The rest of the ledger was not checked: sealwright verify ${path}\n`));
  t.like(await inspected(t, path, '3'), { payload: { args_redacted: { big: '9223372036854775808', none: {} } } });
  const doubles = await cliOutput(t, ['inspect', join(vectorsFolder, 'chains', 'all_kinds.ndjson'), '2']);
  t.true(doubles.includes('"score": 1.0,\n'), doubles);
});

test('a signer that is named is compared', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  const good = await inspected(t, path, '7', 0, ['--signer', key1.publicKeyHex]);
  t.is(outcomes(good), 'hash+ signature+ signer+ before+ after+');
  t.is(outcomes(await inspected(t, path, '7', 1, ['--signer', key2.publicKeyHex])), 'hash+ signature+ signer- before+ after+');
});

test('what does not hold is shown all the same, and ends with 1', async (t) => {
  const path = newPath(t);
  const cases: [string, number, (lines: string[]) => unknown, string][] = [
    ['a changed value', 5, (lines) => (lines[5] = lines[5]?.replace('"reason":"5"', '"reason":"6"') ?? ''), 'hash- signature? signer? before+ after?'],
    ['a signature', 5, (lines) => (lines[5] = forged(chain[5])), 'hash+ signature- signer? before+ after?'],
    ['the one before taken away', 5, (lines) => lines.splice(4, 1), 'hash+ signature+ signer? before- after+'],
    ['the next taken away', 5, (lines) => lines.splice(6, 1), 'hash+ signature+ signer? before+ after-'],
  ];
  for (const [what, seq, change, expected] of cases) {
    const lines = chain.slice(0, 20).map((signed: SignedEvent) => signed.toLine());
    change(lines);
    writeFileSync(path, `${lines.join('\n')}\n`);
    const found = await inspected(t, path, String(seq), 1);
    t.is(outcomes(found), expected, what);
    t.regex(await cliOutput(t, ['inspect', path, String(seq)], { code: 1 }), /fail +\w/, what);
    if (what === 'a changed value') t.not(found.selfHash, found.recomputedHash);
  }
});

test('the neighbours may be in other files, and a rotation of keys is no break', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, events: 'extended', rotate: { maxEvents: 4 } });
  for (let n = 0; n < 4; n += 1) await session.record(ended(n));
  await session.rotateKey(key2);
  for (let n = 0; n < 6; n += 1) await session.record(ended(n));
  await session.close();
  const [, second = ''] = ledgerFiles(path);
  for (const seq of [3, 4, 5, 7, 8]) t.is(outcomes(await inspected(t, path, String(seq))), ALL_GOOD, String(seq));
  t.like(await inspected(t, path, '4'), { file: second, line: 1, byteOffset: 0, kind: 'KeyRotated' });
  const alone = await inspected(t, second, '4');
  t.is(outcomes(alone), 'hash+ signature+ signer? before? after+');
  // Kinds that this version does not know.
  t.is(outcomes(await inspected(t, join(vectorsFolder, 'chains', 'unknown_kinds.ndjson'), '1')).slice(0, 16), 'hash+ signature+');
});

test('words that name no event, and files that are no ledger, end with 2', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  const folder = newFolder(t);
  const twice = join(folder, 'twice.ndjson');
  writeFileSync(twice, textOf(chain.slice(0, 3)).repeat(2));
  const binary = join(folder, 'binary');
  writeFileSync(binary, '\u0000\u0001\n'.repeat(100));
  const cases: [readonly string[], RegExp][] = [
    [[path, '500'], /there is no event 500/],
    [[path, 'ffffffffff'], /there is no event ffffffffff/],
    [[path, 'abc'], /named by its seq, or by at least 8 digits/],
    [[path, '-1'], /named by its seq/],
    [[path], /missing required argument/],
    [[twice, chain[1]?.selfHash ?? ''], /several events have a hash/],
    [[binary, '0'], /there is no event 0/],
    [[newPath(t), '0'], /ERR_LEDGER_NOT_FOUND/],
    [[newFolder(t), '0'], /ERR_LEDGER_NOT_A_FILE/],
    [[newFifo(t), '0'], /ERR_LEDGER_NOT_A_FILE/],
  ];
  for (const [words, expected] of cases) {
    const { code, stdout, stderr } = await runCli(t, ['inspect', ...words]);
    t.deepEqual([code, stdout], [2, ''], words.join(' '));
    t.regex(stderr, expected);
  }
});
