/*
 * What a command is given besides its words: streams, environment, and the signal of Ctrl-C.
 */

import { Output, wantsColour } from './output.js';

/** Surroundings of one run. */
export interface Context {
  /** Data. */
  readonly out: Output;
  /** Everything else. */
  readonly err: Output;
  readonly input: NodeJS.ReadStream;
  readonly environment: NodeJS.ProcessEnv;
  /** Fires at the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Whether someone can be asked: both ends are a terminal. */
  readonly isInteractive: boolean;
}

/** Arguments that make no sense: reported with the usage, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor() {
    super('interrupted');
  }
}

/** The surroundings of this process. */
export function contextOf(colour: boolean, signal: AbortSignal): Context {
  const { stdout, stderr, stdin, env } = process;
  return {
    out: new Output(stdout, wantsColour(stdout, colour, env)),
    err: new Output(stderr, wantsColour(stderr, colour, env)),
    input: stdin,
    environment: env,
    signal,
    isInteractive: stdin.isTTY === true && stderr.isTTY === true,
  };
}
