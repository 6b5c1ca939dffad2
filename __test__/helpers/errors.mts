// Expecting a typed error: its exact class, its code, and the details that a caller may branch on.

import type { ExecutionContext } from 'ava';
import type { ErrorCode } from 'sealwright';

type ErrorClass<E extends Error> = new (...args: never[]) => E;

/** What is expected: class, code, and any further properties of the error; `path: undefined` says that it has none. */
export interface Expected<E extends Error> {
  readonly instanceOf: ErrorClass<E>;
  readonly code: ErrorCode;
  readonly [detail: string]: unknown;
}

/** Asserts that a call throws at once; gives the error. */
export function throwsError<E extends Error>(
  t: ExecutionContext,
  call: () => unknown,
  { instanceOf, code, ...details }: Expected<E>,
  message?: string,
): E {
  const error = t.throws(call, { instanceOf, code } as object, message) as unknown as E;
  checkDetails(t, error, details, message);
  return error;
}

/** Asserts that a call does not throw, and that its promise rejects; gives the error. */
export async function rejectsError<E extends Error>(
  t: ExecutionContext,
  call: () => Promise<unknown>,
  { instanceOf, code, ...details }: Expected<E>,
  message?: string,
): Promise<E> {
  const error = (await t.throwsAsync(call(), { instanceOf, code } as object, message)) as unknown as E;
  checkDetails(t, error, details, message);
  return error;
}

/** What a promise rejects with, which need not be an error. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error('the promise was not rejected');
}

function checkDetails(t: ExecutionContext, error: Error, details: object, message: string | undefined): void {
  for (const [name, value] of Object.entries(details)) {
    t.deepEqual((error as unknown as Record<string, unknown>)[name], value, message ?? `${name} of: ${error.message}`);
  }
}

/**
 * What work rejects with that is disturbed as soon as it tells how far it is. Where this thread was busy for so long that the
 * work ended before it was heard, it is done again, behind `reset`.
 */
export async function reasonOfDisturbed(disturb: () => void, work: (onProgress: () => void) => Promise<unknown>, reset = () => {}): Promise<unknown> {
  for (let tries = 0; tries < 20; tries += 1) {
    let isTold = false;
    const onProgress = () => {
      isTold = true;
      disturb();
    };
    const outcome = await work(onProgress).then(
      () => null,
      (rejection: unknown) => ({ rejection }),
    );
    if (outcome !== null) return outcome.rejection;
    if (isTold) break;
    reset();
  }
  throw new Error('the promise was not rejected');
}

/** What work takes that tells how far it is and can be given up. */
export interface Watching {
  readonly signal: AbortSignal;
  readonly onProgress: () => void;
}

/** The same of work that is given up. */
export function reasonOfGivenUp(reason: unknown, work: (watching: Watching) => Promise<unknown>, reset = () => {}): Promise<unknown> {
  const controller = new AbortController();
  const { signal } = controller;
  return reasonOfDisturbed(() => controller.abort(reason), (onProgress) => work({ signal, onProgress }), reset);
}
