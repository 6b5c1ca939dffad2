/*
 * Reading the events of a ledger in order.
 */

import { checkInteger, checkOptions, checkSignal, checkString, invalidArgument, type PathLike, show } from './args.js';
import { wrap, wrapAsync } from './errors.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import { type SignedEvent, signedEventFromLine } from './signed-event.js';

/** Options of {@link readEvents}. */
export interface ReadOptions {
  /** First seq, from 0. Default 0. */
  readonly from?: number | undefined;
  /** Last seq, included. Default the last of the ledger. */
  readonly to?: number | undefined;
  /** Names of kinds, such as `'ToolCalled'`. Default all. */
  readonly kinds?: readonly string[] | undefined;
  /** Longest line, in bytes, its LF not counted. Default 16 MiB. */
  readonly maxLineBytes?: number | undefined;
  /** Ends the reading; the next event rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The events of a ledger file, in order and in constant memory. Fields, links and hashes are checked on the way,
 * signatures are not: that is for {@link verifyFile}.
 *
 * The call throws for wrong arguments. Iterating rejects, after the events before, with {@link ChainError}
 * `ERR_CHAIN_BROKEN`, `ERR_LEDGER_MALFORMED`, `ERR_LINE_TOO_LONG`, `ERR_DEPTH_EXCEEDED`; {@link LedgerError}
 * `ERR_LEDGER_NOT_FOUND`, `ERR_LEDGER_NOT_A_FILE`, `ERR_LEDGER_IO`; `signal.reason`. Leaving the loop closes the file.
 */
export function readEvents(path: PathLike, options?: ReadOptions): AsyncIterableIterator<SignedEvent> {
  const file = toPath(path, 'path');
  const given = checkOptions(options, ['from', 'to', 'kinds', 'maxLineBytes', 'signal'], 'readEvents');
  const { from, to, kinds, maxLineBytes } = given;
  const signal = checkSignal(given.signal, 'signal');
  // JSON.stringify leaves out what is undefined.
  const selection = JSON.stringify({
    from: from === undefined ? undefined : checkInteger(from, 'from', 0),
    to: to === undefined ? undefined : checkInteger(to, 'to', 0),
    kinds: kinds === undefined ? undefined : checkKinds(kinds),
    maxLineBytes: maxLineBytes === undefined ? undefined : checkInteger(maxLineBytes, 'maxLineBytes', 1),
  });
  return read(file, selection, signal);
}

async function* read(
  file: string,
  selection: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<SignedEvent, void, undefined> {
  signal?.throwIfAborted();
  const reader = await wrapAsync(() => native.NativeReader.open(file, selection));
  try {
    for (;;) {
      const batch = await wrapAsync(() => reader.next());
      if (batch.length === 0) return;
      for (const item of batch) {
        signal?.throwIfAborted();
        // A line whose spelling is not the writer's comes with the writer's spelling after an LF.
        const [line = '', spelled] = item.split('\n', 2);
        yield signedEventFromLine(line, spelled);
      }
    }
  } finally {
    wrap(() => reader.close());
  }
}

function checkKinds(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw invalidArgument(`kinds must be an array of names, found ${show(value)}`);
  return Array.from(value as readonly unknown[], (kind) => checkString(kind, 'kinds'));
}
