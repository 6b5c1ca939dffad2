// Seen from the system: a record is acknowledged only after the sync that covers its bytes.

import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { newFolder } from '../helpers/folders.mts';
import { testWith } from '../helpers/parts.mts';
import type { Plan, Step } from './children/acknowledged.mts';
import { runChild } from './helpers/child.mts';
import { intact } from './helpers/ledger.mts';
import { type Call, isSync, linesWritten, parseTrace, tooEarly, traceTo, written } from './helpers/trace.mts';

const CALLS = ['pwrite64', 'write', 'fdatasync', 'fsync', 'ftruncate', 'mkdir', 'openat'];

/** Runs `children/acknowledged.mts` under strace. */
async function traced(t: ExecutionContext, steps: readonly Step[], below = '') {
  const folder = realpathSync(newFolder(t));
  const [ledgerPath, markerPath] = [join(folder, below, 'ledger.ndjson'), join(folder, 'markers')];
  const trace = join(folder, 'trace');
  const input: Plan = { ledgerPath, markerPath, steps };
  await runChild(t, 'acknowledged', { input, through: traceTo(trace, CALLS) });
  await intact(t, ledgerPath);
  const text = readFileSync(trace, 'utf8');
  const calls = parseTrace(text);
  const markers = linesWritten(calls, markerPath);
  /** The calls from the beginning of a step to that of the next one, by the step's number. */
  const during = (step: number): Call[] => {
    const starts = markers.filter(({ line }) => /^[a-z]/i.test(line)).map(({ call }) => call.begin);
    const [from = 0, to = Number.POSITIVE_INFINITY] = [starts[step], starts[step + 1]];
    return calls.filter((call) => call.begin > from && call.end < to);
  };
  return { folder, ledgerPath, markerPath, text, calls, markers, during };
}

const EVERY_WAY: readonly Step[] = [
  ['open'],
  ['record', 1],
  ['record', 20],
  ['recordSync', 3],
  ['recordMany', 10],
  ['record', 5, 400_000],
  ['recordMany', 2, 400_000],
  ['recordSync', 1, 3_000_000],
  ['close'],
  ['open'],
  ['recordSync', 1],
  ['record', 3],
  ['close'],
];
const ACKNOWLEDGEMENTS = 1 + 20 + 3 + 1 + 5 + 1 + 1 + 1 + 3;

testWith(['strace'], 'every acknowledgement follows a sync that began after its bytes were written', async (t) => {
  const { calls, ledgerPath, markerPath, markers } = await traced(t, EVERY_WAY);
  t.is(markers.length, EVERY_WAY.length + ACKNOWLEDGEMENTS);
  t.deepEqual(tooEarly(calls, ledgerPath, markerPath), []);
  const syncs = calls.filter((call) => isSync(call) && call.path === ledgerPath).length;
  t.true(syncs < 45, `records in flight at the same time share a sync: ${syncs} syncs of 46 events`);
});

testWith(['strace'], 'a trace in which an acknowledgement comes too early is recognised', async (t) => {
  const { text, ledgerPath, markerPath } = await traced(t, [['open'], ['record', 1], ['record', 1], ['close']]);
  const lines = text.split('\n');
  const ofLedger = (name: string) => lines.findLastIndex((line) => line.includes(`${name}(`) && line.includes(`<${ledgerPath}>`));
  const [write, sync] = [ofLedger('pwrite64'), ofLedger('fdatasync')];
  const marker = lines.findLastIndex((line) => line.includes(`<${markerPath}>`) && /"\d/.test(line));
  const [writeLine = '', syncLine = '', markerLine = ''] = [lines[write], lines[sync], lines[marker]];
  t.true(write > 0 && write < sync && sync < marker, 'the last record is written, synced and acknowledged');
  const [, range = ''] = /"(\d+ \d+)/.exec(markerLine) ?? [];
  const begun = syncLine.replace(/\) += 0$/, ' <unfinished ...>');
  const ended = syncLine.replace(/fdatasync\(.*\)/, '<... fdatasync resumed>)');

  const doctored = {
    'no sync': lines.toSpliced(sync, 1),
    'a sync that failed': lines.with(sync, syncLine.replace(/= 0$/, '= -1 EIO (Input/output error)')),
    'a sync of another file': lines.with(sync, syncLine.replace(ledgerPath, `${ledgerPath}2`)),
    'a sync before the write': lines.with(write, syncLine).with(sync, writeLine),
    'a sync that began before the write ended': lines.with(write, begun).toSpliced(sync, 1, writeLine, ended),
    'an acknowledgement before the sync': lines.with(sync, markerLine).with(marker, syncLine),
    'an acknowledgement before the sync ended': lines.with(sync, begun).toSpliced(marker, 1, markerLine, ended),
    'half a write': lines.with(write, writeLine.replace(/= (\d+)$/, '= 7')),
    'a write that failed': lines.with(write, writeLine.replace(/= (\d+)$/, '= -1 ENOSPC (No space left on device)')),
    'a write elsewhere': lines.with(write, writeLine.replace(/, \d+\)/, ', 1000000)')),
  };
  t.deepEqual(tooEarly(parseTrace(text), ledgerPath, markerPath), []);
  for (const [what, changed] of Object.entries(doctored)) {
    t.notDeepEqual(changed, lines, what);
    t.deepEqual(tooEarly(parseTrace(changed.join('\n')), ledgerPath, markerPath), [range], what);
  }
});

testWith(['strace'], 'the folders of a new ledger are on stable storage before its first event', async (t) => {
  const { folder, ledgerPath, calls } = await traced(t, [['open'], ['record', 1], ['close']], 'new/newer');
  const of = ({ name, path }: Call) => `${name} ${path.replace(folder, '')}`;
  const expected = ['mkdir /new', 'fsync ', 'mkdir /new/newer', 'fsync /new', 'openat /new/newer/ledger.ndjson'];
  const shown = calls.filter((call) => expected.includes(of(call)) && call.result !== '-1 ENOENT (No such file or directory)');
  t.deepEqual(shown.map(of).slice(0, 5), expected);
  const opened = calls.findIndex((call) => call.name === 'openat' && call.text.includes('O_CREAT') && call.path === ledgerPath);
  const appended = calls.findIndex((call) => call.path === ledgerPath && written(call) !== undefined);
  const synced = calls.slice(opened, appended).some((call) => isSync(call) && call.path === dirname(ledgerPath));
  t.true(opened > 0 && synced, 'the folder that holds the ledger is synced after the ledger was made');
});

testWith(['strace'], 'the window is written again and synced before the first append to an older ledger', async (t) => {
  const { ledgerPath, during } = await traced(t, [
    ['open'],
    ['recordMany', 5, 190_000],
    ['recordMany', 5, 190_000],
    ['record', 1],
    ['close'],
    ['open'],
    ['close'],
    ['open'],
    ['record', 1],
    ['recordSync', 1],
    ['close'],
  ]);
  const touching = (step: number) =>
    during(step).filter(({ name, path }) =>
      name.startsWith('pwrite') || name === 'ftruncate' ? path === ledgerPath : name.endsWith('sync'),
    );
  t.deepEqual([...touching(5), ...touching(6), ...touching(7)], [], 'opening and closing write nothing');

  const lines = readFileSync(ledgerPath).toString('latin1').split('\n').slice(0, -1);
  const starts = lines.map((_, index) => lines.slice(0, index).reduce((sum, line) => sum + line.length + 1, 0));
  const [before = 0, last = 0] = [starts.at(-2), starts.at(-1)];
  const window = starts.findLast((start) => start <= before - 2 ** 20) ?? 0;
  t.true(window > 0, 'the window is a part of the ledger');

  const shown = touching(8).map((call) => [call.name, call.path, written(call)]);
  const folder = dirname(ledgerPath);
  t.deepEqual(shown, [
    ['pwrite64', ledgerPath, { from: window, to: before }],
    ['fdatasync', ledgerPath, undefined],
    ['fsync', folder, undefined],
    ['pwrite64', ledgerPath, { from: before, to: last }],
    ['fdatasync', ledgerPath, undefined],
  ]);
  t.deepEqual(
    touching(9).map((call) => [call.name, written(call)]),
    [
      ['pwrite64', { from: last, to: statSync(ledgerPath).size }],
      ['fdatasync', undefined],
    ],
    'the second append does not need it',
  );
});
