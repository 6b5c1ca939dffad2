/*
 * Following a ledger that is being written: each event is given once it stands in the file as a whole line and the
 * verifier has accepted it.
 *
 *   read what is new behind the last whole line -> verify it -> give its events -> wait for a change
 *
 * Where the path names another file than the one that is read, the writer went on in a new one: what is read has the name
 * of a sealed segment now. It is read to its end, and then the file that holds the next event.
 */

import { type FSWatcher, watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { checkInteger, checkOptions, checkSignal, type PathLike } from './args.js';
import { builtin } from './builtin.js';
import { ChainError, chainError, ledgerError, wrap, wrapAsync } from './errors.js';
import { checkHead } from './headstore.js';
import { endOf, findGap, ledgerFiles } from './ledger-files.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import type { ChainReport, Head } from './report.js';
import { SignedEvent } from './signed-event.js';
import { resolveSigners, type SignerInput } from './signers.js';
import { reportOf } from './verify.js';

/** Options of {@link followEvents}. */
export interface FollowOptions {
  /** First seq that is given. Those before it are verified, and not given. Default 0. */
  readonly from?: number | undefined;
  /** Who may have signed. Without it the ledger itself says who did. */
  readonly signers?: SignerInput | readonly SignerInput[] | undefined;
  /** Starts in the middle: the first event must follow this one, which is trusted as it is given. */
  readonly startAfter?: Head | undefined;
  /** Milliseconds after which the file is looked at, where the system does not tell of changes. Default 500. */
  readonly pollMs?: number | undefined;
  /** Ends it; the next event rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The events of a ledger, and then those that are recorded, as soon as they are whole lines of its file. It goes on when
 * the ledger does so in a new file, and ends only when the loop is left, or `signal` fires.
 *
 * Each event is verified before it is given: fields, link, hash, signature, and signer if `signers` are named. A file
 * that is read on from where it was is not read again: who changes it in place, in front of there, is found by
 * {@link verifySegments} only.
 *
 * The call throws for wrong arguments. Iterating rejects, after the events before, with {@link ChainError}
 * `ERR_CHAIN_BROKEN` where the chain breaks, and where events that were read are cut off or replaced;
 * `ERR_LEDGER_MALFORMED`, `ERR_LINE_TOO_LONG`, `ERR_DEPTH_EXCEEDED`; {@link LedgerError} `ERR_SEGMENT_MISSING` where the
 * next event is in no file, such as at the beginning of a ledger that was pruned and is followed without `startAfter`;
 * `ERR_SEGMENT_REFUSED`, `ERR_LEDGER_NOT_FOUND`, `ERR_LEDGER_NOT_A_FILE`, `ERR_LEDGER_CHANGED`, `ERR_LEDGER_IO`;
 * `signal.reason`.
 */
export function followEvents(path: PathLike, options?: FollowOptions): AsyncIterableIterator<SignedEvent> {
  const file = toPath(path, 'path');
  const given = checkOptions(options, ['from', 'signers', 'startAfter', 'pollMs', 'signal'], 'followEvents');
  const from = given.from === undefined ? 0 : checkInteger(given.from, 'from', 0);
  const startAfter = given.startAfter === undefined ? undefined : checkHead(given.startAfter, 'startAfter');
  const pollMs = given.pollMs === undefined ? POLL_MS : checkInteger(given.pollMs, 'pollMs', LEAST_POLL_MS, 3_600_000);
  const signers = given.signers === undefined ? undefined : resolveSigners(given.signers);
  const signal = checkSignal(given.signal, 'signal');
  return follow(new Follower(file, startAfter, JSON.stringify({ signers, startAfter })), from, pollMs, signal);
}

const POLL_MS = 500;
const LEAST_POLL_MS = 10;
/** Milliseconds between two looks at the least, however often the system tells of changes. */
const REST_MS = 10;
const BLOCK_BYTES = 1 << 20;
const MAX_LINE_BYTES = 16 << 20;
const LF = 0x0a;

async function* follow(
  follower: Follower,
  from: number,
  pollMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<SignedEvent, void, undefined> {
  signal?.throwIfAborted();
  const changes = new Changes(dirname(follower.path), pollMs, signal);
  try {
    await follower.start();
    for (;;) {
      // Before the last look at the file that is read: nothing is written to it once another one has its name.
      const wasReplaced = await follower.isReplaced();
      for await (const signed of follower.whatIsNew()) {
        signal?.throwIfAborted();
        if (signed.seq >= from) yield signed;
      }
      signal?.throwIfAborted();
      if (wasReplaced) await follower.goOn();
      else await changes.next();
      signal?.throwIfAborted();
    }
  } catch (error) {
    throw typed(error, follower.path);
  } finally {
    changes.stop();
    await follower.close();
  }
}

/** Where the reading is: in which file, behind which whole line. */
class Follower {
  readonly path: string;
  readonly #startAfter: Head | undefined;
  readonly #verifier: InstanceType<typeof native.NativeVerifier>;
  /** The next event. */
  #nextSeq: number;
  /** Events that were accepted. */
  #accepted = 0;
  #file: FileHandle | undefined;
  #name = '';
  #identity = '';
  /** End of the last whole line. What is behind it is read anew each time: a writer may cut off a record that a crash tore. */
  #offset = 0;
  /** Length of the file and its time of change when it was read last. */
  #seen = '';

  constructor(path: string, startAfter: Head | undefined, options: string) {
    this.path = path;
    this.#startAfter = startAfter;
    this.#nextSeq = startAfter === undefined ? 0 : startAfter.seq + 1;
    this.#verifier = wrap(() => new native.NativeVerifier(options));
  }

  /** Opens the file that the reading begins in, at its place. */
  async start(): Promise<void> {
    const files = ledgerFiles(this.path);
    const end = endOf(files);
    if (this.#startAfter !== undefined && end < this.#nextSeq) {
      const message = `the ledger ends in front of event ${end}, so it does not hold event ${this.#startAfter.seq}, which is trusted`;
      throw chainError('ERR_CHAIN_BROKEN', message, {});
    }
    // The place is looked for by name, which a rotation may have given to the next file meanwhile.
    do {
      await this.#openNext();
      if (this.#startAfter !== undefined) this.#offset = findGap(this.#name, this.#nextSeq).offset;
    } while (this.#name === this.path && (await this.isReplaced()));
  }

  /** Whether the ledger goes on in another file than the one that is read. */
  async isReplaced(): Promise<boolean> {
    try {
      return identityOf(await builtin.files.stat(this.path, { bigint: true })) !== this.#identity;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw ledgerError('ERR_LEDGER_NOT_FOUND', `${this.path} is gone`, { cause: error, osCode: 'ENOENT' });
    }
  }

  /** Goes to the file with the next event. What was read must be a sealed segment now. */
  async goOn(): Promise<void> {
    const last = this.#nextSeq - 1;
    const isSealed = ledgerFiles(this.path).some(({ range }) => range !== null && range.last >= last);
    if (!isSealed && this.#accepted > 0) {
      const message = `${this.path} was replaced: event ${last}, which was read, is in none of its files any more`;
      throw chainError('ERR_CHAIN_BROKEN', message, {});
    }
    await this.#openNext();
  }

  /** The events on whole lines that were not there before. */
  async *whatIsNew(): AsyncGenerator<SignedEvent> {
    const file = this.#file;
    if (file === undefined) return;
    const { size, mtimeNs } = await file.stat({ bigint: true });
    if (size < this.#offset) {
      const message = `${this.#name} was cut: it has ${size} bytes, and had events up to byte ${this.#offset}`;
      throw chainError('ERR_CHAIN_BROKEN', message, { byteOffset: Number(size) });
    }
    const seen = `${size} ${mtimeNs}`;
    if (seen === this.#seen) return;
    let rest = Buffer.alloc(0);
    for (let at = this.#offset; ; ) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(BLOCK_BYTES), 0, BLOCK_BYTES, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf(LF) + 1;
      if (end > 0) yield* this.#verified(bytes.subarray(0, end));
      rest = bytes.subarray(end);
      if (rest.length > MAX_LINE_BYTES) {
        const message = `${basename(this.#name)}, byte ${this.#offset}: a line of more than ${MAX_LINE_BYTES} bytes`;
        throw chainError('ERR_LINE_TOO_LONG', message, { byteOffset: this.#offset });
      }
    }
    this.#seen = seen;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #openNext(): Promise<void> {
    for (;;) {
      const holder = this.#holder();
      const { path, range } = holder ?? { path: this.path, range: null };
      const first = range?.first ?? (this.#accepted === 0 && this.#startAfter === undefined ? findGap(path, 0).nextSeq : null);
      const file = await builtin.files.open(path, 'r');
      // A rotation names the segment before it gives the ledger's name to the next file, which may be the one that was opened.
      if (range === null && (this.#holder()?.range ?? null) !== null) {
        await file.close();
        continue;
      }
      await this.close();
      this.#file = file;
      if (first !== null && first > this.#nextSeq) {
        throw ledgerError('ERR_SEGMENT_MISSING', `events ${this.#nextSeq} to ${first - 1} are in no file of the ledger`);
      }
      this.#name = path;
      this.#identity = identityOf(await file.stat({ bigint: true }));
      this.#offset = 0;
      this.#seen = '';
      return;
    }
  }

  /** The file that holds the next event, or will: the first one that does not end before it. */
  #holder() {
    return ledgerFiles(this.path).find(({ range }) => range === null || range.last >= this.#nextSeq);
  }

  /** Has whole lines verified, and gives their events up to a fault, which is thrown. */
  async *#verified(bytes: Buffer): AsyncGenerator<SignedEvent> {
    const before = this.#accepted;
    const isDecided = await wrapAsync(() => this.#verifier.push(bytes));
    const fault = isDecided ? await this.#fault() : undefined;
    const lines = bytes.toString('utf8').split('\n').filter((line) => line.trim() !== '');
    const count = fault === undefined ? lines.length : fault.eventCount - before;
    for (const line of lines.slice(0, count)) {
      const signed = SignedEvent.parse(line);
      this.#accepted += 1;
      this.#nextSeq = signed.seq + 1;
      yield signed;
    }
    if (fault !== undefined) throw fault.error;
    this.#offset += bytes.length;
  }

  /** What the verifier stopped at. */
  async #fault(): Promise<{ readonly eventCount: number; readonly error: Error }> {
    const report = await wrapAsync(() => this.#verifier.finish()).then(reportOf, (error: unknown) => {
      if (ChainError.is(error) && error.report !== undefined) return error;
      throw error;
    });
    if (report instanceof Error) return { eventCount: report.report?.eventCount ?? 0, error: report };
    return { eventCount: report.eventCount, error: brokenError(report, basename(this.#name)) };
  }
}

function brokenError(report: ChainReport, name: string): Error {
  const { brokenAt, code, reason } = report;
  const message = `${name}, where event ${brokenAt ?? report.eventCount} should be: ${reason ?? ''} (${code ?? ''})`;
  return chainError('ERR_CHAIN_BROKEN', message, { report });
}

/** Errors of the system as those of the library. */
function typed(error: unknown, path: string): unknown {
  const { syscall, code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || typeof syscall !== 'string') return error;
  return ledgerError('ERR_LEDGER_IO', `cannot read ${path}: ${message}`, { cause: error, osCode: code });
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev} ${ino}`;
}

/** Waiting for a change in a folder: the system tells of one, or enough time has passed. */
class Changes {
  readonly #pollMs: number;
  readonly #signal: AbortSignal | undefined;
  #watcher: FSWatcher | undefined;
  #hasChanged = false;
  #wake: () => void = () => {};
  readonly #told = (): void => {
    this.#hasChanged = true;
    this.#wake();
  };

  constructor(folder: string, pollMs: number, signal: AbortSignal | undefined) {
    this.#pollMs = pollMs;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#told);
    try {
      this.#watcher = watch(folder, { persistent: false }, this.#told);
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // Some file systems cannot be watched, and a system has only so many watchers: looking now and then does it, too.
    }
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      const rested = setTimeout(() => {
        if (this.#hasChanged) done();
      }, REST_MS);
      const waited = setTimeout(() => done(), this.#pollMs);
      const done = () => {
        clearTimeout(rested);
        clearTimeout(waited);
        this.#wake = () => {};
        this.#hasChanged = false;
        resolve();
      };
      const began = performance.now();
      this.#wake = () => {
        if (this.#signal?.aborted === true || performance.now() - began >= REST_MS) done();
      };
      if (this.#signal?.aborted === true) done();
    });
  }

  stop(): void {
    this.#signal?.removeEventListener('abort', this.#told);
    this.#watcher?.close();
  }
}
