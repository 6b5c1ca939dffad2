/*
 * Native work on a pool thread that a caller may give up.
 */

import type { CancelFlag } from '../index.js';
import { isRequest, wrapAsync } from './errors.js';
import { native } from './native.js';

/** Awaits native work that looks at a flag, which an abort sets; then rejects with `signal.reason`. */
export async function cancellable<T>(signal: AbortSignal | undefined, work: (cancel: CancelFlag) => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const cancel = new native.CancelFlag();
  const abort = () => cancel.cancel();
  signal?.addEventListener('abort', abort);
  try {
    return await wrapAsync(() => work(cancel));
  } catch (error) {
    throw isRequest(error, 'ABORTED') ? signal?.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
