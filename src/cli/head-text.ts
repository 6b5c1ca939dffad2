/*
 * A head as people hand it on: `SEQ:HASH`, such as `41:` and 64 hex digits.
 */

import type { Head } from '../report.js';

const HEAD = /^(\d{1,16}):([0-9a-f]{64})$/;

/** The event that a text names; null for a text that is no head. */
export function parseHeadText(text: string): Head | null {
  const [, seq = '', hash = ''] = HEAD.exec(text) ?? [];
  return hash !== '' && Number.isSafeInteger(Number(seq)) ? { seq: Number(seq), hash } : null;
}
