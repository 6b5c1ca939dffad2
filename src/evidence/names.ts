/*
 * What stands in a pack, and nothing else does. Entries are written in the order of this list.
 */

/** The ledger, when it is one file from its beginning. */
export const LEDGER = 'ledger.ndjson';
/** The folder of its files, when they are several, or begin behind what was pruned. */
export const SEGMENTS = 'segments/';
/** A head that the packer says is known elsewhere. */
export const HEAD = 'head.json';
/** What the packer's verification found. */
export const REPORT = 'report.json';
/** Keys that the packer found in the ledger, or was given. */
export const KEYS = 'claimed-keys.json';
/** The same as a page, with pictures. */
export const PAGE = 'report.html';
/** The viewer as it is shipped, for a browser. */
export const VIEWER = 'viewer.html';
/** What to do with the pack. */
export const VERIFY = 'VERIFY.md';
/** Size and digest of every other entry. */
export const MANIFEST = 'manifest.json';

const SEGMENT = /^segments\/ledger(\.(?:0|[1-9][0-9]{0,15})-(?:0|[1-9][0-9]{0,15}))?\.ndjson$/;
const FIXED: ReadonlySet<string> = new Set([LEDGER, HEAD, REPORT, KEYS, PAGE, VIEWER, VERIFY, MANIFEST]);

/** Whether an entry may have this name. */
export function isKnown(name: string): boolean {
  return FIXED.has(name) || SEGMENT.test(name);
}

/** Whether an entry of this name is a part of the ledger. */
export function isOfLedger(name: string): boolean {
  return name === LEDGER || name.startsWith(SEGMENTS);
}
