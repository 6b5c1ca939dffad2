/*
 * sealwright head: the last event of a ledger, to be told to someone, kept, and compared.
 */

import { type ChainReport, FileHeadStore, type Head, keepHead, readHeadFile } from '../../index.js';
import { command } from '../command.js';
import { type Context, UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { formatHead } from '../heads.js';
import { signerOption, unlessEmpty } from '../options.js';
import { findingsOf } from '../verify/findings.js';
import { inputOf, verifyInput } from '../verify/inputs.js';
import { counted, formatBytes } from '../words.js';

const options = {
  signer: signerOption,
  json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/head.schema.json' },
} as const;

const LEDGER = { name: 'LEDGER', help: 'the file of a ledger', required: true } as const;
const CHECKS = 'All of the ledger is verified before: every line, hash, link and signature. Without --signer it says itself who signed it.';
const EXITS = { 1: 'the ledger is proven broken', 3: 'nothing is broken, and there is no head: the ledger is empty' } as const;

export const headShow = command({
  name: 'head show',
  summary: 'print the last event of a ledger as SEQ:HASH',
  description: [
    'Prints the place and the hash of the last event: what to tell someone, so that it is noticed when events are cut from the end, or when the ledger is put back to an earlier state. `verify --head` takes it.',
    CHECKS,
  ],
  arguments: [{ ...LEDGER, env: 'SEALWRIGHT_LEDGER', help: 'what `verify` takes' }],
  options,
  examples: [{ line: 'head show ledger.ndjson', help: 'the head, after everything was verified' }],
  exits: EXITS,
  async run(context, [word = ''], given) {
    const report = await verified(context, word, given.signer, undefined);
    const { head } = report;
    if (given.json) context.out.json(headJson(word, null, null, report));
    else if (report.ok && head !== null) context.out.line(formatHead(head));
    return told(context, word, report);
  },
});

export const headSave = command({
  name: 'head save',
  summary: 'keep the last event of a ledger in a head store',
  description: [
    'Keeps the head in FILE, a head store that may hold those of other ledgers too: `Session.open` with that store, `head check` and `verify --head` then notice when the ledger does not hold it any more. Keep FILE where whoever can write the ledger cannot write, and on another disk.',
    'It never moves a head backwards: a ledger that does not hold the head which FILE knows is broken, and FILE stays as it is.',
    CHECKS,
  ],
  arguments: [LEDGER, { name: 'FILE', help: 'the head store, made if it is not there', required: true }],
  options,
  examples: [
    { line: 'head save ledger.ndjson heads.json', help: 'keep how far it is' },
    { line: 'head save ledger.ndjson new-heads.json --signer agent.pub', help: 'in a new store, if it was signed by the agent' },
  ],
  exits: { ...EXITS, 1: 'the ledger is proven broken, or does not hold the head that FILE knows' },
  async run(context, [word = '', file = ''], given) {
    const known = knownIn(file, word, true);
    const report = await verified(context, word, given.signer, known);
    const { head } = report;
    if (report.ok && head !== null) await keepHead(word, new FileHeadStore(file), head);
    if (given.json) {
      context.out.json(headJson(word, file, known, report));
    } else if (report.ok && head !== null) {
      const before = known === null ? 'new' : known.seq === head.seq ? 'as before' : `before ${formatHead(known)}`;
      context.out.line(formatHead(head), `  kept in ${file} (${before})`);
    }
    return told(context, word, report);
  },
});

export const headCheck = command({
  name: 'head check',
  summary: 'find out whether a ledger still holds a head that was kept',
  description: [
    'Compares a ledger with the head that FILE keeps of it: FILE is a head store, or holds one head as JSON, {"seq": 4, "hash": "..."}. Later events may follow.',
    CHECKS,
  ],
  arguments: [{ ...LEDGER, help: 'what `verify` takes' }, { name: 'FILE', help: 'what keeps the head', required: true }],
  options,
  examples: [{ line: 'head check ledger.ndjson heads.json', help: 'was something cut off?' }],
  exits: { 1: 'the ledger does not hold that head, or is broken elsewhere', 3: 'FILE knows no head of this ledger: nothing was compared' },
  async run(context, [word = '', file = ''], given) {
    const known = knownIn(file, word, false);
    if (known === null) {
      if (given.json) context.out.json(headJson(word, file, null, null));
      context.err.line('sealwright: ', file, ' knows no head of ', word, ': nothing was compared');
      return ExitCode.limited;
    }
    const report = await verified(context, word, given.signer, known);
    if (given.json) {
      context.out.json(headJson(word, file, known, report));
    } else if (report.ok) {
      const later = (report.head?.seq ?? known.seq) - known.seq;
      context.out.line(formatHead(known), `  is in ${word}, and ${counted(later, 'event')} behind it`);
    }
    return told(context, word, report);
  },
});

/** What a file knows; a file that is to be made knows nothing. */
function knownIn(file: string, ledger: string, mayBeMissing: boolean): Head | null {
  try {
    return readHeadFile(file, ledger);
  } catch (error) {
    if (mayBeMissing && (error as { readonly osCode?: unknown }).osCode === 'ENOENT') return null;
    throw error;
  }
}

async function verified(context: Context, word: string, signer: readonly string[], known: Head | null | undefined): Promise<ChainReport> {
  const input = await inputOf(word, false);
  if (input.kind === 'evidence') throw new UsageError(`${word} is a pack: \`verify\` reads it`);
  const { signal } = context;
  const signers = unlessEmpty(signer);
  const verify = { signers, expectedHead: known ?? undefined, signal };
  return (await verifyInput(input, { verify, maxBytes: undefined }, context)).report;
}

/** Says on standard error why there is no head, or what is behind it. */
function told({ err }: Context, word: string, report: ChainReport): ExitCode {
  const demands = { requireSigner: false, requireHead: false, allowTornTail: true, allowUnknownKinds: true };
  const { headline, exitCode } = findingsOf(report, demands);
  if (!report.ok || report.head === null) err.line('sealwright: ', word, ': ', headline);
  else if (report.tail !== null) err.line('sealwright: ', word, `: ${formatBytes(report.tail.bytes)} behind that event are no event`);
  return exitCode;
}

function headJson(ledger: string, file: string | null, known: Head | null, report: ChainReport | null): object {
  const { ok = null, head = null, eventCount = null, code = null, reason = null, checks } = report ?? {};
  const signer = checks?.signer ?? null;
  return { schemaVersion: 1, ledger, file, known, ok, head: ok === false ? null : head, eventCount, signer, code, reason };
}
