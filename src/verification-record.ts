/*
 * The record of a verification: who looked at what, how, when and with which tool, and what came out, signed with the
 * auditor's own key.
 *
 *   {"publicKey": "…", "signature": "…", "statement": {"schemaVersion": 1, "rules": 1, "tool": …, "time": …,
 *    "subject": …, "options": …, "report": …}}
 *
 * docs/format.md says what is signed, schemas/verification-record.schema.json what stands in it. The native side signs
 * and checks; what a key is made to sign here can be no event.
 */

import { createReadStream } from 'node:fs';
import { checkOptions, checkSignal, checkString, invalidArgument, type PathLike, show } from './args.js';
import { builtin } from './builtin.js';
import { ledgerError, wrap } from './errors.js';
import { nativeKeyOf, type SigningKeypair } from './keys.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import { ChainReport, type Head, type ReportJson, SegmentsReport, type SegmentsReportJson } from './report.js';
import { resolveSigners, type SignerInput } from './signers.js';
import { CHECKS, checksOf, type VerifyFileOptions } from './verify.js';

/** One file, or stream, that was verified. */
export interface VerifiedFile {
  /** As whoever verified it calls it. */
  readonly name: string;
  readonly bytes: number;
  /** Null where nobody knows. */
  readonly sha256: string | null;
  /**
   * `'verification'`: digest and size are of the very bytes that were verified. `'file'`: of the whole file, read once
   * more behind the verification, since a fault or a state ended that before it had read everything.
   */
  readonly source: 'verification' | 'file';
}

/** What was verified. */
export interface VerificationSubject {
  /** As whoever verified it calls it. */
  readonly name: string;
  /** In the order of the chain. */
  readonly files: readonly VerifiedFile[];
}

/** The options that decided what was checked, defaults included; null where nothing was given. */
export interface VerificationOptions {
  /** Public keys in hex. */
  readonly signers: readonly string[] | null;
  readonly expectedHead: Head | null;
  readonly expectedFirst: string | null;
  readonly startAfter: Head | null;
  readonly signatures: 'all' | 'last';
  readonly events: 'core' | 'extended';
  readonly spelling: 'any' | 'exact';
  readonly maxLineBytes: number;
}

/** What a record says. All of it is what whoever signed it claims, the time too: no clock but theirs was asked. */
export interface VerificationRecord {
  readonly schemaVersion: 1;
  /** Version of the rules that a ledger was held against: that of its format. */
  readonly rules: 1;
  readonly tool: { readonly name: string; readonly version: string };
  /** ISO 8601, in UTC. */
  readonly time: string;
  readonly subject: VerificationSubject;
  readonly options: VerificationOptions;
  readonly report: ReportJson | SegmentsReportJson;
}

/** Arguments of {@link signVerification}. */
export interface SignVerificationFields {
  readonly report: ChainReport;
  /** What was verified: see {@link subjectOf}. */
  readonly subject: VerificationSubject;
  /** The options that the verification was given. Of a state only its effect is recorded: `report.resumed`. */
  readonly options?: VerifyFileOptions | undefined;
  /** The auditor's own key, which is none of the ledger's. */
  readonly keypair: SigningKeypair;
}

/** Options of {@link checkVerification}. */
export interface CheckVerificationOptions {
  /** Who may have signed the record: keys of auditors. Without it the record itself says who did. */
  readonly signers?: SignerInput | readonly SignerInput[] | undefined;
}

/** A record whose signature holds. */
export interface CheckedVerification {
  /** Who signed it: 64 lower-case hex digits. */
  readonly publicKey: string;
  /** `'self-asserted'`: no `signers` were given, so anybody may have made it. */
  readonly signer: 'pinned' | 'self-asserted';
  readonly record: VerificationRecord;
}

/**
 * Signs what a verification found; gives the text of a JSON document, which ends in an LF. Store it as it is or spelled
 * anew: its values are signed, not its bytes.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT` (also for options that cannot be those of the report), `ERR_JSON_STRING`,
 * `ERR_PUBLIC_KEY`; RangeError `ERR_OUT_OF_RANGE`
 */
export function signVerification(fields: SignVerificationFields): string {
  const given = checkOptions(fields, ['report', 'subject', 'options', 'keypair'], 'signVerification');
  const key = nativeKeyOf(given.keypair, 'keypair');
  if (!(given.report instanceof ChainReport)) throw invalidArgument(`report must be a ChainReport, found ${show(given.report)}`);
  const options = recordedOptions(given.options);
  const report = given.report.toJSON();
  checkBelongs(options, report);
  const { version } = require('../package.json') as { readonly version: string };
  const record: VerificationRecord = {
    schemaVersion: 1,
    rules: 1,
    tool: { name: 'sealwright', version },
    time: new Date().toISOString(),
    subject: checkSubject(given.subject),
    options,
    report,
  };
  const document = wrap(() => key.signVerificationRecord(JSON.stringify(record)));
  return `${JSON.stringify(JSON.parse(document), null, 2)}\n`;
}

/**
 * Reads a record and checks its signature. It proves that whoever holds the key said so, not that it is true, nor when:
 * verify the files of `subject` again to know.
 *
 * @throws {@link LedgerError} `ERR_RECORD_INVALID` (no record), `ERR_RECORD_SIGNATURE` (changed), `ERR_RECORD_SIGNER`
 * (signed by none of `signers`), `ERR_PUBLIC_KEY` (a file of `signers` cannot be read); TypeError
 * `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`
 */
export function checkVerification(text: string, options?: CheckVerificationOptions): CheckedVerification {
  checkString(text, 'text');
  const given = checkOptions(options, ['signers'], 'checkVerification');
  const signers = given.signers === undefined ? [] : resolveSigners(given.signers);
  const [publicKey = '', statement = ''] = wrap(() => native.checkVerificationRecord(text, signers));
  const record: unknown = JSON.parse(statement);
  if (!isRecord(record)) throw ledgerError('ERR_RECORD_INVALID', 'signed, but no record of a verification of version 1');
  return { publicKey, signer: signers.length > 0 ? 'pinned' : 'self-asserted', record };
}

/**
 * The subject of a verification that gave this report: for {@link verifyFile} its path, for {@link verifySegments} what it
 * was given. Digests come from the report where it has them; where not, the files are read once more, whole.
 *
 * Rejects with errors of the file system, `signal.reason`, and TypeError `ERR_INVALID_ARGUMENT`.
 */
export async function subjectOf(
  where: PathLike | readonly PathLike[],
  report: ChainReport,
  options?: { readonly signal?: AbortSignal | undefined },
): Promise<VerificationSubject> {
  const paths = (Array.isArray(where) ? where : [where]).map((path: unknown) => toPath(path, 'path'));
  const signal = checkSignal(checkOptions(options, ['signal'], 'subjectOf').signal, 'signal');
  if (!(report instanceof ChainReport)) throw invalidArgument(`report must be a ChainReport, found ${show(report)}`);
  const [path = ''] = paths;
  const parts = report instanceof SegmentsReport ? report.files : [{ path, bytes: report.bytes, sha256: report.sha256 }];
  const files: VerifiedFile[] = [];
  for (const { path: name, bytes, sha256 } of parts) {
    if (sha256 === null) files.push({ name, ...(await digestOf(name, signal)), source: 'file' });
    else files.push({ name, bytes, sha256, source: 'verification' });
  }
  return { name: paths.join(', '), files };
}

/** Size and SHA-256 of a whole file. */
async function digestOf(path: string, signal: AbortSignal | undefined): Promise<{ bytes: number; sha256: string }> {
  const hash = builtin.crypto.createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(path, { signal })) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Options that say nothing about what was checked. */
const BESIDE = ['state', 'stateKey', 'full', 'signal', 'onProgress'] as const;
const DEFAULT_MAX_LINE_BYTES = 16 * 1024 * 1024;

function recordedOptions(value: unknown): VerificationOptions {
  const { state: _, stateKey: __, full: ___, signal: ____, onProgress: _____, ...deciding } = checkOptions(value, [...CHECKS, ...BESIDE], 'options');
  const given = JSON.parse(checksOf(deciding)) as Partial<VerificationOptions>;
  return {
    signers: given.signers ?? null,
    expectedHead: given.expectedHead ?? null,
    expectedFirst: given.expectedFirst ?? null,
    startAfter: given.startAfter ?? null,
    signatures: given.signatures ?? 'all',
    events: given.events ?? 'extended',
    spelling: given.spelling ?? 'any',
    maxLineBytes: given.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES,
  };
}

/** Options of another verification would make the record say what was never checked. */
function checkBelongs(options: VerificationOptions, { checks, startedAfter }: ReportJson): void {
  const differing = [
    ['signers', (options.signers !== null) !== (checks.signer === 'pinned')],
    ['signatures', options.signatures !== checks.signatures.mode],
    ['expectedHead', options.expectedHead === null && checks.head === 'matched'],
    ['expectedFirst', options.expectedFirst === null && checks.first === 'matched'],
    ['startAfter', options.startAfter !== null && startedAfter !== null && options.startAfter.seq !== startedAfter.seq],
  ] as const;
  for (const [name, differs] of differing) {
    if (differs) throw invalidArgument(`options.${name} is not what the report is of: give the options of that verification`);
  }
}

function checkSubject(value: unknown): VerificationSubject {
  if (!isSubject(value)) throw invalidArgument(`subject must be {name, files}, found ${show(value)}: see subjectOf`);
  const files = value.files.map(({ name, bytes, sha256, source }) => ({ name: checkString(name, 'subject.files.name'), bytes, sha256, source }));
  return { name: checkString(value.name, 'subject.name'), files };
}

function isSubject(value: unknown): value is VerificationSubject {
  return hasShape(value, { name: isText, files: (files) => Array.isArray(files) && files.every(isVerifiedFile) });
}

function isVerifiedFile(value: unknown): boolean {
  const isDigest = (digest: unknown) => digest === null || (isText(digest) && /^[0-9a-f]{64}$/.test(digest));
  const isSource = (source: unknown) => source === 'verification' || source === 'file';
  return hasShape(value, { name: isText, bytes: isCount, sha256: isDigest, source: isSource });
}

function isRecord(value: unknown): value is VerificationRecord {
  return hasShape(value, {
    schemaVersion: (version) => version === 1,
    rules: (version) => version === 1,
    tool: (tool) => hasShape(tool, { name: isText, version: isText }),
    time: (time) => isText(time) && !Number.isNaN(Date.parse(time)),
    subject: isSubject,
    options: (options) => typeof options === 'object' && options !== null && CHECKS.every((name) => name in options),
    report: isReport,
  });
}

function isReport(value: unknown): boolean {
  try {
    return hasShape(new ChainReport(value as ReportJson), { schemaVersion: (version) => version === 1, verdict: isText, eventCount: isCount });
  } catch {
    return false;
  }
}

function hasShape(value: unknown, shape: Readonly<Record<string, (member: unknown) => boolean>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(shape).every(([name, isRight]) => isRight((value as Readonly<Record<string, unknown>>)[name]));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
