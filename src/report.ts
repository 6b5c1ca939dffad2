/*
 * ChainReport: what a verification found, and what it did and did not check.
 */

import { invalidArgument, show } from './args.js';

/** How a ledger is broken. */
export type FaultCode =
  | 'bad_signature'
  | 'duplicate_key'
  | 'first_mismatch'
  | 'hash_mismatch'
  | 'head_mismatch'
  | 'missing_field'
  | 'non_canonical_hex'
  | 'out_of_range'
  | 'parent_mismatch'
  | 'rotation_unendorsed'
  | 'segment_mismatch'
  | 'segment_missing'
  | 'seq_mismatch'
  | 'spelling'
  | 'unexpected_kind'
  | 'unsigned_field'
  | 'untrusted_signer'
  | 'wrong_type';

/** What is worth knowing of a ledger and does not break it. */
export type WarningCode =
  | 'ledger_restored'
  | 'malformed_digest'
  | 'mixed_signers'
  | 'non_canonical_spelling'
  | 'time_went_back'
  | 'unknown_kind';

/**
 * - `'verified'`: intact from the first event on, all of it read now, signers pinned, head matched, every signature
 *   checked, no tail, no unknown kinds
 * - `'intact'`: nothing broken was found, but something was not checked: see {@link ChainReport.checks}
 * - `'broken'`: proven not to be what it claims to be
 * - `'empty'`: no events
 */
export type Verdict = 'verified' | 'intact' | 'broken' | 'empty';

/** An event of a ledger, by its place and its hash. */
export interface Head {
  /** Place in the ledger, from 0, below 2^53. */
  readonly seq: number;
  /** The event's `self_hash`: 64 lower-case hex digits. */
  readonly hash: string;
}

/** A key that signed events of the ledger. */
export interface ReportSigner {
  /** 64 lower-case hex digits. */
  readonly publicKey: string;
  /** Seq of the first and last event that it signed. */
  readonly first: number;
  readonly last: number;
  /** Whether it is among the `signers` that the caller named. */
  readonly pinned: boolean;
}

/** How many events passed each check, and what was compared with something that the caller knows. */
export interface ReportChecks {
  readonly parse: number;
  readonly fields: number;
  readonly links: number;
  readonly hashes: number;
  readonly signatures: { readonly mode: 'all' | 'last'; readonly checked: number };
  /** `'self-asserted'`: the ledger itself said who signed it. */
  readonly signer: 'pinned' | 'self-asserted';
  /** `'not-checked'`: events may have been cut from the end. */
  readonly head: 'matched' | 'not-checked';
  /** `'not-checked'`: it may be another whole ledger of the same signer. */
  readonly first: 'matched' | 'not-checked';
}

/** Where a verification went on from an earlier one. */
export interface Resumed extends Head {
  /** Bytes that were not read again. `seq` and `hash` are of the last event in them. */
  readonly offset: number;
}

/** Sessions that began and did not end in order: `SessionStarted` without a later `SessionSealed` of the same id. */
export interface OpenSessions {
  readonly count: number;
  /** Ids of the first 64, in the order in which they began. */
  readonly listed: readonly string[];
  /** Beginnings that were not followed: more than 4,096 were open, or the id has more than 256 bytes. */
  readonly unfollowed: number;
}

/** Events by the seqs of the first and the last of them. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** Which part of a ledger in several files one of them is. */
export interface Segments {
  /** Events in this file. */
  readonly seen: SeqRange;
  /** Events before them: in other files, or removed. */
  readonly missing: SeqRange | null;
  /** Others follow, or may, in files that were not looked at. */
  readonly later: boolean;
}

/** A file of a ledger in several ones. */
export interface SegmentReport {
  readonly path: string;
  /** Seq of its first and last event; null when it has none. */
  readonly first: number | null;
  readonly last: number | null;
  readonly events: number;
  readonly bytes: number;
  /** SHA-256 of the file; null when it was not read to its end, or not from its beginning. */
  readonly sha256: string | null;
}

/** A {@link SegmentsReport} as plain JSON. */
export interface SegmentsReportJson extends ReportJson {
  readonly files: readonly SegmentReport[];
  readonly gaps: readonly SeqRange[];
  readonly orphans: readonly string[];
  readonly foreign: readonly string[];
}

/** A report as plain JSON, as the command line prints it. Nanoseconds are decimal strings. */
export interface ReportJson {
  readonly schemaVersion: 1;
  readonly ok: boolean;
  readonly verdict: Verdict;
  readonly eventCount: number;
  readonly brokenAt: number | null;
  readonly line: number | null;
  readonly byteOffset: number | null;
  readonly code: FaultCode | null;
  readonly reason: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  readonly rootHash: string;
  readonly firstHash: string | null;
  readonly head: Head | null;
  readonly startedAfter: Head | null;
  readonly resumed: Resumed | null;
  readonly segments: Segments | null;
  readonly signers: readonly ReportSigner[];
  readonly unlistedSignerEvents: number;
  readonly checks: ReportChecks;
  readonly tail: { readonly offset: number; readonly bytes: number } | null;
  readonly events: 'core' | 'extended';
  readonly kinds: Readonly<Record<string, number>>;
  readonly unknownKinds: Readonly<Record<string, number>>;
  readonly openSessions: OpenSessions | null;
  readonly erased: number;
  readonly warnings: readonly { readonly code: WarningCode; readonly count: number; readonly firstLine: number }[];
  readonly timeRange: { readonly from: string; readonly to: string } | null;
  readonly bytes: number;
  readonly sha256: string | null;
}

/** What a verification found. `ok` is false only when the ledger is proven broken; `verdict` says more. */
export class ChainReport {
  /** Version of this report's form. */
  readonly schemaVersion: 1;
  /** False only for the verdict `'broken'`. */
  readonly ok: boolean;
  readonly verdict: Verdict;
  /** Events accepted before the first fault. */
  readonly eventCount: number;
  /** Seq expected where the ledger breaks; null when it does not. */
  readonly brokenAt: number | null;
  /** Line where it breaks, from 1. */
  readonly line: number | null;
  /** Offset of that line's first byte, from 0. */
  readonly byteOffset: number | null;
  /** How it is broken. */
  readonly code: FaultCode | null;
  /** The same in words. */
  readonly reason: string | null;
  /** What should stand there, where one thing should. */
  readonly expected: string | null;
  /** What stands there. */
  readonly found: string | null;
  /** `self_hash` of the last accepted event; 64 zeros if there is none. */
  readonly rootHash: string;
  /** `self_hash` of the event with seq 0: what tells one ledger from another. Null when it is not here. */
  readonly firstHash: string | null;
  /** The last accepted event. */
  readonly head: Head | null;
  /** The event that the caller trusted and the first one here follows; null for a ledger from its beginning. */
  readonly startedAfter: Head | null;
  /**
   * What an earlier verification found and this one did not look at again, though it is counted here; null when
   * everything was checked now.
   */
  readonly resumed: Resumed | null;
  /**
   * Which part of a ledger this file is, when it is a segment by its name, or continues segments beside it: never
   * `'verified'` by itself. Null for a ledger in one file, and of all segments together.
   */
  readonly segments: Segments | null;
  /** Who signed, at most 64 of them, in order of appearance. */
  readonly signers: readonly ReportSigner[];
  /** Events signed by keys beyond those 64. */
  readonly unlistedSignerEvents: number;
  readonly checks: ReportChecks;
  /** Bytes at the end that are no event yet, such as of a record cut off by a crash. Not part of the verdict. */
  readonly tail: { readonly offset: number; readonly bytes: number } | null;
  /** `'core'` when only the seven core kinds were found. */
  readonly events: 'core' | 'extended';
  /** Events of each kind that this version knows. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Kinds that this version does not know, and how many events of each: chained and signed, payload not checked. */
  readonly unknownKinds: Readonly<Record<string, number>>;
  /** Sessions without an end; null for a ledger of core kinds, which has no event that would say so. */
  readonly openSessions: OpenSessions | null;
  /** `PayloadErased` events: values that the ledger has commitments to and that are said to be deleted. */
  readonly erased: number;
  readonly warnings: readonly { readonly code: WarningCode; readonly count: number; readonly firstLine: number }[];
  /** Least and greatest timestamp, in nanoseconds since 1970. */
  readonly timeRange: { readonly from: bigint; readonly to: bigint } | null;
  /** Bytes read; on a fault, those before it. */
  readonly bytes: number;
  /** SHA-256 of the bytes read, 64 hex digits; null on a fault, and when not all were read now. */
  readonly sha256: string | null;

  /**
   * Makes a report from its plain JSON form.
   *
   * @throws TypeError `ERR_INVALID_ARGUMENT` for what cannot be one; its other members are taken as they are
   */
  constructor(json: ReportJson) {
    if (typeof json !== 'object' || json === null) throw invalidArgument(`a report must be an object, found ${show(json)}`);
    this.schemaVersion = json.schemaVersion;
    this.ok = json.ok;
    this.verdict = json.verdict;
    this.eventCount = json.eventCount;
    this.brokenAt = json.brokenAt;
    this.line = json.line;
    this.byteOffset = json.byteOffset;
    this.code = json.code;
    this.reason = json.reason;
    this.expected = json.expected;
    this.found = json.found;
    this.rootHash = json.rootHash;
    this.firstHash = json.firstHash;
    this.head = json.head;
    this.startedAfter = json.startedAfter;
    this.resumed = json.resumed;
    this.segments = json.segments;
    this.signers = json.signers;
    this.unlistedSignerEvents = json.unlistedSignerEvents;
    this.checks = json.checks;
    this.tail = json.tail;
    this.events = json.events;
    this.kinds = json.kinds;
    this.unknownKinds = json.unknownKinds;
    this.openSessions = json.openSessions;
    this.erased = json.erased;
    this.warnings = json.warnings;
    this.timeRange = json.timeRange && { from: nanosOf(json.timeRange.from), to: nanosOf(json.timeRange.to) };
    this.bytes = json.bytes;
    this.sha256 = json.sha256;
    if (new.target === ChainReport) Object.freeze(this);
  }

  /** The report as plain JSON. */
  toJSON(): ReportJson {
    const { timeRange } = this;
    return { ...this, timeRange: timeRange && { from: String(timeRange.from), to: String(timeRange.to) } };
  }
}

/** What a verification of a ledger in several files found. Lines and offsets are those of all files together. */
export class SegmentsReport extends ChainReport {
  /** Files of the chain in their order, up to the one with a fault. */
  readonly files: readonly SegmentReport[];
  /** Events that are in no file; behind a fault, as far as first lines and names tell. */
  readonly gaps: readonly SeqRange[];
  /** Segments that are no part of the chain: in front of its start, behind a gap or a fault, or inside of another one. */
  readonly orphans: readonly string[];
  /** Other files beside them with the extension of the ledger. */
  readonly foreign: readonly string[];

  /** Makes a report from its plain JSON form. */
  constructor(json: SegmentsReportJson) {
    super(json);
    this.files = json.files;
    this.gaps = json.gaps;
    this.orphans = json.orphans;
    this.foreign = json.foreign;
    Object.freeze(this);
  }

  /** The report as plain JSON. */
  override toJSON(): SegmentsReportJson {
    const { files, gaps, orphans, foreign } = this;
    return { ...super.toJSON(), files, gaps, orphans, foreign };
  }
}

/** Nanoseconds since 1970, in digits. */
function nanosOf(digits: unknown): bigint {
  if (typeof digits !== 'string' || !/^\d{1,20}$/.test(digits)) throw invalidArgument(`timeRange of a report must be in digits, found ${show(digits)}`);
  return BigInt(digits);
}
