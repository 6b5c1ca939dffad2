/*
 * The options of `verify`.
 */

import type { OptionSpecs, OptionValues } from '../command.js';
import { ledgerOption, signerOption } from '../options.js';

export const verifyOptions = {
  signer: signerOption,
  head: {
    kind: 'text',
    flags: '--head',
    value: 'SEQ:HASH|FILE',
    help: 'an event that must be there, as it was reported to you, or a file that `head save` or a head store wrote',
  },
  first: {
    kind: 'text',
    flags: '--first',
    value: 'HASH',
    help: 'hash of the first event',
  },
  startAfter: {
    kind: 'text',
    flags: '--start-after',
    value: 'SEQ:HASH',
    help: 'trust this event, and begin behind it',
  },
  requireSigner: {
    kind: 'flag',
    flags: '--require-signer',
    help: 'end with 3 unless --signer was given',
  },
  requireHead: {
    kind: 'flag',
    flags: '--require-head',
    help: 'end with 3 unless --head was given',
  },
  allowTornTail: {
    kind: 'flag',
    flags: '--allow-torn-tail',
    help: 'take bytes behind the last event for a record that a crash cut off',
  },
  allowUnknownKinds: {
    kind: 'flag',
    flags: '--allow-unknown-kinds',
    help: 'take kinds of events that this version does not know',
  },
  signatures: {
    kind: 'text',
    flags: '--signatures',
    value: 'MODE',
    choices: ['all', 'last'],
    help: 'all (default), or only the last one of each signer, which commits to everything before it',
  },
  coreOnly: {
    kind: 'flag',
    flags: '--core-only',
    help: 'find fault with any but the seven core kinds',
  },
  exactSpelling: {
    kind: 'flag',
    flags: '--exact-spelling',
    help: 'find fault with lines that are not spelled as the writer spells',
  },
  only: {
    kind: 'flag',
    flags: '--only',
    help: 'look at the file alone, not at the other files of its ledger',
  },
  state: {
    kind: 'text',
    flags: '--state',
    value: 'FILE',
    help: 'go on where the last verification with this file ended, and keep there how far this one came; takes --key',
  },
  full: {
    kind: 'flag',
    flags: '--full',
    help: 'with --state: verify everything, and keep that',
  },
  key: {
    kind: 'text',
    flags: '--key',
    value: 'FILE',
    help: "the auditor's own key, which signs --state and --record",
  },
  record: {
    kind: 'text',
    flags: '--record',
    value: 'FILE',
    help: 'write what was verified and found, signed with --key',
  },
  maxBytes: {
    kind: 'whole',
    flags: '--max-bytes',
    value: 'N',
    least: 1,
    help: 'how much a stream, a compressed file or a pack may hold',
  },
  json: {
    kind: 'flag',
    flags: '--json',
    help: 'print one JSON object',
  },
  ndjson: {
    kind: 'flag',
    flags: '--ndjson',
    help: 'print a line of JSON for each PATH; schemas/verify-line.schema.json',
  },
  sarif: {
    kind: 'text',
    flags: '--sarif',
    value: 'FILE',
    help: 'write the findings as SARIF 2.1.0',
  },
  junit: {
    kind: 'text',
    flags: '--junit',
    value: 'FILE',
    help: 'write the checks as JUnit XML',
  },
  compat: {
    kind: 'flag',
    flags: '--compat',
    help: 'print the lines of the Provedex command line, and end with its exit codes',
  },
  ledger: ledgerOption,
  quiet: {
    kind: 'flag',
    flags: '-q, --quiet',
    help: 'print the verdict only',
  },
} as const satisfies OptionSpecs;

export type VerifyGiven = OptionValues<typeof verifyOptions>;
