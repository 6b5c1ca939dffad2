/*
 * Completion for shells, made of the commands: names, flags, values of which there are few, and files where a word names
 * one. Nothing is run to complete a word.
 */

import type { ArgumentSpec, CommandSpec, OptionSpec, OptionSpecs } from './command.js';
import { about } from './program.js';

/** The shells that there is a completion for. */
export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** A script for a shell, with a line that says where it goes. */
export function completionScript(shell: Shell, commands: readonly CommandSpec[]): string {
  const make = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
  return `${make(commands).join('\n')}\n`;
}

/** Flags of the program itself. */
const PROGRAM: OptionSpecs = {
  help: { kind: 'flag', flags: '-h, --help', help: 'print help' },
  version: { kind: 'flag', flags: '-V, --version', help: 'print the version' },
  noColor: { kind: 'flag', flags: '--no-color', help: 'print without colours' },
};
const HELP: OptionSpec = { kind: 'flag', flags: '-h, --help', help: 'print this help' };

/** Values that are, or may be, a file. */
const FILES = /FILE|FOLDER|PATH|KEY|LEDGER|OLD|NEW/;

/** The first word of commands, and for those of two words the second ones. */
function groupsOf(commands: readonly CommandSpec[]): Map<string, CommandSpec[]> {
  const groups = new Map<string, CommandSpec[]>();
  for (const spec of commands) {
    const [first = '', second] = spec.name.split(' ');
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), spec]);
  }
  return groups;
}

function firstWords(commands: readonly CommandSpec[]): [name: string, summary: string][] {
  const words = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [first = '', second] = name.split(' ');
    if (!words.has(first)) words.set(first, second === undefined ? summary : `${second}: ${summary}`);
  }
  return [...words, ['help', 'print the help of a command']];
}

function secondWord({ name }: CommandSpec): string {
  return name.split(' ')[1] ?? '';
}

function flagsOf({ flags }: OptionSpec): string[] {
  return flags.split(', ');
}

function optionsOf({ options }: CommandSpec): OptionSpec[] {
  return [...Object.values(options), HELP];
}

function takesFiles(words: readonly ArgumentSpec[]): boolean {
  return words.some(({ name }) => FILES.test(name));
}

/** A word between single quotes. */
function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function bashScript(commands: readonly CommandSpec[]): string[] {
  const groups = groupsOf(commands);
  const all = flagsIn(Object.values(PROGRAM));
  return [
    `# Completion of ${about.name} for bash: ${about.name} completion bash > ~/.local/share/bash-completion/completions/${about.name}`,
    `_${about.name}() {`,
    '  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command= word words= index',
    '  COMPREPLY=()',
    '  # Bash takes --flag=value for three words.',
    "  if [[ $previous == '=' ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi",
    "  if [[ $current == '=' ]]; then current=; fi",
    '  for ((index = 1; index < COMP_CWORD; index++)); do',
    '    word=${COMP_WORDS[index]}',
    '    if [[ $word == -* ]]; then continue; fi',
    '    if [[ -z $command ]]; then command=$word; else command="$command $word"; fi',
    `    case $command in ${groups.size === 0 ? "''" : [...groups.keys()].join(' | ')}) ;; *) break ;; esac`,
    '  done',
    '  case "$command:$previous" in',
    ...bashValues(commands),
    '  esac',
    '  case $command in',
    `    '') words=${single([...firstWords(commands).map(([name]) => name), ...all].join(' '))} ;;`,
    `    help) words=${single(firstWords(commands).map(([name]) => name).join(' '))} ;;`,
    ...[...groups].map(([first, specs]) => `    ${first}) words=${single(specs.map(secondWord).join(' '))} ;;`),
    ...commands.map((spec) => `    ${single(spec.name)}) ${bashWords(spec)} ;;`),
    '    *) return ;;',
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    `complete -o bashdefault -o default -F _${about.name} ${about.name}`,
  ];
}

/** Words of the command line where no value is due: flags, or else files, which bash completes itself. */
function bashWords(spec: CommandSpec): string {
  const flags = `words=${single(flagsIn(optionsOf(spec)).join(' '))}`;
  const choices = spec.arguments[0]?.choices;
  if (choices !== undefined) return `words=${single([...choices, ...flagsIn(optionsOf(spec))].join(' '))}`;
  return takesFiles(spec.arguments) ? `if [[ $current != -* ]]; then return; fi; ${flags}` : flags;
}

/** What follows a flag that takes a value. */
function bashValues(commands: readonly CommandSpec[]): string[] {
  const patterns = new Map<string, string[]>();
  for (const { name, options } of commands) {
    for (const option of Object.values(options)) {
      if (option.kind === 'flag') continue;
      const action = bashAction(option);
      patterns.set(action, [...(patterns.get(action) ?? []), ...flagsOf(option).map((flag) => single(`${name}:${flag}`))]);
    }
  }
  return [...patterns].map(([action, flags]) => `    ${flags.join(' | ')}) ${action}return ;;`);
}

function bashAction(option: OptionSpec & { readonly value: string }): string {
  if (option.kind === 'text' && option.choices !== undefined) return `COMPREPLY=($(compgen -W ${single(option.choices.join(' '))} -- "$current")); `;
  // Bash completes files itself. Nothing is known of other values, so they are not taken for files.
  return FILES.test(option.value) ? '' : 'compopt +o bashdefault +o default 2>/dev/null || :; ';
}

function flagsIn(options: readonly OptionSpec[]): string[] {
  return options.flatMap(flagsOf);
}

function zshScript(commands: readonly CommandSpec[]): string[] {
  const groups = groupsOf(commands);
  const plain = commands.filter(({ name }) => !name.includes(' '));
  return [
    `#compdef ${about.name}`,
    `# Completion of ${about.name} for zsh: ${about.name} completion zsh > a folder of $fpath/_${about.name}`,
    `_${about.name}() {`,
    '  local curcontext=$curcontext state line',
    '  local -a commands',
    '  typeset -A opt_args',
    `  _arguments -C ${Object.values(PROGRAM).flatMap(zshOption).join(' ')} '1: :->command' '*:: :->words'`,
    '  case $state in',
    '    command)',
    `      commands=(${zshDescribed(firstWords(commands))})`,
    "      _describe 'command' commands",
    '      ;;',
    '    words)',
    '      case $line[1] in',
    `        help) commands=(${zshDescribed(firstWords(commands))}); _describe 'command' commands ;;`,
    ...plain.map((spec) => `        ${spec.name}) ${zshArguments(spec)} ;;`),
    ...[...groups].flatMap(([first, specs]) => zshGroup(first, specs)),
    '      esac',
    '      ;;',
    '  esac',
    '}',
    `if [[ $funcstack[1] == _${about.name} ]]; then _${about.name} "$@"; else compdef _${about.name} ${about.name}; fi`,
  ];
}

function zshGroup(first: string, specs: readonly CommandSpec[]): string[] {
  return [
    `        ${first})`,
    '          if ((CURRENT == 2)); then',
    `            commands=(${zshDescribed(specs.map((spec) => [secondWord(spec), spec.summary]))})`,
    "            _describe 'command' commands",
    '          else',
    '            shift words',
    '            ((CURRENT--))',
    '            case $words[1] in',
    ...specs.map((spec) => `              ${secondWord(spec)}) ${zshArguments(spec)} ;;`),
    '            esac',
    '          fi',
    '          ;;',
  ];
}

/** Words with what they mean. */
function zshDescribed(words: readonly (readonly [string, string])[]): string {
  return words.map(([name, summary]) => single(`${name}:${summary.replaceAll(':', '\\:')}`)).join(' ');
}

function zshArguments(spec: CommandSpec): string {
  const words = spec.arguments.map(({ name, many, choices }, index) => {
    const values = choices === undefined ? (FILES.test(name) ? '_files' : ' ') : `(${choices.join(' ')})`;
    return single(`${many === true ? '*' : index + 1}:${name}:${values}`);
  });
  return ['_arguments', ...optionsOf(spec).flatMap(zshOption), ...words].join(' ');
}

function zshOption(option: OptionSpec): string[] {
  const help = option.help.replaceAll(/[[\]:\\]/g, '\\$&');
  const choices = option.kind === 'text' ? option.choices : undefined;
  const values = option.kind === 'flag' ? '' : choices === undefined ? (FILES.test(option.value) ? '_files' : ' ') : `(${choices.join(' ')})`;
  const value = option.kind === 'flag' ? '' : `:${option.value.replaceAll(':', '\\:')}:${values}`;
  const again = option.kind === 'many' ? '*' : '';
  return flagsOf(option).map((flag) => single(`${again}${flag}[${help}]${value}`));
}

function fishScript(commands: readonly CommandSpec[]): string[] {
  const groups = groupsOf(commands);
  const rule = (at: string, rest: string) => `complete -c ${about.name} -n ${fish(`__${about.name}_at ${fish(at)}`)} ${rest}`;
  return [
    `# Completion of ${about.name} for fish: ${about.name} completion fish > ~/.config/fish/completions/${about.name}.fish`,
    `function __${about.name}_at`,
    '    set -l words',
    '    for word in (commandline -opc)[2..-1]',
    "        string match -q -- '-*' $word; or set -a words $word",
    '    end',
    '    set -l command $words[1]',
    ...(groups.size === 0 ? [] : [`    contains -- "$command" ${[...groups.keys()].join(' ')}; and set command (string trim -- "$words[1] $words[2]")`]),
    '    test "$command" = "$argv[1]"',
    'end',
    `complete -c ${about.name} -f`,
    ...firstWords(commands).map(([name, summary]) => rule('', `-a ${fish(name)} -d ${fish(summary)}`)),
    ...Object.values(PROGRAM).map((option) => rule('', fishOption(option))),
    ...firstWords(commands).map(([name]) => rule('help', `-a ${fish(name)}`)),
    ...[...groups].flatMap(([first, specs]) => specs.map((spec) => rule(first, `-a ${fish(secondWord(spec))} -d ${fish(spec.summary)}`))),
    ...commands.flatMap((spec) => [
      ...optionsOf(spec).map((option) => rule(spec.name, fishOption(option))),
      ...spec.arguments.flatMap(({ choices }) => (choices === undefined ? [] : [rule(spec.name, `-a ${fish(choices.join(' '))}`)])),
      ...(takesFiles(spec.arguments) ? [rule(spec.name, '-F')] : []),
    ]),
  ];
}

function fishOption(option: OptionSpec): string {
  const flags = flagsOf(option).map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const choices = option.kind === 'text' ? option.choices : undefined;
  const value = option.kind === 'flag' ? [] : [choices === undefined ? (FILES.test(option.value) ? '-r -F' : '-x') : `-x -a ${fish(choices.join(' '))}`];
  return [...flags, ...value, `-d ${fish(option.help)}`].join(' ');
}

/** A word between single quotes, as fish takes it. */
function fish(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
