/*
 * sealwright recover: what a crash left behind the last event of a ledger.
 */

import { discardQuarantined, inspectTail, recoverLedger, type TailInspection, type TornTail } from '../../index.js';
import { isAgreed } from '../ask.js';
import { command } from '../command.js';
import { type Context, UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printFacts } from '../facts.js';
import { formatHead } from '../heads.js';
import { counted, formatBytes, grouped } from '../words.js';

/** Characters of a tail that are shown. */
const EXCERPT = 96;

const REASONS: Readonly<Record<TornTail['reason'], string>> = {
  unterminated: 'its first bad line has no end: the last write was cut off',
  hole: 'it holds NUL bytes: a page that never reached the disk',
};

export const recover = command({
  name: 'recover',
  summary: "show what a crash left at a ledger's end, and cut it off",
  description: [
    'Shows the bytes behind the last event that a crash left, and changes nothing. With --yes they are put in a file beside the ledger and cut off, as the next recorder would do by itself. It takes no key.',
    'With --discard the files in which such bytes are kept beside this ledger are deleted, after asking: they are the only copies.',
    'A ledger that someone records in is left alone. One whose end is bad in a way that no crash explains is refused: verify it.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options: {
    yes: { kind: 'flag', flags: '--yes', help: 'cut the bytes off; with --discard: delete without asking' },
    discard: { kind: 'flag', flags: '--discard', help: 'delete what is kept beside the ledger' },
    json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/recover.schema.json' },
  },
  examples: [
    { line: 'recover ledger.ndjson', help: 'is there anything?' },
    { line: 'recover ledger.ndjson --yes', help: 'cut it off, and keep it beside the ledger' },
    { line: 'recover ledger.ndjson --discard --yes', help: 'delete what was kept' },
  ],
  exits: { 0: 'there is nothing, or it was done', 3: 'there is a torn tail, and it was left as it is' },
  async run(context, [ledger = ''], { yes, discard, json }) {
    const found = await inspectTail(ledger);
    const doing = { recovered: null, discarded: [], ...(await (discard ? discardOf : recoveryOf)(context, ledger, found, yes)) };
    if (json) context.out.json({ schemaVersion: 1, ledger, ...jsonOf(found), ...doing });
    else print(context, ledger, found, doing);
    return found.tail === null || doing.recovered !== null ? ExitCode.ok : ExitCode.limited;
  },
});

interface Doing {
  readonly recovered: Awaited<ReturnType<typeof recoverLedger>>;
  readonly discarded: Awaited<ReturnType<typeof discardQuarantined>>;
}

async function recoveryOf(_context: Context, ledger: string, { tail }: TailInspection, yes: boolean): Promise<Partial<Doing>> {
  return yes && tail !== null ? { recovered: await recoverLedger(ledger) } : {};
}

async function discardOf(context: Context, ledger: string, { quarantined }: TailInspection, yes: boolean): Promise<Partial<Doing>> {
  if (quarantined.length === 0) return {};
  const question = `Delete ${counted(quarantined.length, 'file')} with bytes that were cut off ${ledger}? There is no other copy.`;
  if (!(await isAgreed(context, yes, question))) throw new UsageError('nothing was deleted');
  return { discarded: await discardQuarantined(ledger) };
}

function jsonOf({ head, tail, quarantined }: TailInspection): object {
  const torn = tail === null ? null : { ...tail, excerpt: tail.excerpt.toString('base64') };
  return { head, tail: torn, quarantined };
}

function print({ out }: Context, ledger: string, { head, tail, quarantined }: TailInspection, { recovered, discarded }: Doing): void {
  const facts: [label: string, text: string][] = [
    ['ledger', ledger],
    ['last event', head === null ? 'none' : formatHead(head)],
  ];
  if (tail === null) {
    facts.push(['tail', 'none: nothing is behind the last event']);
  } else {
    const { offset, bytes, lines, reason, excerpt } = tail;
    facts.push(
      ['tail', `${formatBytes(bytes)} from byte ${grouped(offset)} on, in ${counted(lines, 'line')}`],
      ['why', REASONS[reason]],
      ['begins', excerpt.toString('utf8').slice(0, EXCERPT)],
    );
  }
  if (recovered !== null) facts.push(['cut off', `kept in ${recovered.path}`]);
  else if (tail !== null) facts.push(['left', 'nothing was changed; --yes cuts it off and keeps it beside the ledger']);
  for (const { path, bytes } of discarded) facts.push(['deleted', `${path} (${formatBytes(bytes)})`]);
  if (discarded.length === 0) for (const { path, bytes } of quarantined) facts.push(['kept', `${path} (${formatBytes(bytes)})`]);
  printFacts(out, facts);
}
