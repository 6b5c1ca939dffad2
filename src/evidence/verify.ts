/*
 * Verifying the ledger of a pack, with what the caller knows and with nothing that the pack says.
 */

import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkOptions, checkSignal, invalidArgument, type PathLike, show } from '../args.js';
import { ChainError, LedgerError } from '../errors.js';
import { toPath } from '../paths.js';
import { ChainReport, type ReportJson, SegmentsReport, type SegmentsReportJson } from '../report.js';
import type { VerificationSubject } from '../verification-record.js';
import { CHECKS, verifySegments, verifyStream, type VerifyOptions } from '../verify.js';
import type { Evidence, EvidenceClaims, EvidenceEntry } from './evidence.js';
import { LEDGER, SEGMENTS } from './names.js';
import { openEvidence } from './open.js';

/** Options of {@link verifyEvidence}. */
export interface VerifyEvidenceOptions extends VerifyOptions {
  /** Bytes that the pack may hold when it is unpacked. Default 16 GiB. */
  readonly maxBytes?: number | undefined;
  /** Where the files of a ledger in several ones are unpacked to, in a folder of their own. Default that of the system. */
  readonly temporaryFolder?: PathLike | undefined;
}

/** What came of the ledger in a pack. */
export interface VerifiedEvidence {
  /** A {@link SegmentsReport} for a ledger in several files, which are called as in the pack. */
  readonly report: ChainReport;
  /** What the pack says of itself, believed in nothing. */
  readonly claims: EvidenceClaims;
  /** Every file of the pack but the manifest. Each one is what the manifest says, but for its pages, which are not read. */
  readonly entries: readonly EvidenceEntry[];
  /** For `signVerification`. */
  readonly subject: VerificationSubject;
}

/**
 * Verifies the ledger in a pack, off this thread and in constant memory. Keys, head and report of the pack decide
 * nothing: they come back as `claims`. Without `signers` and `expectedHead`, which you got from somebody else, the ledger can
 * only be consistent with itself.
 *
 * A ledger in one file is verified as it is unpacked. One in several is unpacked first, into a folder that only this user
 * can read, mode 0700, which is removed whatever happens.
 *
 * Rejects as {@link openEvidence} and as {@link verifySegments}, and with the system's error when there is no room to unpack.
 * A pack that is damaged or was tampered with is `ERR_EVIDENCE_DIGEST`, even where its ledger is broken as well.
 */
export async function verifyEvidence(path: PathLike, options?: VerifyEvidenceOptions): Promise<VerifiedEvidence> {
  const file = toPath(path, 'path');
  const { maxBytes, temporaryFolder, onProgress, ...checks } = checkOptions(options, OPTIONS, 'verifyEvidence') as VerifyEvidenceOptions;
  const signal = checkSignal(checks.signal, 'signal');
  const folder = temporaryFolder === undefined ? tmpdir() : toPath(temporaryFolder, 'temporaryFolder');
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument(`onProgress must be a function, found ${show(onProgress)}`);
  }
  const evidence = await openEvidence(file, { maxBytes, signal });
  try {
    const isOne = evidence.ledger.some(({ name }) => name === LEDGER);
    const report = isOne ? await verifyOne(evidence, checks, onProgress) : await verifyMany(evidence, folder, { ...checks, onProgress });
    signal?.throwIfAborted();
    const { claims, entries, ledger } = evidence;
    return { report, claims, entries, subject: { name: file, files: ledger.map((entry) => ({ ...entry, source: 'verification' })) } };
  } finally {
    await evidence.close();
  }
}

const OPTIONS = [...CHECKS, 'signal', 'onProgress', 'maxBytes', 'temporaryFolder'] as const;

async function verifyOne(evidence: Evidence, checks: VerifyOptions, onProgress: VerifyOptions['onProgress']): Promise<ChainReport> {
  const totalBytes = evidence.ledger[0]?.bytes ?? 0;
  const pieces = evidence.read(LEDGER);
  let bytes = 0;
  const counted = {
    async next() {
      const next = await pieces.next();
      if (next.done !== true) {
        bytes += next.value.length;
        onProgress?.({ bytes, totalBytes, events: 0 });
      }
      return next;
    },
  };
  try {
    // A verifier that has found a fault leaves: the rest is read here, for the manifest says what all of it is.
    const outcome = await settled(verifyStream({ [Symbol.asyncIterator]: () => counted }, checks));
    if (checks.signal?.aborted !== true) for await (const _ of pieces) checks.signal?.throwIfAborted();
    return outcome();
  } finally {
    await pieces.return();
  }
}

async function settled<Value>(promise: Promise<Value>): Promise<() => Value> {
  try {
    const value = await promise;
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

async function verifyMany(evidence: Evidence, parent: string, options: VerifyOptions): Promise<SegmentsReport> {
  const folder = await mkdtemp(join(parent, 'sealwright-evidence-'));
  try {
    for (const { name } of evidence.ledger) {
      const target = createWriteStream(join(folder, basename(name)), { flags: 'wx', mode: 0o600 });
      const read = pipeline(evidence.read(name), target, ...(options.signal === undefined ? [] : [{ signal: options.signal }]));
      await read.catch((error: unknown) => {
        options.signal?.throwIfAborted();
        throw error;
      });
    }
    return named(await verifySegments(folder, options), folder);
  } catch (error) {
    throw renamed(error, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The report with the names that the files have in the pack. */
function named(report: SegmentsReport, folder: string): SegmentsReport {
  return new SegmentsReport(inPack(report.toJSON(), folder) as SegmentsReportJson);
}

/** The same of what stopped a verification. */
function renamed(error: unknown, folder: string): unknown {
  if (!(ChainError.is(error) || LedgerError.is(error))) return error;
  error.message = inPack(error.message, folder) as string;
  if (error.report !== undefined) {
    Object.assign(error, { report: new ChainReport(inPack(error.report.toJSON(), folder) as ReportJson) });
  }
  return error;
}

/** A value of JSON in which nothing names the folder. */
function inPack(value: unknown, folder: string): unknown {
  if (typeof value === 'string') return value.replaceAll(folder + sep, SEGMENTS).replaceAll(folder, SEGMENTS);
  if (Array.isArray(value)) return value.map((item) => inPack(item, folder));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inPack(item, folder)]));
}
