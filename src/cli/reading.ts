/*
 * What commands that read events share: lines of JSON as output, and how a chain that does not hold ends them.
 */

import { ChainError } from '../index.js';
import type { Context } from './context.js';
import { ExitCode } from './exit-code.js';
import type { Output } from './output.js';

/** Characters that are printed at once. */
const CHUNK = 1 << 16;

/** Lines of JSON on standard output, some at a time. */
export class DataLines {
  readonly #output: Output;
  #lines: string[] = [];
  #length = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Prints a line, now or with the next ones. Awaited only when it is a promise: nearly all lines only wait for others. */
  add(line: string): Promise<void> | undefined {
    this.#lines.push(line);
    this.#length += line.length;
    return this.#length < CHUNK ? undefined : this.flush();
  }

  /** Prints what waits. */
  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('\n');
    this.#lines = [];
    this.#length = 0;
    await this.#output.data(text);
  }
}

/** The code that `read` ends with, or 1 when the chain proves to be broken; where and how is told on standard error. */
export async function untilBroken({ err }: Context, read: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await read();
  } catch (error) {
    if (!ChainError.is(error) || error.code !== 'ERR_CHAIN_BROKEN') throw error;
    err.line('sealwright: ', 'the ledger is broken: ', error.message, ` (${error.code})`);
    return ExitCode.broken;
  }
}

