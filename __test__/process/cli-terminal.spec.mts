// What is printed for people moves no cursor and hides no word, whatever a ledger, a path or an option holds: every
// command, with each of its options, on a ledger whose every string is made of characters that are not seen.

import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { events, FileHeadStore, Session, SigningKeypair } from 'sealwright';
import { newFolder } from '../helpers/folders.mts';
import { DIGEST, linesOf } from '../helpers/ledgers.mts';
import { projectRoot, testWith } from '../helpers/parts.mts';
import type { Call } from './children/many-runs.mts';
import { Child } from './helpers/child.mts';
import { type CliEnd, RunningCli, runOnTerminal } from './helpers/cli.mts';

interface Spec {
  readonly name: string;
  readonly arguments: readonly { readonly name: string }[];
  readonly options: Readonly<Record<string, { readonly kind: string; readonly flags: string }>>;
}

const { commands } = createRequire(import.meta.url)(join(projectRoot, 'dist', 'cli', 'commands', 'index.js')) as { commands: readonly Spec[] };

/** From a code point to another one, both included. */
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Controls, format characters, bidirectional marks, tags, separators, fillers, selectors, private and unassigned ones. */
const UNSEEN = [
  ...range(0x01, 0x1f),
  ...range(0x7f, 0x9f),
  0xad, 0x34f, 0x61c, 0x115f, 0x180e, 0x3164, 0xfe0f, 0xfeff, 0xe000, 0xffa0,
  ...range(0x200b, 0x200f),
  ...range(0x2028, 0x202e),
  ...range(0x2060, 0x2069),
  ...range(0xfff9, 0xfffb),
  0x1d173, 0xe0001, 0xe0020, 0xe0041, 0xe007f, 0xe0100, 0xf0000, 0x10fffd,
];
const EVIL = String.fromCodePoint(...UNSEEN);
/** Some of them, short enough for the name of a file. */
const NAME = `\u001b[2J\r\n\t\u0007\u007f\u0085\u009b\u00ad\u202e\u2028\u2066\ufeff\u{e0041}`;
const LEDGER = `${NAME}.ndjson`;
const KEY = `${NAME}.key`;
const HEADS = `${NAME}.json`;

/** Output that is data, byte for byte, where no person reads it. */
const PRINTS_DATA: readonly string[] = ['query', 'inspect', 'tail'];
/** Never ends by itself. */
const ENDLESS: readonly string[] = ['follow'];

const isSeen = (text: string) => [...text].every((character) => character === '\n' || !UNSEEN.includes(character.codePointAt(0) ?? 0));
const isPlain = (text: string) => [...text].every((character) => character === '\n' || character >= ' ');

/** Folders with a ledger: a good one, one that is broken, one with a torn tail. */
let parent = '';

test.before('the ledgers are made', async () => {
  parent = mkdtempSync(join(tmpdir(), 'sealwright-terminal-'));
  await make();
});

test.after.always('and removed', () => rmSync(parent, { recursive: true, force: true }));

async function make(): Promise<void> {
  const good = join(parent, 'good');
  mkdirSync(good);
  const keypair = SigningKeypair.generate();
  keypair.save(join(good, KEY));
  const ledgerPath = join(good, LEDGER);
  const headStore = { store: new FileHeadStore(join(good, HEADS)), wait: true };
  const open = () => Session.open({ keypair, ledgerPath, headStore, events: 'extended', sessionId: EVIL, rotate: { maxEvents: 4 } });
  const session = await open();
  await session.recordMany([
    events.sessionStarted({ agentId: EVIL, modelId: EVIL, sessionId: EVIL }),
    events.utteranceCaptured({ audioSha256: DIGEST, transcript: EVIL, lang: EVIL, durationMs: 1 }),
  ]);
  await session.record(events.modelInvoked({ modelId: EVIL, promptSha256: DIGEST, responseSha256: DIGEST, promptTokens: 1, responseTokens: 1 }));
  await session.record(events.toolCalled({ toolName: EVIL, argsSha256: DIGEST, argsRedacted: { [EVIL]: [EVIL] } }));
  await session.record(events.toolReturned({ toolName: EVIL, resultSha256: DIGEST, latencyMs: 1, success: true }));
  await session.record(events.utteranceSpoken({ textSha256: DIGEST, text: EVIL, audioSha256: '' }));
  await session.record(events.custom({ name: 'com.example', data: { [EVIL]: EVIL } }));
  await session.record(events.sessionEnded({ reason: EVIL, summarySha256: '' }));
  await session.record(events.sessionStarted({ agentId: EVIL, modelId: EVIL, sessionId: `${EVIL}2` }));
  await session.close();

  const broken = join(parent, 'broken');
  cpSync(good, broken, { recursive: true });
  const lines = linesOf(join(broken, LEDGER));
  writeFileSync(join(broken, LEDGER), `${lines[0]?.replace(/"type":"[A-Za-z]+"/, `"type":${JSON.stringify(EVIL)}`)}\n`);
  const torn = join(parent, 'torn');
  cpSync(good, torn, { recursive: true });
  appendFileSync(join(torn, LEDGER), `{"seq":9,"${EVIL.replaceAll('\n', '')}`);
}

/** The words of a command: each argument is that file, or what the option needs beside it. */
function wordsOf({ name, arguments: given }: Spec): string[] {
  const file: Readonly<Record<string, string>> = { FILE: name.startsWith('head') ? HEADS : KEY, FOLDER: NAME, EVENT: '1' };
  return [...name.split(' '), ...given.map((argument) => file[argument.name] ?? LEDGER)];
}

/** What a command needs to come as far as it can. */
function neededBy({ options }: Spec): string[] {
  const values: Readonly<Record<string, string>> = { key: KEY, newKey: `${KEY}2`, headStore: HEADS, reason: EVIL, output: `${NAME}.out`, keep: '1' };
  return Object.entries(values).flatMap(([name, value]) => {
    const option = options[name];
    // Of `tamper-test` it is a file.
    const text = name === 'keep' && option?.kind === 'text' ? `${NAME}.copy` : value;
    return option === undefined ? [] : [flagOf(option), text];
  });
}

function flagOf({ flags }: { readonly flags: string }): string {
  return flags.split(', ').at(-1) ?? '';
}

/** Each way to call a command. */
function callsOf(spec: Spec): string[][] {
  const base = wordsOf(spec);
  const full = [...base, ...neededBy(spec)];
  const calls = [base, full];
  for (const [name, option] of Object.entries(spec.options)) {
    if (ENDLESS.includes(name)) continue;
    if (option.kind === 'flag') calls.push([...full, flagOf(option)]);
    else calls.push([...base, flagOf(option), option.kind === 'whole' ? '1' : EVIL]);
  }
  return calls;
}

function check(t: ExecutionContext, name: string, words: readonly string[], { code, stdout, stderr }: CliEnd): void {
  const call = JSON.stringify(words);
  t.true(code !== null && code <= 3, `${call} ends with ${code}: ${stderr}`);
  t.false(stderr.includes('a defect of this program'), `${call}: ${stderr}`);
  t.true(isSeen(stderr), `${call}: standard error: ${JSON.stringify(stderr)}`);
  const isData = PRINTS_DATA.includes(name);
  t.true(isData ? isPlain(stdout) : isSeen(stdout), `${call}: standard output: ${JSON.stringify(stdout)}`);
}

for (const spec of commands) {
  test(`${spec.name} shows what is not seen`, async (t) => {
    const inCopy = (words: readonly string[], from: string): Call => {
      const cwd = join(newFolder(t), 'copy');
      cpSync(join(parent, from), cwd, { recursive: true });
      return { words, cwd };
    };
    const calls = callsOf(spec).map((words) => inCopy(words, 'good'));
    for (const from of ['broken', 'torn']) calls.push(inCopy([...wordsOf(spec), ...neededBy(spec)], from));
    const child = new Child(t, 'many-runs', { input: calls });
    t.timeout(180_000);
    child.hangUp();
    for (const { words } of calls) {
      const end = await child.next<CliEnd>();
      check(t, spec.name, words, end);
      if (!words.includes('--json') || end.stdout === '' || PRINTS_DATA.includes(spec.name)) continue;
      const value: unknown = JSON.parse(end.stdout);
      t.true(stringsIn(value).some((text) => text.includes(NAME) || text.includes(EVIL)), `${spec.name}: the value is kept`);
    }
  });
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsIn(inner)]);
}

testWith(['python'], 'data, too, is made visible on a terminal', async (t) => {
  t.timeout(180_000);
  for (const spec of commands.filter(({ name }) => PRINTS_DATA.includes(name))) {
    const flags = Object.entries(spec.options).filter(([name, { kind }]) => kind === 'flag' && !ENDLESS.includes(name));
    for (const words of [wordsOf(spec), ...flags.map(([, option]) => [...wordsOf(spec), flagOf(option)])]) {
      const end = await runOnTerminal(t, words, { cwd: join(parent, 'good'), env: { NO_COLOR: '1' }, streams: '1' });
      t.true(isSeen(end.stdout) && isSeen(end.stderr), `${JSON.stringify(words)}: ${JSON.stringify(end.stdout)}`);
      // An option may need another one.
      t.true(end.stdout !== '' || end.code === 2, JSON.stringify(words));
    }
  }
});

test('what is followed is made visible', async (t) => {
  const running = new RunningCli(t, ['tail', LEDGER, '--follow', '--all'], { cwd: join(parent, 'good') });
  await running.printed(/(.*\n){4}/);
  running.interrupt();
  const { code, stdout, stderr } = await running.end;
  t.is(code, 130, stderr);
  t.true(isSeen(stdout) && isSeen(stderr), JSON.stringify(stdout + stderr));
});
