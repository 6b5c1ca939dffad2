/*
 * sealwright verify: the auditor's command.
 */

import { ChainError, SealwrightError, SealwrightRangeError, SealwrightTypeError, SigningKeypair, type VerifyFileOptions } from '../../index.js';
import { outputPath } from '../../output-file.js';
import { command } from '../command.js';
import { type Context, UsageError } from '../context.js';
import { type ExitCode, worstOf } from '../exit-code.js';
import { writeWhole } from '../files.js';
import { parseHead } from '../heads.js';
import { namedLedgers, unlessEmpty } from '../options.js';
import { packageVersion } from '../package.js';
import { type Demands, findingsOf } from '../verify/findings.js';
import { type Input, inputOf, verifyInput } from '../verify/inputs.js';
import { outcomeJson, outcomesJson, outcomesJunit, outcomesSarif, printCompatible } from '../verify/machine.js';
import { type VerifyGiven, verifyOptions } from '../verify/options.js';
import { exitCodeOf, type Outcome } from '../verify/outcome.js';
import { printOutcome } from '../verify/print.js';
import { keepRecord } from '../verify/record.js';

export const verify = command({
  name: 'verify',
  summary: 'check a ledger, and say what was not checked',
  description: [
    'Checks every line of a ledger: its fields, its place in the chain, its hash and its signature, and prints a verdict with its limits.',
    'PATH is a file of a ledger, which stands for all of its files; a folder or a pattern of names; a file compressed with gzip or zstd; a pack that `pack` made; or - for standard input. Each PATH is a ledger of its own.',
    'Without --signer and --head a ledger can only be consistent with itself. Get both from somewhere else than the ledger.',
  ],
  arguments: [{ name: 'PATH', help: 'what to verify', many: true, env: 'SEALWRIGHT_LEDGER' }],
  options: verifyOptions,
  examples: [
    { line: 'verify ledger.ndjson --signer agent.pub --head heads.json', help: 'all that can be checked' },
    { line: 'verify ledger.ndjson', help: 'is it consistent with itself?' },
    { line: 'verify ledger.ndjson --require-signer', help: 'a script must not forget the key', exit: 3 },
    { line: 'verify ledger.ndjson --json', help: 'for programs; schemas/verify.schema.json' },
  ],
  exits: { 1: 'a ledger is proven broken', 2: 'one could not be checked', 3: 'nothing is broken, but something that was asked for was not checked or is missing' },
  async run(context, words, given) {
    const paths = namedLedgers(words, given.ledger, context);
    checkTogether(paths, given);
    const { sarif, junit, record } = given;
    for (const file of [sarif, junit, record]) if (file !== undefined) await outputPath(file, paths);
    const auditor = given.key === undefined ? undefined : SigningKeypair.load(given.key);
    const outcomes: Outcome[] = [];
    for (const word of paths) {
      const outcome = await verifyOne(await inputOf(word, given.only), given, auditor, context);
      outcomes.push(outcome);
      if (!given.json) printOne(context, outcome, given, outcomes.length > 1);
    }
    const exitCode = worstOf(outcomes.map((outcome) => (given.compat ? compatibleCode(outcome) : exitCodeOf(outcome))));
    const version = packageVersion();
    if (given.json) context.out.json(outcomesJson(outcomes, exitCode, version));
    if (sarif !== undefined) await writeWhole(sarif, `${JSON.stringify(outcomesSarif(outcomes, version), null, 2)}\n`, paths);
    if (junit !== undefined) await writeWhole(junit, outcomesJunit(outcomes), paths);
    return exitCode;
  },
});

function checkTogether(paths: readonly string[], { json, ndjson, compat, state, full, key, record }: VerifyGiven): void {
  if ([json, ndjson, compat].filter(Boolean).length > 1) throw new UsageError('--json, --ndjson and --compat exclude each other');
  if (state !== undefined && key === undefined) throw new UsageError("--state takes --key: the auditor's own key signs it");
  if (record !== undefined && key === undefined) throw new UsageError("--record takes --key: the auditor's own key signs it");
  if (full && state === undefined) throw new UsageError('--full takes --state: without it everything is verified');
  if ((state !== undefined || record !== undefined) && paths.length > 1) {
    throw new UsageError('--state and --record are of one ledger: verify several ones one by one');
  }
}

async function verifyOne(input: Input, given: VerifyGiven, auditor: SigningKeypair | undefined, context: Context): Promise<Outcome> {
  const options = optionsOf(input, given, auditor, context);
  const verified = await verifyInput(input, { verify: options, maxBytes: given.maxBytes }, context).catch((error: unknown) =>
    failureOf(input, error, context.signal),
  );
  if ('kind' in verified) return verified;
  const { report, compression, claims, evidence } = verified;
  const subject = { ...input, claims };
  const outcome: Outcome = { kind: 'checked', subject, report, findings: findingsOf(report, demandsOf(given)), compression };
  if (given.record !== undefined && auditor !== undefined) await keepRecord(given.record, outcome, evidence, options, auditor);
  return outcome;
}

function optionsOf(input: Input, given: VerifyGiven, auditor: SigningKeypair | undefined, { signal }: Context): VerifyFileOptions {
  const state = given.state === undefined ? {} : { state: given.state, stateKey: auditor, full: given.full };
  return {
    signers: unlessEmpty(given.signer),
    expectedHead: given.head === undefined ? undefined : parseHead(given.head, '--head', input.word),
    expectedFirst: given.first,
    startAfter: given.startAfter === undefined ? undefined : parseHead(given.startAfter, '--start-after'),
    signatures: given.signatures as 'all' | 'last' | undefined,
    events: given.coreOnly ? 'core' : undefined,
    spelling: given.exactSpelling ? 'exact' : undefined,
    signal,
    ...state,
  };
}

function demandsOf({ requireSigner, requireHead, allowTornTail, allowUnknownKinds }: VerifyGiven): Demands {
  return { requireSigner, requireHead, allowTornTail, allowUnknownKinds };
}

/** A ledger that could not be checked; what is wrong with the command line itself ends all of it. */
function failureOf(subject: Input, error: unknown, signal: AbortSignal): Outcome & { readonly kind: 'failed' } {
  const isAboutArguments = [SealwrightTypeError, SealwrightRangeError, UsageError].some((type) => error instanceof type);
  const isOfSystem = error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
  if (signal.aborted || isAboutArguments || !(SealwrightError.is(error) || isOfSystem)) throw error;
  const { line = null, byteOffset = null, report = null } = ChainError.is(error) ? error : {};
  const code = (error as { readonly code?: string }).code ?? null;
  return { kind: 'failed', subject, code, message: (error as Error).message, line, byteOffset, report };
}

function printOne({ out, err }: Context, outcome: Outcome, { ndjson, compat, quiet }: VerifyGiven, isFurther: boolean): void {
  if (ndjson) return out.jsonLine({ schemaVersion: 1, ...outcomeJson(outcome) });
  if (compat) return printCompatible(out, err, outcome);
  if (isFurther && !quiet) out.line();
  printOutcome(out, outcome, quiet);
}

/** The peer knows no limits. */
function compatibleCode(outcome: Outcome): ExitCode {
  const code = exitCodeOf(outcome);
  return code === 3 ? 0 : code;
}
