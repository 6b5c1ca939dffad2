/*
 * sealwright inspect: everything about one event.
 */

import { publicKeyFingerprint } from '../../index.js';
import { command, type OptionSpecs } from '../command.js';
import type { Context } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printChecks, printFact } from '../facts.js';
import { checkEvent, type Checked } from '../inspect/checks.js';
import { findEvent, type Found } from '../inspect/find.js';
import { prettyJson } from '../inspect/pretty.js';
import { lineNumberAt } from '../lines.js';
import { signerOption } from '../options.js';
import { paint } from '../output.js';
import { visibleJson } from '../safe-text.js';
import { formatTime } from '../times.js';
import { grouped, quoted } from '../words.js';

const options = {
  signer: signerOption,
  line: { kind: 'flag', flags: '--line', help: 'print the line of the event as it stands in the ledger, and check nothing' },
  json: { kind: 'flag', flags: '--json', help: 'print one JSON object' },
} as const satisfies OptionSpecs;

export const inspect = command({
  name: 'inspect',
  summary: 'show one event, and whether it holds',
  description: [
    'Shows everything about one event: its fields, where it stands, whether its hash recomputes and its signature holds, and whether it and its neighbours follow one another. It is shown, too, when it does not hold.',
    'EVENT is its seq, or at least the first 8 digits of its hash. To find a hash, all of the ledger is read.',
    'Nothing is said of the rest of the ledger: that is for `verify`.',
  ],
  arguments: [
    { name: 'LEDGER', help: 'the file of a ledger', required: true },
    { name: 'EVENT', help: 'a seq, or a hash or its beginning', required: true },
  ],
  options,
  examples: [
    { line: 'inspect ledger.ndjson 5 --signer agent.pub', help: 'event 5, and whether that key signed it' },
    { line: 'inspect ledger.ndjson 5 --line', help: 'its line, to hash or to hand on' },
    { line: 'inspect ledger.ndjson 5 --json', help: 'for programs; schemas/inspect.schema.json' },
  ],
  exits: { 1: 'the event, or its link to a neighbour, is proven broken' },
  async run(context, [ledger = '', word = ''], { signer, line, json }) {
    const found = await findEvent(ledger, word, context.signal);
    if (line) {
      await context.out.data(found.text);
      return ExitCode.ok;
    }
    const checked = checkEvent(found, signer);
    const number = await lineNumberAt(found.line.file, found.line.offset, context.signal);
    if (json) context.out.json(jsonOf(ledger, found, number, checked));
    else print(context, ledger, found, number, checked);
    return checked.checks.some(({ status }) => status === 'fail') ? ExitCode.broken : ExitCode.ok;
  },
});

/** schemas/inspect.schema.json */
function jsonOf(ledger: string, { signed, line }: Found, number: number, { checks, recomputedHash }: Checked): object {
  const { seq, timestampNanos, event, parentHash, selfHash, signature, signerPubkey } = signed;
  const { type, payload } = event.toJSON();
  return {
    schemaVersion: 1,
    ledger,
    file: line.file.path,
    line: number,
    byteOffset: line.offset,
    bytes: line.bytes.length,
    seq,
    time: formatTime(timestampNanos),
    timestampNanos: String(timestampNanos),
    kind: type,
    payload,
    parentHash,
    selfHash,
    recomputedHash,
    signature,
    signer: { publicKey: signerPubkey, fingerprint: publicKeyFingerprint(signerPubkey) },
    checks,
  };
}

function print({ out }: Context, ledger: string, { signed, line }: Found, number: number, { checks, recomputedHash }: Checked): void {
  const { seq, timestampNanos, event, parentHash, selfHash, signature, signerPubkey } = signed;
  out.line(paint('bold', `event ${grouped(seq)}`), `: ${event.type}`);
  out.line();
  printChecks(out, checks);
  out.line();
  printFact(out, 'time', `${formatTime(timestampNanos)}, by the clock of who recorded (${timestampNanos})`);
  printFact(out, 'file', line.file.path);
  printFact(out, 'line', `${grouped(number)}, which begins at byte ${grouped(line.offset)} and has ${grouped(line.bytes.length)} bytes`);
  printFact(out, 'parent', parentHash);
  printFact(out, 'hash', selfHash);
  printFact(out, 'recomputed', recomputedHash === null ? 'not computed' : `${recomputedHash}, SHA-256 of the canonical bytes`);
  printFact(out, 'signature', signature.slice(0, 64));
  printFact(out, '', signature.slice(64));
  printFact(out, 'signer', signerPubkey);
  printFact(out, '', `fingerprint ${publicKeyFingerprint(signerPubkey)}`);
  out.line();
  for (const text of prettyJson(event.toString()).split('\n')) out.line('  ', visibleJson(text));
  out.line();
  out.line('  The rest of the ledger was not checked: ', paint('bold', `sealwright verify ${quoted(ledger)}`));
}
