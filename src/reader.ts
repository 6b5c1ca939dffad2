/*
 * Reading the events of a ledger in order.
 */

import {
  checkBoolean,
  checkInteger,
  checkNanos,
  checkOptions,
  checkSignal,
  checkString,
  checkStrings,
  invalidArgument,
  millisOf,
  type PathLike,
  show,
} from './args.js';
import { isRequest, SealwrightRangeError, wrap, wrapAsync } from './errors.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import { type SignedEvent, signedEventFromLine } from './signed-event.js';

/** Options of {@link readEvents}. An event is given if all of them want it. */
export interface ReadOptions {
  /** First seq, from 0. What is before it is not read. Default 0. */
  readonly from?: number | undefined;
  /** Last seq, included. Default the last of the ledger. */
  readonly to?: number | undefined;
  /**
   * Earliest time, included: nanoseconds since 1970, or a `Date`. Clocks may go back, so this chooses events and does not
   * end before later ones. Default any.
   */
  readonly since?: bigint | Date | undefined;
  /** Time that all are before, in the same way. Default any. */
  readonly until?: bigint | Date | undefined;
  /** Names of kinds, such as `'ToolCalled'`. Default all. */
  readonly kinds?: readonly string[] | undefined;
  /**
   * Events whose payload has this `session_id`: of the kinds `SessionStarted`, `SessionSealed` and `Heartbeat`. Other
   * kinds do not say which session they are of. Default all events.
   */
  readonly session?: string | undefined;
  /** Longest line, in bytes, its LF not counted. Default 16 MiB. */
  readonly maxLineBytes?: number | undefined;
  /**
   * Whether `since`, `until`, `kinds` and `session` may use an index beside each file, `<file>.index`, and make it where
   * there is none. Whoever can write there can hide events from such a query. `false` reads every event from `from` on,
   * and writes nothing. Default true.
   */
  readonly index?: boolean | undefined;
  /** Ends the reading; the next event rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The events of a ledger, in order and in constant memory. `path` is its active file, before which its sealed segments
 * are read; a path that is a sealed segment's is read alone.
 *
 * Each event that is given has the hash that it says, and follows the one before it, as far as that was read: events that
 * `from` or an index passes over are not looked at, and the first one behind them may follow any other. Signatures are
 * not checked. All of that is for a verifier, such as {@link verifyFile}.
 *
 * The call throws for wrong arguments. Iterating rejects, after the events before, with {@link ChainError}
 * `ERR_CHAIN_BROKEN`, `ERR_LEDGER_MALFORMED`, `ERR_LINE_TOO_LONG`, `ERR_DEPTH_EXCEEDED`; {@link LedgerError}
 * `ERR_SEGMENT_MISSING` where wanted events are in no file, `ERR_SEGMENT_REFUSED`, `ERR_LEDGER_NOT_FOUND`,
 * `ERR_LEDGER_NOT_A_FILE`, `ERR_LEDGER_CHANGED`, `ERR_LEDGER_IO`; `signal.reason`. Leaving the loop closes the file.
 */
export function readEvents(path: PathLike, options?: ReadOptions): AsyncIterableIterator<SignedEvent> {
  const file = toPath(path, 'path');
  const given = checkOptions(
    options,
    ['from', 'to', 'since', 'until', 'kinds', 'session', 'maxLineBytes', 'index', 'signal'],
    'readEvents',
  );
  const { from, to, since, until, kinds, session, maxLineBytes } = given;
  const signal = checkSignal(given.signal, 'signal');
  // JSON.stringify leaves out what is undefined.
  const selection = JSON.stringify({
    from: from === undefined ? undefined : checkInteger(from, 'from', 0),
    to: to === undefined ? undefined : checkInteger(to, 'to', 0),
    since: since === undefined ? undefined : checkTime(since, 'since'),
    until: until === undefined ? undefined : checkTime(until, 'until'),
    kinds: kinds === undefined ? undefined : checkStrings(kinds, 'kinds'),
    session: session === undefined ? undefined : checkString(session, 'session'),
    maxLineBytes: maxLineBytes === undefined ? undefined : checkInteger(maxLineBytes, 'maxLineBytes', 1),
    index: checkBoolean(given.index, 'index', true),
  });
  return read(file, selection, signal);
}

async function* read(
  file: string,
  selection: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<SignedEvent, void, undefined> {
  signal?.throwIfAborted();
  const cancel = new native.CancelFlag();
  const abort = () => cancel.cancel();
  signal?.addEventListener('abort', abort);
  try {
    const reader = await wrapAsync(() => native.NativeReader.open(file, selection, cancel));
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
  } catch (error) {
    throw isRequest(error, 'ABORTED') ? signal?.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Nanoseconds since 1970 in decimal. */
function checkTime(value: unknown, name: string): string {
  const milliseconds = millisOf(value);
  if (milliseconds === undefined) {
    if (typeof value !== 'bigint') throw invalidArgument(`${name} must be a bigint or a Date, found ${show(value)}`);
    return String(checkNanos(value, name));
  }
  if (Number.isNaN(milliseconds)) throw new SealwrightRangeError('ERR_OUT_OF_RANGE', `${name} is an invalid Date`);
  return String(checkNanos(BigInt(milliseconds) * 1_000_000n, name));
}
