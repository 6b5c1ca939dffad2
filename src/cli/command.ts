/*
 * What a command is: its words, and what it does. `--help`, the man page, docs/cli.md and the completions of shells are
 * all made from these values, and the parser too, so that none of them can say something else.
 */

import type { Context } from './context.js';
import type { ExitCode } from './exit-code.js';

/** An option. Its name in code is that of the long flag in camelCase. */
export type OptionSpec =
  /** There or not. */
  | (Words & { readonly kind: 'flag' })
  /** With a value; the last one counts. */
  | (Words & Valued & { readonly kind: 'text'; readonly choices?: readonly string[] })
  /** With a value; each one counts. */
  | (Words & Valued & { readonly kind: 'many' })
  /** With a whole number, not below `least`. */
  | (Words & Valued & { readonly kind: 'whole'; readonly least: number });

interface Words {
  /** Such as `-o, --output`, without the value. */
  readonly flags: string;
  /** One sentence without a full stop, lower case. */
  readonly help: string;
}

interface Valued {
  /** What the value is called: `FILE`. */
  readonly value: string;
  /** The environment variable that is taken when the option is not there; of `many`, values separated as in PATH. */
  readonly env?: string;
}

/** The value of an option. */
export type OptionValue<Spec extends OptionSpec> = Spec extends { readonly kind: 'flag' }
  ? boolean
  : Spec extends { readonly kind: 'many' }
    ? readonly string[]
    : Spec extends { readonly kind: 'whole' }
      ? number | undefined
      : string | undefined;

/** The options of a command, by their names in code. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export type OptionValues<Specs extends OptionSpecs> = { readonly [Name in keyof Specs]: OptionValue<Specs[Name]> };

/** A word behind the name of a command. */
export interface ArgumentSpec {
  /** Upper case. */
  readonly name: string;
  readonly help: string;
  readonly required?: boolean;
  /** Takes all words that are left. */
  readonly many?: boolean;
  /** All that it can be. */
  readonly choices?: readonly string[];
  /** The environment variable that is taken when it is not there. */
  readonly env?: string;
}

/** A command line that does what `help` says. It is run by a test: see docs/cli.md. */
export interface Example {
  /** Behind `sealwright`. */
  readonly line: string;
  readonly help: string;
  /** What it ends with, when that is not 0. */
  readonly exit?: ExitCode;
  /** Of a command that goes on until Ctrl-C: what it has printed by the time that a test interrupts it. */
  readonly until?: string;
}

/** A command as the parser and the manual see it. */
export interface CommandSpec {
  /** `verify`; of a command below another one, `head save`. */
  readonly name: string;
  /** One line for lists: lower case, no full stop. */
  readonly summary: string;
  /** Paragraphs of the manual. */
  readonly description: readonly string[];
  readonly arguments: readonly ArgumentSpec[];
  readonly options: OptionSpecs;
  readonly examples: readonly Example[];
  /** What its exit codes mean where that is not plain. */
  readonly exits?: Readonly<Partial<Record<ExitCode, string>>>;
  run(context: Context, words: readonly string[], options: OptionValues<OptionSpecs>): Promise<ExitCode>;
}

/** A command whose `run` knows the types of its options. */
export function command<const Specs extends OptionSpecs>(
  spec: Omit<CommandSpec, 'options' | 'run'> & {
    readonly options: Specs;
    run(context: Context, words: readonly string[], options: OptionValues<Specs>): Promise<ExitCode>;
  },
): CommandSpec {
  return spec as unknown as CommandSpec;
}

/** The name in code of an option: `--no-color` of `noColor`. */
export function longFlag(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
