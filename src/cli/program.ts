/*
 * The parser: commander, told by the commands. It prints help and finds mistakes; what a command does is in `commands/`.
 */

import { delimiter } from 'node:path';
import { type ArgumentSpec, type CommandSpec, longFlag, type OptionSpec, type OptionSpecs, type OptionValues } from './command.js';
import { type Context, UsageError } from './context.js';
import { ExitCode } from './exit-code.js';
import type { Output } from './output.js';
import { Argument, Command, InvalidArgumentError, Option } from './vendor.js';

/** About the whole program, for help and manual. */
export const about = {
  name: 'sealwright',
  summary: 'a signing ledger of what agents did: verify, inspect and operate it',
  exits: [
    [0, 'done; of a verification: nothing is broken, and all that was asked for was checked'],
    [1, 'a ledger is proven broken; never anything else'],
    [2, 'could not be done or checked: usage, unreadable or malformed input, a defect of this program'],
    [3, 'nothing is broken, but it is less than was asked for: no pinned signer, no compared head, no events, bytes behind the last one, unknown kinds'],
    [130, 'interrupted'],
  ],
} as const;

/**
 * Runs the command that the words behind the program's name ask for.
 *
 * @throws CommanderError once it has printed help, the version or what is wrong; {@link UsageError}; what the command throws
 */
export async function runProgram(
  words: readonly string[],
  commands: readonly CommandSpec[],
  version: string,
  context: Context,
): Promise<ExitCode> {
  let running: Promise<ExitCode> | undefined;
  const program = build(commands, version, context, (spec, given, options) => {
    running = spec.run(context, given, options);
  });
  await program.parseAsync(words, { from: 'user' });
  return running ?? ExitCode.ok;
}

function build(
  commands: readonly CommandSpec[],
  version: string,
  { out, err, environment }: Context,
  found: (spec: CommandSpec, words: readonly string[], options: OptionValues<OptionSpecs>) => void,
): Command {
  const program = new Command(about.name)
    .description(about.summary)
    .version(version, '-V, --version', 'print the version')
    .option('--no-color', 'print without colours')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', `\nExit codes:\n${about.exits.map(([code, text]) => `  ${String(code).padEnd(4)}${text}`).join('\n')}`)
    .showHelpAfterError('(sealwright --help lists the commands)')
    .configureOutput({
      writeOut: (text) => printLines(out, text),
      writeErr: (text) => printLines(err, text),
      getOutHelpWidth: () => out.columns,
      getErrHelpWidth: () => err.columns,
    })
    .exitOverride();
  for (const spec of commands) {
    const parser = parserOf(program, spec);
    for (const argument of spec.arguments) parser.addArgument(argumentOf(argument, environment));
    for (const [name, option] of Object.entries(spec.options)) parser.addOption(optionOf(name, option));
    parser.addHelpText('after', helpBehind(spec));
    parser.action(() => {
      found(spec, wordsOf(spec, parser.args, environment), valuesOf(spec.options, parser.opts(), environment));
    });
  }
  return program;
}

/** What commander prints may repeat words that it was given. */
function printLines(output: Output, text: string): void {
  for (const line of text.replace(/\n$/, '').split('\n')) output.line(line);
}

/** The parser of a command, below another one where its name has two words. */
function parserOf(program: Command, spec: CommandSpec): Command {
  const [first = '', second] = spec.name.split(' ');
  const make = (parent: Command, name: string) =>
    parent.command(name).showHelpAfterError(`(sealwright ${spec.name} --help says more)`).exitOverride();
  if (second === undefined) return make(program, first).summary(spec.summary).description(spec.description.join('\n\n'));
  const parent = program.commands.find((known) => known.name() === first) ?? program.command(first).exitOverride();
  return make(parent, second).summary(spec.summary).description(spec.description.join('\n\n'));
}

function argumentOf({ name, help, required, many, choices, env }: ArgumentSpec, environment: NodeJS.ProcessEnv): Argument {
  const isGiven = env !== undefined && (environment[env] ?? '') !== '';
  const inner = many ? `${name}...` : name;
  const argument = new Argument(required && !isGiven ? `<${inner}>` : `[${inner}]`, help);
  return choices === undefined ? argument : argument.choices(choices);
}

function optionOf(name: string, spec: OptionSpec): Option {
  const value = spec.kind === 'flag' ? '' : ` <${spec.value}>`;
  const option = new Option(`${spec.flags}${value}`, helpOf(spec));
  if (option.long !== longFlag(name)) throw new Error(`the option ${name} is not called ${option.long}`);
  if (spec.kind === 'text' && spec.choices !== undefined) option.choices(spec.choices);
  if (spec.kind === 'many') option.argParser((text: string, before: string[] = []) => [...before, text]);
  if (spec.kind === 'whole') option.argParser((text: string) => wholeNumber(text, spec.least));
  return option;
}

function helpOf(spec: OptionSpec): string {
  return spec.kind !== 'flag' && spec.env !== undefined ? `${spec.help} (environment: ${spec.env})` : spec.help;
}

function wholeNumber(text: string, least: number): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
}

/** What was given, and for the rest what the environment says. */
function valuesOf(
  specs: OptionSpecs,
  given: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
): OptionValues<OptionSpecs> {
  const values = Object.entries(specs).map(([name, spec]) => {
    const value = given[name];
    if (spec.kind === 'flag') return [name, value === true || given[negatedName(name)] === false];
    const fallback = spec.env === undefined ? '' : (environment[spec.env] ?? '');
    if (value !== undefined || fallback === '') return [name, value ?? (spec.kind === 'many' ? [] : undefined)];
    if (spec.kind === 'many') return [name, fallback.split(delimiter).filter((part) => part !== '')];
    return [name, spec.kind === 'whole' ? wholeOf(fallback, spec.env ?? '', spec.least) : fallback];
  });
  return Object.fromEntries(values) as OptionValues<OptionSpecs>;
}

/** The parser takes `--no-index` for a denial of `--index`: `noIndex` is when `index` is not. */
function negatedName(name: string): string {
  const [, first = '', rest = ''] = /^no([A-Z])(.*)$/.exec(name) ?? [];
  return `${first.toLowerCase()}${rest}`;
}

function wholeOf(text: string, name: string, least: number): number {
  try {
    return wholeNumber(text, least);
  } catch {
    throw new UsageError(`${name} must be a whole number from ${least} on, found ${text}`);
  }
}

function wordsOf(spec: CommandSpec, given: readonly string[], environment: NodeJS.ProcessEnv): readonly string[] {
  const [first] = spec.arguments;
  const fallback = first?.env === undefined ? '' : (environment[first.env] ?? '');
  return given.length === 0 && fallback !== '' ? [fallback] : given;
}

function helpBehind({ examples, exits }: CommandSpec): string {
  const sections: string[] = [];
  if (examples.length > 0) {
    const lines = examples.flatMap(({ line, help }) => [`  sealwright ${line}`, `      ${help}`]);
    sections.push(`\nExamples:\n${lines.join('\n')}`);
  }
  const own = Object.entries(exits ?? {});
  if (own.length > 0) sections.push(`\nExit codes:\n${own.map(([code, text]) => `  ${code.padEnd(4)}${text}`).join('\n')}`);
  return sections.join('\n');
}
