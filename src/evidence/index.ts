/*
 * Evidence packs: a ledger and what is said about it in one file, for somebody who trusts neither.
 *
 *   VERIFY.md              what to do with it
 *   ledger.ndjson          the ledger; or segments/ledger.<first>-<last>.ndjson and segments/ledger.ndjson
 *   claimed-keys.json      keys that the ledger names, and others that the packer added
 *   head.json              an event that is known elsewhere, if the packer was told one
 *   report.json            what the packer found
 *   report.html            the same as a page with pictures, which needs no script
 *   viewer.html            the viewer, as the package has it
 *   manifest.json          size and SHA-256 of each of these
 *
 * A pack proves nothing by itself. The ledger in it is verified with keys and a head from elsewhere, and whatever else is
 * in it is a claim. docs/format.md has the form.
 */

export type { ClaimedKey, Evidence, EvidenceClaims, EvidenceEntry } from './evidence.js';
export { type HtmlReportOptions, writeHtmlReport, type WrittenReport } from './html-report.js';
export { openEvidence, type OpenEvidenceOptions } from './open.js';
export { packEvidence, type PackedEvidence, type PackEvidenceOptions } from './pack.js';
export { type VerifiedEvidence, verifyEvidence, type VerifyEvidenceOptions } from './verify.js';
export { writeViewer, type WriteViewerOptions, type WrittenViewer } from './viewer.js';
