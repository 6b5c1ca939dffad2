/*
 * Evidence of forks: two checkpoints that one log signed and no one history has. A third party checks it by the log's key
 * alone.
 */

import { checkOptions, checkString, checkStrings } from '../args.js';
import { wrap } from '../errors.js';
import { native } from '../native.js';
import type { ForkReport } from './report.js';

/** Options of {@link verifyForkEvidence}. */
export interface VerifyForkEvidenceOptions {
  /** Whose signature it has to be: the `log` lines of a policy (c2sp.org/tlog-policy). Witnesses play no part in it. */
  readonly policy: string;
}

/** Arguments of {@link makeForkEvidence}. */
export interface MakeForkEvidenceFields {
  /** A checkpoint, a signed note. */
  readonly one: string;
  /** Another one, in whatever order. */
  readonly other: string;
  /** Where the sizes differ: the consistency proof from the smaller size to the larger tree, 64 lower-case hex digits each. */
  readonly proof?: readonly string[] | undefined;
  /**
   * Where the smaller size is a power of two, which the proof does not show: the root of so many leaves of the larger
   * tree, 64 lower-case hex digits.
   */
  readonly root?: string | undefined;
  /** Whose checkpoints they are: the text of a policy. */
  readonly policy: string;
}

/**
 * Checks evidence that a log has signed two histories. Bytes that are no evidence are a report with problems.
 *
 * @param text the file, as {@link makeForkEvidence} and a witness write it
 * @throws `ProofError` `ERR_POLICY_MALFORMED`; `SelfTestError`; TypeError `ERR_INVALID_ARGUMENT`
 */
export function verifyForkEvidence(text: string, options: VerifyForkEvidenceOptions): ForkReport {
  const evidence = checkString(text, 'text');
  const policy = checkString(checkOptions(options, ['policy'], 'verifyForkEvidence').policy, 'policy');
  return JSON.parse(wrap(() => native.verifyForkEvidence(evidence, policy))) as ForkReport;
}

/**
 * The evidence that two checkpoints of a log are; null if one history can have both, or nothing given shows that none can.
 * Both are to be signed by a log of the policy.
 *
 * @throws `ProofError` `ERR_NOTE_MALFORMED`, `ERR_POLICY_MALFORMED`; `SelfTestError`; TypeError
 * `ERR_INVALID_ARGUMENT`
 */
export function makeForkEvidence(fields: MakeForkEvidenceFields): string | null {
  const given = checkOptions(fields, ['one', 'other', 'proof', 'root', 'policy'], 'makeForkEvidence');
  const one = checkString(given.one, 'one');
  const other = checkString(given.other, 'other');
  const policy = checkString(given.policy, 'policy');
  const root = given.root === undefined ? undefined : checkString(given.root, 'root');
  const proof = given.proof === undefined ? [] : checkStrings(given.proof, 'proof');
  return wrap(() => native.makeForkEvidence(one, other, policy, root, proof));
}
