/*
 * What ends the reading of a ledger: a fault, which proves it broken, or bytes that cannot be read, which prove
 * nothing. Both are thrown inside of crosscheck only; neither reaches the caller.
 */

import type { ErrorCode } from '../errors.js';
import type { FaultCode } from '../report.js';
import { writeCanonical } from './canonical.js';
import { type JsonValue, pathInto, type Trail } from './json.js';

/** A fault, and what the report says of it. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly expected: string | null;
  readonly found: string | null;
  /** How many of a report's checks the line has passed: `parse`, `fields`, `links`, `hashes`. */
  readonly passed: number;

  constructor(
    code: FaultCode,
    reason: string,
    expected: string | null = null,
    found: string | null = null,
    passed: number = PASSED[code],
  ) {
    super(reason);
    this.passed = passed;
    this.code = code;
    this.expected = expected;
    this.found = found === null ? null : shortened(found);
  }
}

/** A line that is no JSON object within the limits. */
export class Unreadable extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, what: string) {
    super(what);
    this.code = code;
  }
}

/** A value of a line in a report. */
export function shown(value: JsonValue): string {
  let text = '';
  writeCanonical(value, (part) => {
    if (text.length <= 2 * LONGEST_FOUND) text += part;
  });
  return text;
}

/** The same of a string, without quotes. */
export function shownText(text: string): string {
  // Enough to be cut: the string may be as long as a line.
  return shown(text.slice(0, 4 * LONGEST_FOUND)).slice(1, -1);
}

/** Where in a line something was found; keys and path are cut where they are long. */
export function shownPath(trail: Trail): string {
  let path = '';
  for (const step of trail) {
    if (path.length > LONGEST_PATH) return `${path}...`;
    path = pathInto(path, typeof step === 'string' ? shortened(step) : step);
  }
  return path;
}

const PASSED: Readonly<Record<FaultCode, number>> = {
  duplicate_key: 1,
  unsigned_field: 1,
  missing_field: 1,
  wrong_type: 1,
  out_of_range: 1,
  non_canonical_hex: 1,
  unexpected_kind: 1,
  seq_mismatch: 2,
  parent_mismatch: 2,
  hash_mismatch: 3,
  bad_signature: 4,
  untrusted_signer: 4,
  rotation_unendorsed: 4,
  first_mismatch: 4,
  spelling: 4,
  head_mismatch: 0,
  segment_mismatch: 0,
  segment_missing: 0,
};

/** Characters of what was found that a report shows. */
const LONGEST_FOUND = 80;

const LONGEST_PATH = 400;

function shortened(text: string): string {
  const characters = Array.from(text.slice(0, 2 * LONGEST_FOUND + 2));
  return characters.length > LONGEST_FOUND ? `${characters.slice(0, LONGEST_FOUND).join('')}...` : text;
}
