/*
 * Options that several commands take in the same words, and what becomes of them.
 */

import type { OptionSpec } from './command.js';
import { type Context, UsageError } from './context.js';

/** Who may have signed. */
export const signerOption = {
  kind: 'many',
  flags: '--signer',
  value: 'KEY',
  env: 'SEALWRIGHT_SIGNERS',
  help: 'who may have signed: 64 hex digits, PEM text, or a file with one of both; may be given several times',
} as const satisfies OptionSpec;

/** The ledger, as the Provedex command line takes it. */
export const ledgerOption = {
  kind: 'text',
  flags: '--ledger',
  value: 'PATH',
  help: 'names the ledger, too, as the Provedex command line does',
} as const satisfies OptionSpec;

/** What was given, for options of the library of which an empty list says something else than none. */
export function unlessEmpty(values: readonly string[]): readonly string[] | undefined {
  return values.length > 0 ? values : undefined;
}

/**
 * The ledgers that were named by words or by {@link ledgerOption}. The option outweighs the environment.
 *
 * @throws {@link UsageError} for both, and for none
 */
export function namedLedgers(words: readonly string[], named: string | undefined, { environment }: Context): readonly string[] {
  if (named === undefined) {
    if (words.length === 0) throw new UsageError('which ledger? Name it, or set SEALWRIGHT_LEDGER');
    return words;
  }
  const isFromEnvironment = words.length === 1 && words[0] === environment['SEALWRIGHT_LEDGER'];
  if (words.length > 0 && !isFromEnvironment) throw new UsageError('the ledger is named twice: as a word and by --ledger');
  return [named];
}
