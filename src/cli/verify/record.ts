/*
 * `--record`: what was verified and what was found, signed by the auditor.
 */

import { realpath } from 'node:fs/promises';
import { type SigningKeypair, signVerification, subjectOf, type VerificationSubject, type VerifyFileOptions } from '../../index.js';
import { writeWhole } from '../files.js';
import type { Outcome } from './outcome.js';

/** Signs an outcome and keeps it in a file. Of what could not be checked there is no record. */
export async function keepRecord(
  file: string,
  outcome: Outcome & { readonly kind: 'checked' },
  known: VerificationSubject | undefined,
  options: VerifyFileOptions,
  keypair: SigningKeypair,
): Promise<void> {
  const { report } = outcome;
  const subject = known ?? (await subjectOfOutcome(outcome, options.signal));
  await writeWhole(file, signVerification({ report, subject, options, keypair }), [outcome.subject.word]);
}

/** Of bytes that came in a stream nobody knows more than was read. */
async function subjectOfOutcome(
  { subject: { word, label, isFile }, report }: Outcome & { readonly kind: 'checked' },
  signal: AbortSignal | undefined,
): Promise<VerificationSubject> {
  if (isFile) return { ...(await subjectOf(await realpath(word).catch(() => word), report, { signal })), name: word };
  return { name: label, files: [{ name: label, bytes: report.bytes, sha256: report.sha256, source: 'verification' }] };
}
