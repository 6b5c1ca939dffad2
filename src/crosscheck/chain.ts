/*
 * Lines in their order: checks 1 and 11 to 21 of the format, the end of the file, and the report.
 *
 * With `signatures: 'last'` an accepted event waits until the next one shows whether the run of its signer goes on.
 * Until then it is in the chain but not in the tally: if its signature does not hold it is the fault, whatever came
 * after it.
 */

import { chainError } from '../errors.js';
import { ChainReport, type ReportJson } from '../report.js';
import { fromHex } from './bytes.js';
import type { Checks } from './checks.js';
import { verifySignature } from './ed25519.js';
import { isCore } from './fields.js';
import { hashOf, isAsWritten, type Line, readLine } from './line.js';
import { type Accepted, Tally } from './tally.js';
import type { RawLine } from './source.js';
import { Fault, Unreadable } from './stop.js';
import { GENESIS, Trust } from './trust.js';

/** What ended the reading, and where; `number` is null for a fault found behind the last line. */
interface Stop {
  readonly reason: Fault | Unreadable;
  readonly number: number | null;
  readonly offset: number;
  readonly seq: number;
}

/** An event whose signature may still have to be checked, and the blank lines behind it. */
interface Waiting {
  readonly event: Accepted;
  blankLines: number;
  firstBlankLine: number;
}

/** One ledger. */
export class Chain {
  readonly #checks: Checks;
  readonly #tally: Tally;
  readonly #trust: Trust;
  /** Of the next event. */
  #seq: number;
  #parentHash: string;
  /** Of the first event. */
  readonly #firstSeq: number;
  #waiting: Waiting | undefined;
  /** The event with the seq of the expected head. */
  #head: Accepted | undefined;
  #isHeadMatched = false;
  #tail: ReportJson['tail'] = null;
  #stop: Stop | undefined;

  constructor(checks: Checks) {
    this.#checks = checks;
    this.#tally = new Tally(checks.signers);
    this.#trust = new Trust(checks.signers, checks.startAfter);
    const { seq, hash } = checks.startAfter ?? { seq: -1, hash: GENESIS };
    this.#firstSeq = seq + 1;
    this.#seq = this.#firstSeq;
    this.#parentHash = hash;
  }

  /** Whether nothing that follows can change the answer. */
  get isDecided(): boolean {
    return this.#stop !== undefined;
  }

  /** Events accepted so far. */
  get eventCount(): number {
    return this.#seq - this.#firstSeq;
  }

  /** Takes the next line. */
  take(raw: RawLine): void {
    this.#decide(raw.number, raw.offset, () => this.#read(raw));
  }

  /**
   * The report, once all lines were taken; `bytes` were read, and `sha256` is their digest.
   *
   * @throws {@link ChainError} when a line could not be read
   */
  report(bytes: number, sha256: string): ChainReport {
    if (!this.isDecided && this.#settle()) this.#decide(null, bytes, () => this.#compareEnds());
    const report = new ChainReport(this.#reportJson(bytes, sha256));
    const stop = this.#stop;
    if (!(stop?.reason instanceof Unreadable)) return report;
    const { reason, number: line, offset: byteOffset } = stop;
    throw chainError(reason.code, `line ${line}, byte ${byteOffset}: ${reason.message}`, { line, byteOffset, report });
  }

  /** Makes a step; what stops it is the answer, unless the event that waits is a fault before it. */
  #decide(number: number | null, offset: number, step: () => void): void {
    try {
      step();
    } catch (reason) {
      if (!(reason instanceof Fault) && !(reason instanceof Unreadable)) throw reason;
      if (this.#settle()) this.#stop = { reason, number, offset, seq: this.#nextSeq };
    }
  }

  #read(raw: RawLine): void {
    if (isBlank(raw.bytes)) this.#blank(raw.number);
    else if (raw.isTerminated) this.#event(raw);
    else this.#unterminated(raw);
  }

  #blank(number: number): void {
    if (this.#checks.isExact) {
      throw new Fault('spelling', 'a line of white space, which the writer never writes', null, null, 0);
    }
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#tally.warn('non_canonical_spelling', number);
    } else {
      if (waiting.blankLines === 0) waiting.firstBlankLine = number;
      waiting.blankLines += 1;
    }
  }

  #event(raw: RawLine): void {
    const line = readLine(this.#bytesOf(raw));
    this.#checkKind(line);
    const hash = this.#checkLink(line);
    const { isLastOnly } = this.#checks;
    if (!isLastOnly) checkSignature(line);
    this.#accept({ line, hash, number: raw.number, offset: raw.offset, isAsWritten: isAsWritten(line) }, !isLastOnly);
  }

  /** Bytes behind the last LF: an event that is whole whatever the options ask for, or a tail. */
  #unterminated(raw: RawLine): void {
    let line: Line;
    let hash: string;
    try {
      line = readLine(this.#bytesOf(raw));
      hash = this.#checkLink(line);
      checkSignature(line);
    } catch (reason) {
      if (!(reason instanceof Fault) && !(reason instanceof Unreadable)) throw reason;
      this.#tail = { offset: raw.offset, bytes: raw.length };
      return;
    }
    this.#checkKind(line);
    this.#accept({ line, hash, number: raw.number, offset: raw.offset, isAsWritten: isAsWritten(line) }, true);
  }

  #bytesOf({ bytes, length }: RawLine): Uint8Array {
    if (bytes !== undefined) return bytes;
    const what = `a line of ${length} bytes, the limit is ${this.#checks.maxLineBytes}`;
    throw new Unreadable('ERR_LINE_TOO_LONG', what);
  }

  #checkKind({ kind }: Line): void {
    if (!this.#checks.isCoreOnly || isCore(kind)) return;
    throw new Fault('unexpected_kind', 'an extended kind where only core kinds are expected', 'a core kind', kind);
  }

  /** Gives the hash of the event. */
  #checkLink(line: Line): string {
    if (line.seq !== this.#seq) {
      throw new Fault('seq_mismatch', 'not the next sequence number', String(this.#seq), String(line.seq));
    }
    if (line.parentHash !== this.#parentHash) {
      const reason = 'parent_hash is not the hash of the event before';
      throw new Fault('parent_mismatch', reason, this.#parentHash, line.parentHash);
    }
    const hash = hashOf(line);
    if (line.selfHash !== hash) {
      throw new Fault('hash_mismatch', 'self_hash does not recompute from the event', hash, line.selfHash);
    }
    return hash;
  }

  /** Takes an event that the ledger itself says nothing against; the caller still may. */
  #accept(event: Accepted, isChecked: boolean): void {
    const { expectedFirst, isExact } = this.#checks;
    const { line, hash } = event;
    this.#trust.check(line);
    if (this.#seq === this.#firstSeq && expectedFirst !== undefined && hash !== expectedFirst) {
      throw new Fault('first_mismatch', 'the first event is not the expected one', expectedFirst, hash);
    }
    if (isExact && !event.isAsWritten) throw new Fault('spelling', 'the line is not spelled as the writer spells');
    if (this.#waiting?.event.line.signer === line.signer) this.#count(false);
    else if (!this.#settle()) return;
    if (isChecked) this.#add(event, true);
    else this.#waiting = { event, blankLines: 0, firstBlankLine: 0 };
    this.#trust.follow(line);
    this.#seq += 1;
    this.#parentHash = hash;
  }

  /** Checks the signature of the event that waits, if one does; false when it is the fault. */
  #settle(): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined) return true;
    const { line, number, offset } = waiting.event;
    try {
      checkSignature(line);
    } catch (reason) {
      if (!(reason instanceof Fault)) throw reason;
      this.#stop = { reason, number, offset, seq: this.#nextSeq };
      this.#waiting = undefined;
      this.#tail = null;
      return false;
    }
    this.#count(true);
    return true;
  }

  /** Behind the last event that was counted. */
  get #nextSeq(): number {
    return this.#firstSeq + this.#tally.count;
  }

  /** Counts the event that waits, and the blank lines behind it. */
  #count(isChecked: boolean): void {
    if (this.#waiting === undefined) return;
    const { event, blankLines, firstBlankLine } = this.#waiting;
    this.#waiting = undefined;
    this.#add(event, isChecked);
    if (blankLines > 0) this.#tally.warn('non_canonical_spelling', firstBlankLine, blankLines);
  }

  #add(event: Accepted, isChecked: boolean): void {
    if (event.line.seq === this.#checks.expectedHead?.seq) this.#head = event;
    this.#tally.add(event, isChecked);
  }

  /** What can only be said of the whole file. */
  #compareEnds(): void {
    const { expectedFirst, expectedHead } = this.#checks;
    const { count } = this.#tally;
    if (expectedFirst !== undefined && count === 0) {
      const reason = 'the expected first event is not there: the ledger is empty';
      throw new Fault('first_mismatch', reason, expectedFirst, 'no event', 0);
    }
    if (expectedHead === undefined) return;
    const reason = 'the expected head is not in the ledger';
    const head = this.#head;
    if (head === undefined) {
      throw new Fault('head_mismatch', reason, `an event with seq ${expectedHead.seq}`, `${count} events`);
    }
    if (head.hash === expectedHead.hash) {
      this.#isHeadMatched = true;
      return;
    }
    const { number, offset, hash } = head;
    const fault = new Fault('head_mismatch', reason, expectedHead.hash, hash);
    this.#stop = { reason: fault, number, offset, seq: expectedHead.seq };
  }

  #reportJson(bytes: number, sha256: string): ReportJson {
    const { signers, expectedFirst, startAfter, isLastOnly } = this.#checks;
    const tally = this.#tally;
    const stop = this.#stop;
    const fault = stop?.reason instanceof Fault ? stop.reason : undefined;
    const passes = (check: number) => tally.count + (fault !== undefined && fault.passed >= check ? 1 : 0);
    const isVerified =
      signers !== undefined &&
      this.#isHeadMatched &&
      tally.checked === tally.count &&
      startAfter === undefined &&
      this.#tail === null &&
      !tally.hasUnknownKinds;
    const intact = tally.count === 0 ? 'empty' : isVerified ? 'verified' : 'intact';
    return {
      schemaVersion: 1,
      ok: fault === undefined,
      verdict: fault === undefined ? intact : 'broken',
      ...tally.totals(),
      startedAfter: startAfter ?? null,
      resumed: null,
      segments: null,
      brokenAt: fault === undefined ? null : (stop?.seq ?? null),
      line: fault === undefined ? null : (stop?.number ?? null),
      byteOffset: fault === undefined ? null : (stop?.offset ?? null),
      code: fault?.code ?? null,
      reason: fault?.message ?? null,
      expected: fault?.expected ?? null,
      found: fault?.found ?? null,
      checks: {
        parse: passes(1),
        fields: passes(2),
        links: passes(3),
        hashes: passes(4),
        signatures: { mode: isLastOnly ? 'last' : 'all', checked: tally.checked },
        signer: signers === undefined ? 'self-asserted' : 'pinned',
        head: this.#isHeadMatched ? 'matched' : 'not-checked',
        first: expectedFirst !== undefined && tally.count > 0 ? 'matched' : 'not-checked',
      },
      tail: this.#tail,
      bytes: stop === undefined ? bytes : stop.offset,
      sha256: stop === undefined ? sha256 : null,
    };
  }
}

function checkSignature({ signer, selfHash, signature }: Line): void {
  if (verifySignature(fromHex(signer), fromHex(selfHash), fromHex(signature))) return;
  throw new Fault('bad_signature', 'the signature does not hold under signer_pubkey');
}

/** Whether a line is nothing but space, TAB and CR. */
function isBlank(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
