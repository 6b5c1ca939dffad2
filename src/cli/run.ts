/*
 * One run of the program: parses its words, runs a command and gives its exit code.
 */

import { SealwrightError, SealwrightRangeError, SealwrightTypeError } from '../index.js';
import { commands } from './commands/index.js';
import { type Context, contextOf, Interrupted, UsageError } from './context.js';
import { ExitCode } from './exit-code.js';
import { packageVersion } from './package.js';
import { runProgram } from './program.js';
import { CommanderError } from './vendor.js';

/** Runs what the command line asks for. */
export async function run(): Promise<ExitCode> {
  const controller = new AbortController();
  const context = contextOf(!process.argv.includes('--no-color'), controller.signal);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Who reads it may have seen enough; whoever keeps it must know that it is not whole.
      if (error.code !== 'EPIPE' && stream !== process.stderr) context.err.line('sealwright: cannot write the output: ', error.message);
      process.exit(ExitCode.failed);
    });
  }
  process.once('SIGINT', () => controller.abort(new Interrupted()));
  const running = runProgram(process.argv.slice(2), commands, packageVersion(), context);
  return running.catch((error: unknown) => explain(context, error));
}

/** Why a command could not do what it was asked for. */
function explain({ err, signal }: Context, error: unknown): ExitCode {
  if (signal.aborted || error instanceof Interrupted) {
    err.line('sealwright: interrupted');
    return ExitCode.interrupted;
  }
  // It has printed what it had to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.failed;
  if (error instanceof UsageError) {
    err.line('sealwright: ', error.message);
    return ExitCode.failed;
  }
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (isExpected(error) && typeof code === 'string') {
    err.line('sealwright: ', String(message), ` (${code})`);
    return ExitCode.failed;
  }
  throw error;
}

/** Errors of the library, and of the system about files. */
function isExpected(error: unknown): boolean {
  const ours = [SealwrightError, SealwrightTypeError, SealwrightRangeError].some((type) => error instanceof type);
  return ours || (error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string');
}
