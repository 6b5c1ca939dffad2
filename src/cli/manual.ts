/*
 * The manual, made of the commands: docs/cli.md, and docs/sealwright.1 for man(1). `npm run api` writes both, and a test
 * fails where they differ from what this makes.
 */

import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.js';
import { about } from './program.js';

/** Variables of the environment, and what each is for. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  SEALWRIGHT_LEDGER: 'the ledger, where a command is given none',
  SEALWRIGHT_KEY: 'the key file, where a command is given none',
  SEALWRIGHT_SIGNERS: 'who may have signed, where --signer is not given: keys or files, separated as the paths in PATH',
  NO_COLOR: 'not empty: no colours, as --no-color',
  FORCE_COLOR: 'colours also where the output is no terminal; 0 for none',
};

const OUTPUT = [
  'Data is printed on standard output; messages, and the progress of what takes longer than half a second, on standard error. A bar is shown on terminals only.',
  'Text of a ledger, of names and of errors is made visible before it is printed: controls, marks that reverse or hide text, and separators of lines are spelled by their code points. JSON has them as escapes. Lines that query and tail print of a ledger are its bytes, unless the output is a terminal.',
  'Each output of JSON has a schema in the folder schemas of the package, and says which version of it in schemaVersion.',
  'A file that a command writes is made beside its place under another name, mode 0600, and renamed when it is whole. Ctrl-C and errors leave nothing behind.',
];

const FOLDER = [
  ['ledger.ndjson', 'a ledger'],
  ['agent.key', 'the key that signs it; agent.pub is its public half'],
  ['heads.json', 'a head store that knows its last event'],
  ['auditor.key', 'a key of whoever verifies'],
  ['policy.txt', 'a policy with the key of a log'],
  ['fork.txt', 'evidence that this log has signed two histories'],
] as const;

/** What a command is called with, behind its name. */
function usageOf({ name, arguments: words, options }: CommandSpec): string {
  const given = words.map((word) => wordOf(word));
  return [about.name, name, ...(Object.keys(options).length > 0 ? ['[options]'] : []), ...given].join(' ');
}

function wordOf({ name, required, many }: ArgumentSpec): string {
  const word = `${name}${many === true ? '...' : ''}`;
  return required === true ? word : `[${word}]`;
}

/** `-o, --output FILE` */
function flagsOf(spec: OptionSpec): string {
  return spec.kind === 'flag' ? spec.flags : `${spec.flags} ${spec.value}`;
}

/** What it does, which words it takes, and which variable stands for it. */
function optionHelp(spec: OptionSpec): string {
  const choices = spec.kind === 'text' && spec.choices !== undefined ? ` (${spec.choices.join(', ')})` : '';
  return `${spec.help}${choices}${environmentHelp(spec.kind === 'flag' ? undefined : spec.env)}`;
}

function environmentHelp(name: string | undefined): string {
  return name === undefined ? '' : ` (environment: ${name})`;
}

/** The schemas that a command's help names. */
function schemasOf({ options, examples, description }: CommandSpec): string[] {
  const texts = [...description, ...Object.values(options).map(({ help }) => help), ...examples.map(({ help }) => help)];
  const names = texts.flatMap((text) => [...text.matchAll(/schemas\/[\w-]+\.schema\.json/g)].map(([name]) => name));
  return [...new Set(names)];
}

/** Variables that commands read, and those about colours. */
function environmentOf(commands: readonly CommandSpec[]): [name: string, help: string][] {
  const read = commands.flatMap(({ arguments: words, options }) => [
    ...words.map(({ env }) => env),
    ...Object.values(options).map((option) => (option.kind === 'flag' ? undefined : option.env)),
  ]);
  const unknown = read.find((name) => name !== undefined && !Object.hasOwn(ENVIRONMENT, name));
  if (unknown !== undefined) throw new Error(`the manual does not say what ${unknown} is for`);
  return Object.entries(ENVIRONMENT).filter(([name]) => !name.startsWith('SEALWRIGHT_') || read.includes(name));
}

/** docs/cli.md */
export function manualMarkdown(commands: readonly CommandSpec[]): string {
  const sections = [
    ['# The command line'],
    [
      '`npx sealwright COMMAND` does what the library does, for auditors, operators and scripts. `sealwright help COMMAND` prints what',
      'is written here; `man sealwright` does, too, where the package is installed globally.',
    ],
    ['This page is made of the commands themselves, by `npm run api`. Do not edit it.'],
    table(['command', 'what it does'], commands.map(({ name, summary }) => [`[\`${name}\`](#${anchorOf(name)})`, code(summary)])),
    ['## Exit codes'],
    table(['code', 'meaning'], about.exits.map(([exit, text]) => [`\`${exit}\``, text])),
    ['## Environment'],
    table(['variable', 'meaning'], environmentOf(commands).map(([name, text]) => [`\`${name}\``, code(text)])),
    ['## Output'],
    ...OUTPUT.map((text) => [code(text)]),
    table(['command', 'schemas of its JSON'], commands.filter((spec) => schemasOf(spec).length > 0).map((spec) => [`\`${spec.name}\``, schemasOf(spec).map((schema) => `[\`${schema}\`](../${schema})`).join(', ')])),
    ['## Examples'],
    ['All examples below are run by a test, each in a folder of its own with these files:'],
    table(['file', 'what it is'], FOLDER.map(([name, text]) => [`\`${name}\``, text])),
    ['## Commands'],
    ...commands.flatMap(commandMarkdown),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function commandMarkdown(spec: CommandSpec): string[][] {
  const { name, description, arguments: words, options, examples, exits } = spec;
  const all = Object.values(options);
  return [
    [`### ${name}`],
    ['```text', usageOf(spec), '```'],
    ...description.map((text) => [code(text)]),
    ...(words.length > 0 ? [table(['word', 'meaning'], words.map(({ name: word, help, env }) => [`\`${word}\``, code(`${help}${environmentHelp(env)}`)]))] : []),
    ...(all.length > 0 ? [table(['option', 'meaning'], all.map((option) => [`\`${flagsOf(option)}\``, code(optionHelp(option))]))] : []),
    ...(exits === undefined ? [] : [table(['exit code', 'meaning'], Object.entries(exits).map(([exit, text]) => [`\`${exit}\``, code(text)]))]),
    ...(examples.length > 0 ? [['```sh', ...examples.flatMap(({ line, help, exit = 0 }) => [`# ${help}${exit === 0 ? '' : ` (ends with ${exit})`}`, `npx sealwright ${line}`]), '```']] : []),
  ];
}

/** Rows of a table. A bar would end a cell. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)];
}

/** A heading's place in its page. */
function anchorOf(heading: string): string {
  return heading.replaceAll(' ', '-');
}

/** Flags in text, as code; what is code already stays. */
function code(text: string): string {
  return text.replaceAll(/`[^`]*`|--[a-z][a-z-]*/g, (found) => (found.startsWith('`') ? found : `\`${found}\``));
}

/** docs/sealwright.1 */
export function manualRoff(commands: readonly CommandSpec[], version: string): string {
  const lines = [
    '.\\" Made of the commands by `npm run api`. Do not edit it.',
    `.TH SEALWRIGHT 1 "" "${about.name} ${version}" "User Commands"`,
    '.SH NAME',
    `${about.name} \\- ${roff(about.summary)}`,
    '.SH SYNOPSIS',
    `.B ${about.name}`,
    '.I COMMAND',
    '[\\fIOPTION\\fR]... [\\fIWORD\\fR]...',
    '.SH DESCRIPTION',
    ...commands.flatMap(({ name, summary }) => item(`\\fB${roff(name)}\\fR`, summary)),
    '.SH COMMANDS',
    ...commands.flatMap(commandRoff),
    '.SH OUTPUT',
    ...paragraphs(OUTPUT),
    '.SH EXIT STATUS',
    ...about.exits.flatMap(([exit, text]) => item(`\\fB${exit}\\fR`, text)),
    '.SH ENVIRONMENT',
    ...environmentOf(commands).flatMap(([name, text]) => item(`\\fB${name}\\fR`, text)),
    '.SH EXAMPLES',
    'All of them are run by a test in a folder with these files:',
    ...FOLDER.flatMap(([name, text]) => item(`\\fI${roff(name)}\\fR`, text)),
    ...commands.flatMap(({ examples }) => examples.flatMap(exampleRoff)),
  ];
  return `${lines.join('\n')}\n`;
}

function commandRoff(spec: CommandSpec): string[] {
  const { description, arguments: words, options, exits = {} } = spec;
  return [
    `.SS ${roff(usageOf(spec))}`,
    ...paragraphs(description),
    ...words.flatMap(({ name, help, env }) => item(`\\fI${roff(name)}\\fR`, `${help}${environmentHelp(env)}`)),
    ...Object.values(options).flatMap((option) => item(roffFlags(option), optionHelp(option))),
    ...Object.entries(exits).flatMap(([exit, text]) => item(`ends with \\fB${exit}\\fR`, text)),
  ];
}

function exampleRoff({ line, help, exit = 0 }: CommandSpec['examples'][number]): string[] {
  return ['.PP', `${roff(help)}${exit === 0 ? '' : ` (ends with ${exit})`}:`, '.PP', '.nf', '.RS 4', roff(`${about.name} ${line}`), '.RE', '.fi'];
}

function roffFlags(option: OptionSpec): string {
  const flags = `\\fB${roff(option.flags)}\\fR`;
  return option.kind === 'flag' ? flags : `${flags} \\fI${roff(option.value)}\\fR`;
}

function item(term: string, text: string): string[] {
  return ['.TP', term, roff(text)];
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text) => ['.PP', roff(text)]);
}

/** Text as roff takes it: no request, no escape, hyphens that can be copied; code in bold. */
function roff(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^(?=[.'])/, '\\&');
  return escaped.replaceAll(/`([^`]*)`/g, '\\fB$1\\fR');
}
