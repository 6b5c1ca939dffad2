// `sealwright verify`, as auditors and scripts run it: verdicts, exit codes, what it prints for people and for programs.

import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { checkVerification, GENESIS_PARENT_HASH, type ReportJson } from 'sealwright';
import { sealedLine } from '../helpers/canonical.mts';
import { packEvidence } from 'sealwright/evidence';
import { newFifo, newFolder } from '../helpers/folders.mts';
import { chainOf, ended, forged, key1, key2, openSession, seed1, textOf, toolCalled, writeLedger } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { checkedJson, checkedSarif } from '../helpers/schemas.mts';
import { cliOutput, runCli, RunningCli, runOnTerminal } from './helpers/cli.mts';

const five = chainOf(5);
const signer = key1.publicKeyHex;
const head = `4:${five[4]?.selfHash ?? ''}`;
const first = five[0]?.selfHash ?? '';

interface Result {
  readonly input: string;
  readonly exitCode: number;
  readonly error: { readonly code: string } | null;
  readonly report: ReportJson | null;
  readonly checks: readonly { readonly name: string; readonly status: string }[];
  readonly compression: string | null;
}

/** A folder with ledgers that end in each way. */
function ledgers(t: ExecutionContext): string {
  const folder = newFolder(t);
  const inIt = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });
  inIt('good.ndjson', textOf(five));
  inIt('forged.ndjson', `${textOf(five.slice(0, 2))}${forged(five[2])}\n${textOf(five.slice(3))}`);
  inIt('cut.ndjson', textOf(five.slice(0, 3)));
  inIt('torn.ndjson', `${textOf(five)}{"seq":5,`);
  inIt('empty.ndjson', '');
  inIt('garbage.ndjson', `${textOf(five.slice(0, 3))}not JSON\n`);
  inIt('binary.ndjson', '\u0000\u0001\u0002\n'.repeat(100));
  inIt('good.ndjson.gz', gzipSync(textOf(five)).toString('latin1'));
  writeFileSync(join(folder, 'good.ndjson.gz'), gzipSync(textOf(five)));
  return folder;
}

test('each verdict has its exit code, and asking for more than was given ends with 3', async (t) => {
  const cwd = ledgers(t);
  const cases: [readonly string[], number, RegExp][] = [
    [['good.ndjson'], 0, /^good\.ndjson: intact: nothing is broken in 5 events; not checked: signer, head, first\n/],
    [['good.ndjson', '--signer', signer, '--head', head], 0, /^good\.ndjson: verified: 5 events, .*; not checked: first, what followed event 4\n/],
    [['good.ndjson', '--signer', signer, '--require-signer'], 0, /: intact/],
    [['good.ndjson', '--require-signer'], 3, /ends with 3 +--require-signer/],
    [['good.ndjson', '--signer', signer, '--require-head'], 3, /ends with 3 +--require-head/],
    [['good.ndjson', '--first', first], 0, /pass +first/],
    [['good.ndjson', '--start-after', head], 1, /broken at its beginning: [^]*not checked +lines +there is none/],
    [['good.ndjson', '--signer', key2.publicKeyHex], 1, /broken at line 1: .*\n[^]*fail +signer/],
    [['good.ndjson', '--signer', key2.publicKeyHex, '--signer', signer], 0, /named by you/],
    [['cut.ndjson', '--head', head], 1, /broken at its end[^]*fail +head/],
    [['forged.ndjson'], 1, /broken at line 3[^]*fail +signatures/],
    [['forged.ndjson', '--signatures', 'last'], 0, /signatures +1 of 5 checked/],
    [['torn.ndjson'], 3, /not checked +tail +9 bytes/],
    [['torn.ndjson', '--allow-torn-tail'], 0, /not checked +tail +9 bytes/],
    [['empty.ndjson'], 3, /^empty\.ndjson: empty: there is no event/],
    [['garbage.ndjson'], 2, /^garbage\.ndjson: could not be checked: .*\(ERR_LEDGER_MALFORMED\)/],
    [['binary.ndjson'], 2, /\(ERR_LEDGER_MALFORMED\)/],
    [['missing.ndjson'], 2, /\(ERR_LEDGER_NOT_FOUND\)/],
    [['good.ndjson', 'garbage.ndjson'], 2, /could not/],
    [['good.ndjson', 'garbage.ndjson', 'forged.ndjson'], 1, /broken/],
    [['good.ndjson', 'torn.ndjson'], 3, /intact/],
  ];
  for (const [words, code, pattern] of cases) {
    t.regex(await cliOutput(t, ['verify', ...words], { cwd, code }), pattern, words.join(' '));
  }
});

test('kinds that this version does not know end with 3 unless they are allowed', async (t) => {
  const cwd = newFolder(t);
  const eventText = '{"type":"OvenPreheated","payload":{"degrees":200}}';
  const line = sealedLine({ seq: 0, timestampNanos: 1n, parentHash: GENESIS_PARENT_HASH, eventText }, seed1);
  writeFileSync(join(cwd, 'ledger.ndjson'), `${line}\n`);
  t.regex(await cliOutput(t, ['verify', 'ledger.ndjson'], { cwd, code: 3 }), /not checked +kinds/);
  t.regex(await cliOutput(t, ['verify', 'ledger.ndjson', '--allow-unknown-kinds'], { cwd }), /OvenPreheated 1/);
  t.regex(await cliOutput(t, ['verify', 'ledger.ndjson', '--core-only'], { cwd, code: 1 }), /unexpected_kind/);
});

test('mistakes in the words end with 2, and check nothing', async (t) => {
  const cwd = ledgers(t);
  const cases = [
    [],
    ['good.ndjson', '--nothing'],
    ['good.ndjson', '--head', 'zz'],
    ['good.ndjson', '--head', `4:${'z'.repeat(64)}`],
    ['good.ndjson', '--signatures', 'none'],
    ['good.ndjson', '--first', 'abc'],
    ['good.ndjson', '--json', '--ndjson'],
    ['good.ndjson', '--state', 'state'],
    ['good.ndjson', '--full'],
    ['good.ndjson', '--ledger', 'good.ndjson'],
    ['good.ndjson', '--max-bytes', '-1'],
  ];
  for (const words of cases) {
    const { code, stdout, stderr } = await runCli(t, ['verify', ...words], { cwd });
    t.is(code, 2, words.join(' '));
    t.is(stdout, '', words.join(' '));
    t.not(stderr, '', words.join(' '));
  }
});

test('a folder, a pattern, a segment and the ledger file stand for all files of a ledger', async (t) => {
  const cwd = newFolder(t);
  mkdirSync(join(cwd, 'ledger'));
  const session = await openSession(t, { ledgerPath: join(cwd, 'ledger', 'ledger.ndjson'), rotate: { maxEvents: 4 } });
  for (let count = 0; count < 10; count += 1) await session.record(ended(count));
  await session.close();
  const segment = readdirSync(join(cwd, 'ledger')).find((name) => name.includes('0-3')) ?? '';
  for (const word of ['ledger', 'ledger/*.ndjson', 'ledger/ledger.ndjson', `ledger/${segment}`]) {
    t.regex(await cliOutput(t, ['verify', word, '--signer', signer], { cwd }), /events +10 in [^]*files +3 files/, word);
  }
  t.regex(await cliOutput(t, ['verify', `ledger/${segment}`, '--only'], { cwd }), /events +4 in/);
  mkdirSync(join(cwd, 'nothing'));
  t.is((await runCli(t, ['verify', 'nothing'], { cwd })).code, 2);
});

test('standard input, compressed or not', async (t) => {
  for (const input of [textOf(five), gzipSync(textOf(five))]) {
    const out = await cliOutput(t, ['verify', '-', '--signer', signer, '--head', head], { input });
    t.regex(out, /^standard input: verified: 5 events/);
  }
  t.is((await runCli(t, ['verify', '-'], { input: gzipSync(textOf(five)).subarray(0, 200) })).code, 2);
  t.is((await runCli(t, ['verify', '-', '--max-bytes', '100'], { input: gzipSync(textOf(five)) })).code, 2);
});

test('compressed files say what they were compressed with', async (t) => {
  const cwd = ledgers(t);
  t.regex(await cliOutput(t, ['verify', 'good.ndjson.gz'], { cwd }), /events +5 in .* \(gzip\)/);
  const broken = gzipSync(readFileSync(join(cwd, 'forged.ndjson')));
  writeFileSync(join(cwd, 'forged.ndjson.gz'), broken);
  t.regex(await cliOutput(t, ['verify', 'forged.ndjson.gz'], { cwd, code: 1 }), /broken at line 3/);
  // A break in what was damaged on its way proves nothing.
  broken.writeUInt32LE(0, broken.length - 8);
  writeFileSync(join(cwd, 'damaged.ndjson.gz'), broken);
  t.regex(await cliOutput(t, ['verify', 'damaged.ndjson.gz'], { cwd, code: 2 }), /\(ERR_COMPRESSED_CHECKSUM\)/);
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  writeFileSync(join(cwd, 'empty.ndjson.zst'), skippable);
  t.regex(await cliOutput(t, ['verify', 'empty.ndjson.zst'], { cwd, code: 3 }), /: empty/);
});

test('--json, --ndjson, --sarif and --junit have the form that is published', async (t) => {
  const cwd = ledgers(t);
  const names = ['good.ndjson', 'forged.ndjson', 'cut.ndjson', 'torn.ndjson', 'empty.ndjson', 'garbage.ndjson', 'missing.ndjson', 'good.ndjson.gz'];
  const words = [...names, '--signer', signer, '--sarif', 'findings.sarif', '--junit', 'junit.xml'];
  const out = await cliOutput(t, ['verify', ...words, '--json'], { cwd, code: 1 });
  const { results } = checkedJson<{ readonly results: readonly Result[] }>(t, out, 'verify');
  t.deepEqual(results.map(({ input, exitCode }) => [input, exitCode]), names.map((name, index) => [name, [0, 1, 0, 3, 3, 2, 2, 0][index]]));
  t.is(results[5]?.error?.code, 'ERR_LEDGER_MALFORMED');
  t.is(results[5]?.report?.eventCount, 3);
  t.is(results[7]?.compression, 'gzip');

  const lines = (await cliOutput(t, ['verify', ...names, '--signer', signer, '--ndjson'], { cwd, code: 1 })).trimEnd().split('\n');
  t.deepEqual(lines.map((line) => checkedJson<Result>(t, line, 'verify-line').exitCode), results.map(({ exitCode }) => exitCode));

  interface Sarif {
    readonly runs: readonly [{
      readonly invocations: readonly [{ readonly executionSuccessful: boolean; readonly toolExecutionNotifications: readonly object[] }];
      readonly results: readonly {
        readonly ruleId: string;
        readonly kind: string;
        readonly locations: readonly [{ readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region?: { readonly startLine: number } } }];
      }[];
    }];
  }
  const sarif = checkedSarif<Sarif>(t, readFileSync(join(cwd, 'findings.sarif'), 'utf8'));
  const [run] = sarif.runs;
  t.false(run.invocations[0].executionSuccessful);
  t.is(run.invocations[0].toolExecutionNotifications.length, 2);
  const fault = run.results.find(({ ruleId }) => ruleId === 'bad_signature');
  t.is(fault?.locations[0].physicalLocation.artifactLocation.uri, 'forged.ndjson');
  t.is(fault?.locations[0].physicalLocation.region?.startLine, 3);
  t.regex(readFileSync(join(cwd, 'junit.xml'), 'utf8'), /<testsuite name="forged\.ndjson" tests="\d+" failures="1" errors="0"/);
});

test('a state goes on where the last verification ended, and is signed', async (t) => {
  const cwd = newFolder(t);
  const path = join(cwd, 'ledger.ndjson');
  key2.save(join(cwd, 'auditor.key'));
  const words = ['verify', 'ledger.ndjson', '--signer', signer, '--state', 'night.state', '--key', 'auditor.key'];
  writeLedger(path, five.slice(0, 3));
  t.regex(await cliOutput(t, words, { cwd }), /intact/);
  writeLedger(path, five);
  t.regex(await cliOutput(t, words, { cwd }), /up to event 2 it was verified before and not read again/);
  t.notRegex(await cliOutput(t, [...words, '--full'], { cwd }), /verified before/);
  writeLedger(path, chainOf(5, { event: (seq) => ended(`another ${seq}`) }));
  t.regex(await cliOutput(t, words, { cwd, code: 2 }), /ERR_STATE_MISMATCH/);
});

test('a record of the verification is signed by the auditor', async (t) => {
  const cwd = ledgers(t);
  key2.save(join(cwd, 'auditor.key'));
  const words = ['--signer', signer, '--record', 'record.json', '--key', 'auditor.key'];
  const names = ['good.ndjson', 'good.ndjson.gz', 'forged.ndjson'];
  for (const [index, name] of names.entries()) {
    await cliOutput(t, ['verify', name, ...words], { cwd, code: index === 2 ? 1 : 0 });
    const { record, publicKey } = checkVerification(readFileSync(join(cwd, 'record.json'), 'utf8'), { signers: key2.publicKeyHex });
    t.is(publicKey, key2.publicKeyHex);
    t.is(record.subject.name, name);
    t.is(record.report.verdict, index === 2 ? 'broken' : 'intact');
    t.deepEqual(record.options.signers, [signer]);
  }
  t.is((await runCli(t, ['verify', 'good.ndjson', '--record', 'record.json'], { cwd })).code, 2);
});

test('a pack is verified by what the auditor knows; what it says itself is a claim', async (t) => {
  const cwd = ledgers(t);
  const file = join(cwd, 'evidence.zip');
  const known = { seq: 4, hash: five[4]?.selfHash ?? '' };
  await packEvidence({ ledger: join(cwd, 'good.ndjson'), output: file, head: known, publicKeys: [signer] });
  const alone = await cliOutput(t, ['verify', 'evidence.zip'], { cwd });
  t.regex(alone, /^evidence\.zip: intact: nothing is broken in 5 events; not checked: signer, head, first\n/);
  t.regex(alone, /claimed +the pack says that 03a107bf.* may sign/);
  t.is((await runCli(t, ['verify', 'evidence.zip', '--require-signer'], { cwd })).code, 3);
  const json = checkedJson<{ results: { claims: unknown }[] }>(t, await cliOutput(t, ['verify', 'evidence.zip', 'good.ndjson', '--json'], { cwd }), 'verify');
  t.deepEqual(json.results.map(({ claims }) => claims), [{ keys: [{ publicKey: signer, first: 0, last: 4 }], head: known }, null]);
  key2.save(join(cwd, 'auditor.key'));
  const words = ['verify', 'evidence.zip', '--signer', signer, '--head', head, '--record', 'record.json', '--key', 'auditor.key'];
  t.regex(await cliOutput(t, words, { cwd }), /: verified: 5 events/);
  t.is(checkVerification(readFileSync(join(cwd, 'record.json'), 'utf8')).record.subject.files[0]?.name, 'ledger.ndjson');
  writeFileSync(file, readFileSync(file).subarray(0, -10));
  t.regex(await cliOutput(t, ['verify', 'evidence.zip'], { cwd, code: 2 }), /\(ERR_EVIDENCE_/);
});

test('no output is written over an input', async (t) => {
  const cwd = ledgers(t);
  const before = readFileSync(join(cwd, 'good.ndjson'), 'utf8');
  key2.save(join(cwd, 'auditor.key'));
  for (const words of [['--sarif', './good.ndjson'], ['--junit', 'good.ndjson'], ['--record', 'good.ndjson', '--key', 'auditor.key']]) {
    const { code, stderr } = await runCli(t, ['verify', 'good.ndjson', ...words], { cwd });
    t.is(code, 2);
    t.regex(stderr, /\(ERR_OUTPUT_REFUSED\)/);
  }
  t.is(readFileSync(join(cwd, 'good.ndjson'), 'utf8'), before);
});

test('variables of the environment name ledger and signers', async (t) => {
  const cwd = ledgers(t);
  writeFileSync(join(cwd, 'agent.pub'), `${signer}\n`);
  const env = { SEALWRIGHT_LEDGER: 'good.ndjson', SEALWRIGHT_SIGNERS: `${key2.publicKeyHex}:agent.pub` };
  t.regex(await cliOutput(t, ['verify', '--require-signer'], { cwd, env }), /pass +signer/);
});

test('--quiet prints the verdict only, --compat the lines of the peer', async (t) => {
  const cwd = ledgers(t);
  const quiet = await cliOutput(t, ['verify', 'good.ndjson', 'forged.ndjson', '-q'], { cwd, code: 1 });
  t.is(quiet.trimEnd().split('\n').length, 2);
  t.is(
    await cliOutput(t, ['verify', '--ledger', 'good.ndjson', '--compat'], { cwd }),
    `ledger: good.ndjson\nevents: 5\nstatus: VALID\nroot_hash: ${five[4]?.selfHash ?? ''}\n`,
  );
  t.regex(await cliOutput(t, ['verify', 'forged.ndjson', '--compat'], { cwd, code: 1 }), /^ledger: .*\nevents: 2\nstatus: BROKEN\nroot_hash: [0-9a-f]{64}\nbroken_at_seq: 2\nbroken_reason: .+\n$/);
  const { code, stdout, stderr } = await runCli(t, ['verify', 'missing.ndjson', '--compat'], { cwd });
  t.deepEqual([code, stdout], [2, '']);
  t.regex(stderr, /^error: /);
});

test('neither a FIFO nor ten thousand broken lines hold it up', async (t) => {
  t.is((await runCli(t, ['verify', newFifo(t)])).code, 2);
  const cwd = newFolder(t);
  writeFileSync(join(cwd, 'lines.ndjson'), `${five[0]?.toLine() ?? ''}\n${'{"seq":1}\n'.repeat(10_000)}`);
  const out = await cliOutput(t, ['verify', 'lines.ndjson'], { cwd, code: 1 });
  t.true(out.length < 4000);
});

test('who stops reading, or interrupts, gets no stack', async (t) => {
  const cwd = newFolder(t);
  writeLedger(join(cwd, 'ledger.ndjson'), chainOf(2000, { event: (seq) => toolCalled({ seq }) }));
  const closed = new RunningCli(t, ['verify', 'ledger.ndjson', '--json'], { cwd });
  closed.closeOutput();
  const { code, stderr } = await closed.end;
  t.is(code, 2);
  t.is(stderr, '');
  const waiting = new RunningCli(t, ['verify', 'ledger.ndjson', '-'], { cwd });
  await waiting.printed('intact');
  waiting.interrupt();
  const interrupted = await waiting.end;
  t.is(interrupted.code, 130);
  t.is(interrupted.stderr, 'sealwright: interrupted\n');
});

test('a defect ends with 2, whatever Node would end with', async (t) => {
  const cwd = ledgers(t);
  writeFileSync(join(cwd, 'defect.cjs'), "setTimeout(() => Promise.reject(new Error('a \\u001b defect')), 0);");
  const { code, stderr } = await runCli(t, ['verify', '-'], { cwd, env: { NODE_OPTIONS: '--require ./defect.cjs' } });
  t.is(code, 2);
  t.regex(stderr, /^sealwright: a defect of this program: Error: a \? defect\n/);
});

testWith(['python'], 'colours on a terminal only, and as the environment wants them', async (t) => {
  const cwd = ledgers(t);
  const words = ['verify', 'good.ndjson'];
  const coloured = (text: string) => text.includes('\u001b[');
  t.true(coloured((await runOnTerminal(t, words, { cwd })).stdout));
  t.false(coloured((await runOnTerminal(t, [...words, '--no-color'], { cwd })).stdout));
  t.false(coloured((await runOnTerminal(t, words, { cwd, env: { NO_COLOR: '1' } })).stdout));
  t.false(coloured(await cliOutput(t, words, { cwd })));
  t.true(coloured(await cliOutput(t, words, { cwd, env: { FORCE_COLOR: '1' } })));
});

testWith(['python'], 'progress is shown on a terminal, and wiped', async (t) => {
  const cwd = newFolder(t);
  const path = join(cwd, 'ledger.ndjson');
  writeLedger(path, five);
  // As a hole, which takes no space on the disk, and a fast machine a second to read: progress is shown after half of one.
  truncateSync(path, 2 * 1024 ** 3);
  const words = ['verify', 'ledger.ndjson', '--allow-torn-tail', '-q'];
  const shown = await runOnTerminal(t, words, { cwd, streams: '2' });
  t.is(shown.code, 0);
  const text = shown.stdout + shown.stderr;
  t.regex(text, /\[=+ +\] \d+ % {2}\d+\.\d [MG]iB, \d+\.\d [MG]iB\/s {2}ledger\.ndjson/);
  t.regex(text, /\r\u001b\[2K(ledger\.ndjson: intact.*\n)?$/);
});
