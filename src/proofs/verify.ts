/*
 * Verifying proofs: offline, by a policy that the caller brings. A proof that does not hold is a report with problems; only
 * a policy or an argument that is none throws.
 */

import { checkOptions, checkString, checkStrings } from '../args.js';
import { wrap } from '../errors.js';
import { native } from '../native.js';
import { isSignedEvent, type SignedEvent } from '../signed-event.js';
import { resolveSigners, type SignerInput } from '../signers.js';
import type { ConsistencyReport, InclusionReport, ShownCheckpoint } from './report.js';

/** Options of {@link openCheckpoint}. */
export interface OpenCheckpointOptions {
  /** Whose checkpoints are taken, and how many witnesses it needs: the text of a policy (c2sp.org/tlog-policy). */
  readonly policy: string;
}

/** Options of {@link verifyInclusion}. */
export interface VerifyInclusionOptions {
  /** Whose checkpoints are taken, and how many witnesses it needs: the text of a policy (c2sp.org/tlog-policy). */
  readonly policy: string;
  /** The event that the proof is to be about: its line, or the event; or `'extra'` for the one that the proof brings. */
  readonly event: string | SignedEvent | 'extra';
  /** Who may have sealed the event. Without it the event itself says who did. */
  readonly signers?: SignerInput | readonly SignerInput[] | undefined;
}

/** Arguments of {@link verifyConsistency}. */
export interface VerifyConsistencyFields {
  /** The earlier checkpoint, a signed note. */
  readonly from: string;
  /** The later one. */
  readonly to: string;
  /** The hashes that {@link proveConsistency} gave, 64 lower-case hex digits each. */
  readonly proof: readonly string[];
  /** Whose checkpoints are taken: the text of a policy. */
  readonly policy: string;
}

/**
 * What a signed checkpoint says, if the policy takes it.
 *
 * @param note a checkpoint with its signatures (c2sp.org/tlog-checkpoint)
 * @throws `ProofError` `ERR_NOTE_MALFORMED`, `ERR_CHECKPOINT_MALFORMED`, `ERR_NOTE_SIGNATURE` (one by a key of the
 * policy does not hold), `ERR_NOTE_UNTRUSTED` (not signed by a log of the policy), `ERR_QUORUM_MISSING`,
 * `ERR_POLICY_MALFORMED`; `SelfTestError`; TypeError `ERR_INVALID_ARGUMENT`
 */
export function openCheckpoint(note: string, options: OpenCheckpointOptions): ShownCheckpoint {
  const text = checkString(note, 'note');
  const policy = checkString(checkOptions(options, ['policy'], 'openCheckpoint').policy, 'policy');
  return JSON.parse(wrap(() => native.openCheckpoint(text, policy))) as ShownCheckpoint;
}

/**
 * Checks that an event is in a log: its own hash, signature, signer and place; that its leaf leads to the root of the
 * checkpoint; that the policy takes the checkpoint.
 *
 * @param proof the text of a proof (c2sp.org/tlog-proof)
 * @throws `ProofError` `ERR_POLICY_MALFORMED`; `SelfTestError`; TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`
 */
export function verifyInclusion(proof: string, options: VerifyInclusionOptions): InclusionReport {
  const text = checkString(proof, 'proof');
  const given = checkOptions(options, ['policy', 'event', 'signers'], 'verifyInclusion');
  const policy = checkString(given.policy, 'policy');
  const line = lineOf(given.event);
  const signers = given.signers === undefined ? [] : resolveSigners(given.signers);
  return JSON.parse(wrap(() => native.verifyInclusion(text, policy, line, signers))) as InclusionReport;
}

/**
 * Checks that a log only grew from one checkpoint to another.
 *
 * @throws `ProofError` `ERR_POLICY_MALFORMED`; `SelfTestError`; TypeError `ERR_INVALID_ARGUMENT`
 */
export function verifyConsistency(fields: VerifyConsistencyFields): ConsistencyReport {
  const given = checkOptions(fields, ['from', 'to', 'proof', 'policy'], 'verifyConsistency');
  const from = checkString(given.from, 'from');
  const to = checkString(given.to, 'to');
  const policy = checkString(given.policy, 'policy');
  const proof = checkStrings(given.proof, 'proof');
  return JSON.parse(wrap(() => native.verifyConsistency(from, to, proof, policy))) as ConsistencyReport;
}

function lineOf(event: unknown): string | undefined {
  if (event === 'extra') return undefined;
  if (isSignedEvent(event)) return event.toLine();
  return checkString(event, 'event', "a line, a SignedEvent or 'extra'").replace(/\n$/, '');
}
