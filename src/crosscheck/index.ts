/*
 * Crosscheck: a second opinion on a ledger, in JavaScript alone, for Node.js and browsers.
 *
 * Written from docs/format.md. It shares no rule with the native core, only containers: the report, the error classes
 * and float(). Nothing native is loaded, and nothing at all when this module is.
 */

import { canonicalBytes } from './canonical.js';
import { treeOf } from './values.js';

export type { PathLike } from '../args.js';
export {
  ChainError,
  type ErrorCode,
  LedgerError,
  SealwrightError,
  SealwrightRangeError,
  SealwrightTypeError,
} from '../errors.js';
export { type Float, float } from '../float.js';
export {
  ChainReport,
  type FaultCode,
  type Head,
  type ReportChecks,
  type ReportJson,
  type ReportSigner,
  type Resumed,
  type Segments,
  type SeqRange,
  type Verdict,
  type WarningCode,
} from '../report.js';
export type { SignerInput } from '../signers.js';
export type { VerifyChecks, VerifyOptions, VerifyProgress, VerifyStreamOptions } from '../verify.js';
export type { ByteReader, ByteStream, Ledger } from './ledger.js';
export { verifyFile, verifyLines } from './verify.js';

/**
 * The canonical JSON of a value, as UTF-8: what `canonicalJson` of the main package gives, with the same errors.
 * {@link float} tells `1.0` from `1`; the main package's is the same function.
 *
 * @throws TypeError `ERR_JSON_UNSUPPORTED`, `ERR_JSON_STRING` for values that are not JSON; RangeError
 * `ERR_JSON_NUMBER`, `ERR_DEPTH_EXCEEDED` (127 levels); each with the `path` of the value
 */
export function canonicalJson(value: unknown): Uint8Array {
  return canonicalBytes(treeOf(value));
}
