// `sealwright recover`: a torn tail is shown, kept beside the ledger, and only then deleted.

import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { newFifo } from '../helpers/folders.mts';
import { testWith } from '../helpers/parts.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { Agent } from './helpers/agent.mts';
import { answered, cliOutput, runCli } from './helpers/cli.mts';
import { exampleFolder } from './helpers/example.mts';

interface Found {
  readonly tail: { readonly bytes: number; readonly excerpt: string } | null;
  readonly recovered: { readonly path: string } | null;
  readonly quarantined: readonly object[];
  readonly discarded: readonly { readonly path: string }[];
}

const TORN = '{"seq":20,"x\u001b[2J\u202e';
const tornFiles = (cwd: string) => readdirSync(cwd).filter((name) => name.includes('.torn-'));

test('a tail is shown and left, then cut off and kept, then deleted', async (t) => {
  const cwd = await exampleFolder(t);
  const ledger = join(cwd, 'ledger.ndjson');
  const whole = readFileSync(ledger);
  t.regex(await cliOutput(t, ['recover', 'ledger.ndjson'], { cwd }), /last event +19:[0-9a-f]{64}\n +tail +none/);
  appendFileSync(ledger, TORN);
  const torn = readFileSync(ledger);
  const shown = await cliOutput(t, ['recover', 'ledger.ndjson'], { cwd, code: 3 });
  t.true(shown.includes('{"seq":20,"x\\u{1b}[2J\\u{202e}\n'), shown);
  t.regex(shown, /tail +19 bytes from byte [\d,]+ on, in 1 line\n +why +its first bad line has no end/);
  const found = checkedJson<Found>(t, await cliOutput(t, ['recover', 'ledger.ndjson', '--json'], { cwd, code: 3 }), 'recover');
  t.is(Buffer.from(found.tail?.excerpt ?? '', 'base64').toString(), TORN);
  t.deepEqual([readFileSync(ledger), tornFiles(cwd)], [torn, []]);

  const cut = checkedJson<Found>(t, await cliOutput(t, ['recover', 'ledger.ndjson', '--yes', '--json'], { cwd }), 'recover');
  t.deepEqual([readFileSync(ledger), readFileSync(cut.recovered?.path ?? '', 'utf8')], [whole, TORN]);
  t.regex(await cliOutput(t, ['recover', 'ledger.ndjson', '--yes'], { cwd }), /tail +none[^]*kept +.*\.torn-/);

  const refused = await runCli(t, ['recover', 'ledger.ndjson', '--discard'], { cwd });
  t.deepEqual([refused.code, refused.stdout, tornFiles(cwd).length], [2, '', 1]);
  const gone = checkedJson<Found>(t, await cliOutput(t, ['recover', 'ledger.ndjson', '--discard', '--yes', '--json'], { cwd }), 'recover');
  t.deepEqual([gone.discarded.length, tornFiles(cwd), readFileSync(ledger)], [1, [], whole]);
  t.is((await runCli(t, ['recover', 'ledger.ndjson', '--discard'], { cwd })).code, 0, 'there is nothing to ask about');
});

test('a tail that is there stays when what was kept is deleted', async (t) => {
  const cwd = await exampleFolder(t);
  const ledger = join(cwd, 'ledger.ndjson');
  appendFileSync(ledger, TORN);
  await cliOutput(t, ['recover', 'ledger.ndjson', '--yes'], { cwd });
  appendFileSync(ledger, Buffer.alloc(700));
  const torn = readFileSync(ledger);
  t.regex(await cliOutput(t, ['recover', 'ledger.ndjson', '--discard', '--yes'], { cwd, code: 3 }), /why +it holds NUL bytes[^]*deleted/);
  t.deepEqual([readFileSync(ledger), tornFiles(cwd)], [torn, []]);
});

testWith(['python'], 'on a terminal it asks, and no is the default', async (t) => {
  const cwd = await exampleFolder(t);
  appendFileSync(join(cwd, 'ledger.ndjson'), TORN);
  await cliOutput(t, ['recover', 'ledger.ndjson', '--yes'], { cwd });
  for (const [typed, expected] of [['\r', 2], ['n', 2], ['\u0003', 130], ['y', 0]] as const) {
    const { code, stdout } = await answered(t, ['recover', 'ledger.ndjson', '--discard'], typed, { cwd });
    t.is(code, expected, stdout);
    t.is(tornFiles(cwd).length, expected === 0 ? 0 : 1);
  }
});

test('what it does not touch', async (t) => {
  const cwd = await exampleFolder(t);
  mkdirSync(join(cwd, 'folder'));
  writeFileSync(join(cwd, 'binary.ndjson'), Buffer.from([0, 1, 2, 255, 10]));
  writeFileSync(join(cwd, 'text.ndjson'), 'hello\n');
  for (const [word, code] of [
    ['missing.ndjson', 'ERR_LEDGER_NOT_FOUND'],
    ['folder', 'ERR_LEDGER_NOT_A_FILE'],
    [newFifo(t), 'ERR_LEDGER_NOT_A_FILE'],
    ['binary.ndjson', 'ERR_LEDGER_TAMPERED'],
    ['text.ndjson', 'ERR_LEDGER_TAMPERED'],
  ] as const) {
    const end = await runCli(t, ['recover', word, '--yes'], { cwd });
    t.deepEqual([end.code, end.stdout], [2, ''], word);
    t.true(end.stderr.endsWith(` (${code})\n`), end.stderr);
  }
  t.false(existsSync(join(cwd, 'missing.ndjson')));
  const agent = await Agent.start(t);
  await agent.open(join(cwd, 'live.ndjson'));
  await agent.recordOne();
  const end = await runCli(t, ['recover', 'live.ndjson', '--yes'], { cwd });
  t.is(end.code, 2);
  t.regex(end.stderr, /live\.ndjson open \(ERR_LEDGER_LOCKED\)\n$/);
  await agent.recordOne();
});

testWith(['unprivileged'], 'who may not write the ledger or its folder changes nothing', async (t) => {
  const cwd = await exampleFolder(t);
  const ledger = join(cwd, 'ledger.ndjson');
  appendFileSync(ledger, TORN);
  const torn = readFileSync(ledger);
  chmodSync(cwd, 0o755);
  for (const mode of [0o600, 0o644, 0o666]) {
    chmodSync(ledger, mode);
    const { code, stderr } = await runCli(t, ['recover', 'ledger.ndjson', '--yes'], { cwd, uid: 65534 });
    t.is(code, 2, stderr);
    t.regex(stderr, /\(ERR_LEDGER_IO\)\n$/);
    t.deepEqual([readFileSync(ledger), tornFiles(cwd)], [torn, []]);
  }
});
