/*
 * verifyFile and verifyLines: the ways into crosscheck. Bytes come in blocks; between two of them the event loop gets
 * its turn.
 */

import { checkOptions, checkSignal, invalidArgument, type PathLike, show } from '../args.js';
import type { ChainReport } from '../report.js';
import type { VerifyOptions, VerifyStreamOptions } from '../verify.js';
import { toHex } from './bytes.js';
import { Chain } from './chain.js';
import { type Checks, CHECKS, checksOf } from './checks.js';
import { loadEd25519 } from './ed25519.js';
import { openLedger, toPath } from './file.js';
import { blocksOf, type Ledger, sourceOf } from './ledger.js';
import { Sha256 } from './sha256.js';
import { LineSplitter } from './source.js';

/**
 * Verifies a ledger file as `verifyFile` of the main package does, and without its native code: same options, same
 * report, same errors. It looks at the bytes of this file only, so that a segment needs `startAfter`, and the report's
 * `segments` is null. In constant memory, on this thread, which gets its turn between blocks. What is verified is the
 * file's length at the start. For runtimes that have files; in a browser use {@link verifyLines}.
 *
 * Rejects only when it could not be checked: {@link LedgerError} `ERR_LEDGER_NOT_FOUND`, `ERR_LEDGER_NOT_A_FILE`,
 * `ERR_LEDGER_IO` (also where there are no files); {@link ChainError} `ERR_LEDGER_MALFORMED`, `ERR_LINE_TOO_LONG`,
 * `ERR_DEPTH_EXCEEDED`; TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`; RangeError `ERR_OUT_OF_RANGE`;
 * `signal.reason`; what `onProgress` throws.
 */
export async function verifyFile(path: PathLike, options?: VerifyOptions): Promise<ChainReport> {
  const file = toPath(path, 'path');
  const given = checkOptions(options, [...CHECKS, 'signal', 'onProgress'], 'verifyFile');
  const checks = await checksOf(given);
  const signal = checkSignal(given.signal, 'signal');
  const progress = new Progress(given.onProgress);
  signal?.throwIfAborted();
  await loadEd25519();
  const ledger = await openLedger(file);
  try {
    const report = await verify(ledger.blocks(), checks, signal, (bytes, events) => {
      progress.tell({ bytes, totalBytes: ledger.size, events });
    });
    progress.throwIfFailed();
    return report;
  } finally {
    await ledger.close();
  }
}

/**
 * Verifies a ledger that is in memory or on its way here, in a browser too: see {@link Ledger}. Of an iterable the
 * first element says whether it gives lines or pieces of bytes; the two are not mixed. Lines always count as ended, so
 * that only pieces can have a tail. A source is left as soon as the answer is known. Bytes must not change until then,
 * those of a piece until the next one is asked for.
 *
 * Objects made by `JSON.parse` are refused: they have lost whether a number was `1` or `1.0`, and integers beyond
 * 2^53.
 *
 * Rejects as {@link verifyFile}, with TypeError `ERR_JSON_STRING` for text with a lone surrogate, and with whatever the
 * source throws.
 */
export async function verifyLines(ledger: Ledger, options?: VerifyStreamOptions): Promise<ChainReport> {
  const given = checkOptions(options, [...CHECKS, 'signal'], 'verifyLines');
  const checks = await checksOf(given);
  const signal = checkSignal(given.signal, 'signal');
  const source = sourceOf(ledger);
  signal?.throwIfAborted();
  await loadEd25519();
  return verify(blocksOf(source, signal), checks, signal);
}

async function verify(
  blocks: AsyncIterable<Uint8Array>,
  checks: Checks,
  signal: AbortSignal | undefined,
  tell?: (bytes: number, events: number) => void,
): Promise<ChainReport> {
  const chain = new Chain(checks);
  const splitter = new LineSplitter(checks.maxLineBytes);
  const digest = new Sha256();
  let bytes = 0;
  for await (const block of blocks) {
    signal?.throwIfAborted();
    bytes += block.length;
    digest.update(block);
    for (const line of splitter.push(block)) {
      chain.take(line);
      if (chain.isDecided) break;
    }
    // A fault is found: what follows cannot mend it.
    if (chain.isDecided) break;
    tell?.(bytes, chain.eventCount);
  }
  signal?.throwIfAborted();
  const rest = splitter.end();
  if (rest !== undefined && !chain.isDecided) chain.take(rest);
  return chain.report(bytes, toHex(digest.digest()));
}

type Tell = NonNullable<VerifyOptions['onProgress']>;

/** The caller's progress listener; what it throws ends the verification. */
class Progress {
  readonly #onProgress: Tell | undefined;
  #failure: { readonly reason: unknown } | undefined;

  constructor(onProgress: unknown) {
    if (onProgress !== undefined && typeof onProgress !== 'function') {
      throw invalidArgument(`onProgress must be a function, found ${show(onProgress)}`);
    }
    this.#onProgress = onProgress as Tell | undefined;
  }

  tell(progress: Parameters<Tell>[0]): void {
    this.throwIfFailed();
    // A listener may be an async function: what it rejects with must not go unheard.
    Promise.resolve(this.#onProgress?.(progress)).catch((reason: unknown) => {
      this.#failure = { reason };
    });
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }
}
