/*
 * One input of `verify` and what came of it.
 */

import type { EvidenceClaims } from '../../evidence/index.js';
import type { ChainReport } from '../../index.js';
import { ExitCode } from '../exit-code.js';
import type { Findings } from './findings.js';

/** What is verified. */
export interface Subject {
  /** As it was given. */
  readonly word: string;
  /** As it is shown. */
  readonly label: string;
  /** Files that can be read once more. */
  readonly isFile: boolean;
  /** A folder or a pattern: everything in it matters. */
  readonly isFolder: boolean;
  /** What an evidence pack says of itself: nobody believes it. */
  readonly claims?: Claims | undefined;
}

/** Keys and a head that a pack names. */
export type Claims = Pick<EvidenceClaims, 'keys' | 'head'>;

/** How a verification ended. */
export type Outcome =
  | {
      readonly kind: 'checked';
      readonly subject: Subject;
      readonly report: ChainReport;
      readonly findings: Findings;
      readonly compression: string | null;
    }
  | {
      readonly kind: 'failed';
      readonly subject: Subject;
      readonly code: string | null;
      readonly message: string;
      readonly line: number | null;
      readonly byteOffset: number | null;
      /** What was found before, if anything was. */
      readonly report: ChainReport | null;
    };

/** What it ends with. */
export function exitCodeOf(outcome: Outcome): ExitCode {
  return outcome.kind === 'failed' ? ExitCode.failed : outcome.findings.exitCode;
}
