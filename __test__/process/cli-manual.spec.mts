// The manual: made of the commands, without warnings of groff; each of its examples does what it says.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { projectRoot, testWith } from '../helpers/parts.mts';
import { type CliEnd, cliOutput, RunningCli } from './helpers/cli.mts';
import { exampleFolder } from './helpers/example.mts';

interface Command {
  readonly name: string;
  readonly description: readonly string[];
  readonly options: Readonly<Record<string, { readonly help: string }>>;
  readonly examples: readonly { readonly line: string; readonly help: string; readonly exit?: number; readonly until?: string }[];
}

const load = createRequire(join(projectRoot, 'package.json'));
const { commands } = load('./dist/cli/commands/index.js') as { readonly commands: readonly Command[] };
const { manualMarkdown, manualRoff } = load('./dist/cli/manual.js') as {
  manualMarkdown(commands: readonly Command[]): string;
  manualRoff(commands: readonly Command[], version: string): string;
};
const { runProgram } = load('./dist/cli/program.js') as {
  runProgram(words: readonly string[], known: readonly Command[], version: string, context: object): Promise<number>;
};
const { Output } = load('./dist/cli/output.js') as { readonly Output: new (stream: object, colour: boolean) => object };
const { version, man } = load('./package.json') as { readonly version: string; readonly man: string };
const page = join(projectRoot, 'docs', 'sealwright.1');
const markdown = readFileSync(join(projectRoot, 'docs', 'cli.md'), 'utf8');

/** A shell's words of a line without quotes in words. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

async function interrupted(t: ExecutionContext, words: readonly string[], cwd: string, until: string): Promise<CliEnd> {
  const running = new RunningCli(t, words, { cwd });
  await running.printed(until);
  running.interrupt();
  return running.end;
}

/** What the program prints for `--help`, without a process for it. */
async function helpOf(t: ExecutionContext, name: string): Promise<string> {
  let text = '';
  const out = new Output({ write: (more: string) => (text += more) }, false);
  await t.throwsAsync(runProgram([...name.split(' '), '--help'], commands, version, { out, environment: {} }), { message: '(outputHelp)' });
  return text;
}

for (const { name, examples } of commands) {
  testWith(name === 'view' ? ['wasm'] : [], `the examples of ${name} do what they say`, async (t) => {
    t.true(examples.length > 0);
    for (const { line, exit = 0, until } of examples) {
      t.true(line.startsWith(`${name} `) || line === name, line);
      const cwd = await exampleFolder(t);
      if (until === undefined) await cliOutput(t, wordsOf(line), { cwd, code: exit });
      else t.is((await interrupted(t, wordsOf(line), cwd, until)).code, exit);
    }
  });

  test(`the help of ${name} says what the manual says`, async (t) => {
    const help = await helpOf(t, name);
    const flat = (text: string) => text.replaceAll(/\s+/g, ' ');
    for (const { line } of examples) {
      t.true(flat(help).includes(flat(`sealwright ${line}`)), line);
      t.true(markdown.includes(`\nnpx sealwright ${line}\n`), line);
    }
  });
}

test('the committed pages are made of the commands: npm run api', (t) => {
  t.is(markdown, manualMarkdown(commands));
  t.is(readFileSync(page, 'utf8'), manualRoff(commands, version));
  t.is(join(projectRoot, man), page);
});

test('each output of JSON has a schema that is there', (t) => {
  for (const { name, description, options, examples } of commands) {
    const texts = [...description, ...Object.values(options).map(({ help }) => help), ...examples.map(({ help }) => help)];
    const schemas = texts.join('\n').match(/schemas\/[\w-]+\.schema\.json/g) ?? [];
    for (const schema of schemas) t.true(existsSync(join(projectRoot, schema)), schema);
    // What tail prints are lines of the ledger.
    if ('json' in options && name !== 'tail') t.true(schemas.length > 0, name);
  }
});

test('links in the page lead to commands and schemas', (t) => {
  const headings = new Set([...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.replaceAll(' ', '-')));
  for (const [, target = ''] of markdown.matchAll(/\]\(([^)]*)\)/g)) {
    if (target.startsWith('#')) t.true(headings.has(target.slice(1)), target);
    else t.true(existsSync(join(projectRoot, 'docs', target)), target);
  }
});

testWith(['groff'], 'the man page has no warning, and all commands', (t) => {
  const { status, stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-Kutf8', '-ww', '-P-c', page], { encoding: 'utf8' });
  t.deepEqual([status, stderr], [0, '']);
  const plain = stdout.replaceAll(/.\u0008/g, '');
  for (const { name } of commands) t.true(plain.includes(`sealwright ${name} `), name);
  t.false(plain.includes('`'));
});

test('an unknown variable in a command would be missed in the manual, so it is refused', (t) => {
  const broken = { ...commands[0], options: { x: { kind: 'text', flags: '--x', value: 'X', env: 'NOT_KNOWN', help: 'x' } } } as unknown as Command;
  t.throws(() => manualMarkdown([broken]), { message: /NOT_KNOWN/ });
});

