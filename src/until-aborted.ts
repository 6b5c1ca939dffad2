/*
 * Going through a source that a caller may give up.
 */

/**
 * The items of a source. An abort is heard at once, also while the next item is awaited. A source that is left before
 * its end is told to return; after an abort it is not waited for.
 */
export async function* untilAborted<Item>(
  source: () => AsyncIterator<Item, unknown, undefined>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item, void, undefined> {
  const items = source();
  let fail: (reason: unknown) => void = () => {};
  const abort = () => fail(signal?.reason);
  signal?.addEventListener('abort', abort);
  let hasEnded = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      // A promise for each item: races against one promise for all would keep what each of them held.
      const next = await new Promise<IteratorResult<Item, unknown>>((resolve, reject) => {
        fail = reject;
        items.next().then(resolve, (error: unknown) => {
          hasEnded = true;
          reject(error);
        });
      });
      if (next.done === true) {
        hasEnded = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    if (!hasEnded) {
      const left = Promise.resolve().then(() => items.return?.());
      // One that is stuck in `next` would not answer, and the caller hears of the abort.
      if (signal?.aborted === true) left.catch(() => undefined);
      else await left;
    }
  }
}
