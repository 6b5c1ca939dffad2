// `sealwright head`: shown after a verification, kept and never moved back, compared.

import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { FileHeadStore, type Head, Session, SigningKeypair } from 'sealwright';
import { newFifo, newFolder } from '../helpers/folders.mts';
import { chainOf, ended, forged, key1, key2, textOf } from '../helpers/ledgers.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { cliOutput, runCli } from './helpers/cli.mts';
import { exampleFolder } from './helpers/example.mts';

const five = chainOf(5);
const headOf = (seq: number) => `${seq}:${five[seq]?.selfHash ?? ''}`;

interface Outcome {
  readonly known: Head | null;
  readonly head: Head | null;
  readonly ok: boolean | null;
  readonly code: string | null;
}

test('show prints SEQ:HASH of a ledger that holds, and nothing of one that does not', async (t) => {
  const cwd = newFolder(t);
  const put = (name: string, text: string | Uint8Array) => writeFileSync(join(cwd, name), text);
  put('good.ndjson', textOf(five));
  put('good.ndjson.gz', gzipSync(textOf(five)));
  put('torn.ndjson', `${textOf(five)}{"seq":5`);
  put('forged.ndjson', `${textOf(five.slice(0, 4))}${forged(five[4])}\n`);
  put('empty.ndjson', '');
  put('binary.ndjson', '\u0000\u0001\n');
  const show = (...words: string[]) => runCli(t, ['head', 'show', ...words], { cwd });
  for (const word of ['good.ndjson', 'good.ndjson.gz', 'torn.ndjson']) {
    const { code, stdout } = await show(word, '--signer', key1.publicKeyHex);
    t.deepEqual([code, stdout], [0, `${headOf(4)}\n`], word);
  }
  t.regex((await show('torn.ndjson')).stderr, /8 bytes behind that event are no event/);
  for (const [words, expected] of [
    [['forged.ndjson'], 1],
    [['good.ndjson', '--signer', key2.publicKeyHex], 1],
    [['empty.ndjson'], 3],
    [['binary.ndjson'], 2],
    [['missing.ndjson'], 2],
    [[newFifo(t)], 2],
    [['.'], 2],
    [[], 2],
  ] as const) {
    const { code, stdout, stderr } = await show(...words);
    t.deepEqual([code, stdout], [expected, ''], words.join(' '));
    t.not(stderr, '');
  }
  const shown = checkedJson<Outcome>(t, (await show('forged.ndjson', '--json')).stdout, 'head');
  t.deepEqual([shown.ok, shown.head, shown.code], [false, null, 'bad_signature']);
});

test('save keeps a head, moves it forward, and never back', async (t) => {
  const cwd = newFolder(t);
  const write = (chain: typeof five) => writeFileSync(join(cwd, 'ledger.ndjson'), textOf(chain), { mode: 0o600 });
  const save = (code: number) => cliOutput(t, ['head', 'save', 'ledger.ndjson', 'heads.json'], { cwd, code });
  const check = (code: number) => cliOutput(t, ['head', 'check', 'ledger.ndjson', 'heads.json'], { cwd, code });
  write(five.slice(0, 3));
  t.is(await save(0), `${headOf(2)}  kept in heads.json (new)\n`);
  t.is(await check(0), `${headOf(2)}  is in ledger.ndjson, and 0 events behind it\n`);
  write(five);
  t.is(await check(0), `${headOf(2)}  is in ledger.ndjson, and 2 events behind it\n`);
  t.is(await save(0), `${headOf(4)}  kept in heads.json (before ${headOf(2)})\n`);
  t.is(await save(0), `${headOf(4)}  kept in heads.json (as before)\n`);
  const kept = readFileSync(join(cwd, 'heads.json'));
  // Cut, forked, replaced: each is a proof, and the store stays.
  const another = chainOf(7, { event: (seq) => ended(seq < 2 ? seq : `other ${seq}`) });
  for (const chain of [five.slice(0, 4), another, chainOf(7, { event: (seq) => ended(`another ${seq}`) })]) {
    write(chain);
    t.is(await save(1), '');
    t.is(await check(1), '');
    t.deepEqual(readFileSync(join(cwd, 'heads.json')), kept);
  }
  writeFileSync(join(cwd, 'ledger.ndjson'), '');
  await save(1);
  t.deepEqual(readFileSync(join(cwd, 'heads.json')), kept);
  // A session with that store sees the same.
  write(five.slice(0, 4));
  const headStore = new FileHeadStore(join(cwd, 'heads.json'));
  const open = () => Session.open({ keypair: key1, sessionId: 's', ledgerPath: join(cwd, 'ledger.ndjson'), headStore });
  await t.throwsAsync(open, { code: 'ERR_ROLLBACK_DETECTED' });
  write(five);
  await (await open()).close();
});

test('check says what it compared, and 3 when it knows nothing', async (t) => {
  const cwd = await exampleFolder(t);
  const check = (...words: string[]) => runCli(t, ['head', 'check', ...words], { cwd });
  const found = checkedJson<Outcome>(t, (await check('ledger.ndjson', 'heads.json', '--signer', 'agent.pub', '--json')).stdout, 'head');
  t.deepEqual([found.ok, found.known, found.head?.seq], [true, found.head, 19]);
  writeFileSync(join(cwd, 'empty.json'), '{}');
  writeFileSync(join(cwd, 'other.json'), JSON.stringify({ seq: 3, hash: five[3]?.selfHash }));
  for (const [words, expected] of [
    [['ledger.ndjson', 'empty.json'], 3],
    [['ledger.ndjson', 'other.json'], 1],
    [['ledger.ndjson', 'missing.json'], 2],
    [['ledger.ndjson', 'agent.key'], 2],
    [['missing.ndjson', 'heads.json'], 2],
    [['ledger.ndjson'], 2],
  ] as const) {
    const { code, stdout, stderr } = await check(...words);
    t.deepEqual([code, stdout], [expected, ''], words.join(' '));
    t.not(stderr, '');
  }
  const nothing = checkedJson<Outcome>(t, (await check('ledger.ndjson', 'empty.json', '--json')).stdout, 'head');
  t.deepEqual([nothing.ok, nothing.known, nothing.head], [null, null, null]);
  t.false(existsSync(join(cwd, 'missing.json')));
});

test('verify takes the same files, and a ledger of several is found by its first event', async (t) => {
  const cwd = await exampleFolder(t);
  const words = ['verify', 'ledger.ndjson', '--signer', 'agent.pub', '--head', 'heads.json'];
  t.regex(await cliOutput(t, words, { cwd }), /: verified: 20 events/);
  copyFileSync(join(cwd, 'ledger.ndjson'), join(cwd, 'moved.ndjson'));
  writeFileSync(join(cwd, 'other.ndjson'), textOf(five));
  await cliOutput(t, ['head', 'save', 'other.ndjson', 'heads.json'], { cwd });
  t.regex(await cliOutput(t, [...words.slice(0, 1), 'moved.ndjson', ...words.slice(2)], { cwd }), /: verified: 20 events/);
  t.regex(await cliOutput(t, ['head', 'check', 'other.ndjson', 'heads.json'], { cwd }), new RegExp(`^${headOf(4)} `));
  const unsure = await runCli(t, ['verify', '-', '--head', 'heads.json'], { cwd, input: textOf(five) });
  t.is(unsure.code, 2);
  t.regex(unsure.stdout + unsure.stderr, /knows 2 ledgers/);
});

test('nothing is kept where it cannot be', async (t) => {
  const cwd = await exampleFolder(t);
  for (const file of ['missing/heads.json', '.', 'agent.key']) {
    const before = readFileSync(join(cwd, 'agent.key'));
    const { code } = await runCli(t, ['head', 'save', 'ledger.ndjson', file], { cwd });
    // Folders above a store are made, as a session makes them.
    t.is(code, file === 'missing/heads.json' ? 0 : 2, file);
    t.deepEqual(readFileSync(join(cwd, 'agent.key')), before);
  }
  t.is(SigningKeypair.load(join(cwd, 'agent.key')).publicKeyHex.length, 64);
});
