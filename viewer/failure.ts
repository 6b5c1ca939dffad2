/*
 * Failures of the engine and of the workers around it, and how they travel to the page.
 */

import type { EngineFailure } from './engine.js';

/** What could not be done, with a code of docs/errors.md. */
export class Failure extends Error implements EngineFailure {
  readonly code: string;
  declare readonly report?: NonNullable<EngineFailure['report']>;

  constructor({ code, message, report }: EngineFailure) {
    super(message);
    this.name = 'Failure';
    this.code = code;
    if (report !== undefined) this.report = report;
  }
}

/** Whatever was thrown, in a form that can be sent. */
export function failureOf(thrown: unknown): EngineFailure {
  if (!(thrown instanceof Error)) return { code: 'ERR_INTERNAL', message: String(thrown) };
  const { code, report } = thrown as Error & Partial<EngineFailure>;
  if (typeof code === 'string') return { code, message: thrown.message, ...(report === undefined ? {} : { report }) };
  // What a browser says when a file has changed or gone since it was dropped.
  if (UNREADABLE.has(thrown.name)) return { code: 'ERR_LEDGER_IO', message: `the file cannot be read any more: ${thrown.message}` };
  return { code: 'ERR_INTERNAL', message: `${thrown.name}: ${thrown.message}` };
}

const UNREADABLE: ReadonlySet<string> = new Set(['NotReadableError', 'NotFoundError', 'NotAllowedError']);
