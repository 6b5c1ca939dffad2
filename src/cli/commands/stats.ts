/*
 * sealwright stats: what a ledger is made of.
 */

import { type LedgerStats, ledgerStats, type ToolTotals } from '../../index.js';
import { command } from '../command.js';
import { ExitCode } from '../exit-code.js';
import { printFact } from '../facts.js';
import { type Output, paint } from '../output.js';
import { Progress } from '../progress.js';
import { untilBroken } from '../reading.js';
import { printTable } from '../table.js';
import { formatTime } from '../times.js';
import { counted, formatBytes, grouped, quoted } from '../words.js';

export const stats = command({
  name: 'stats',
  summary: 'count what is in a ledger',
  description: [
    'Counts events by kind; calls, failures and latencies of each tool; calls and tokens of each model; sessions. 256 tools and as many models are told one by one, the others together. The quantiles of latencies are exact below 256 ms, and at most 1/128 too high above.',
    'Each event has the hash that it says and follows the one before it: where that ends to hold, nothing is counted. Signatures are not checked: that is for `verify`.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options: { json: { kind: 'flag', flags: '--json', help: 'print one JSON object' } },
  examples: [
    { line: 'stats ledger.ndjson', help: 'what is in it' },
    { line: 'stats ledger.ndjson --json', help: 'for programs; schemas/stats.schema.json' },
  ],
  exits: { 1: 'the ledger is proven broken' },
  run(context, [ledger = ''], { json }) {
    return untilBroken(context, async () => {
      const { out, err, signal } = context;
      const found = await Progress.during(err, ledger, (onProgress) => ledgerStats(ledger, { signal, onProgress }));
      if (json) out.json(jsonOf(ledger, found));
      else print(out, ledger, found);
      return ExitCode.ok;
    });
  },
});

/** schemas/stats.schema.json */
function jsonOf(ledger: string, { timeRange, ...rest }: LedgerStats): object {
  const time = timeRange && {
    from: formatTime(timeRange.from),
    to: formatTime(timeRange.to),
    fromNanos: String(timeRange.from),
    toNanos: String(timeRange.to),
  };
  return { schemaVersion: 1, ledger, ...rest, time };
}

function print(out: Output, ledger: string, found: LedgerStats): void {
  const { events, first, last, bytes, files, timeRange, sessions, kinds } = found;
  const range = first === null ? '' : `, ${grouped(first)} to ${grouped(last ?? first)}`;
  out.line(paint('bold', ledger), `: ${counted(events, 'event')}${range}`);
  out.line();
  printFact(out, 'size', `${formatBytes(bytes)} in ${counted(files, 'file')}`);
  if (timeRange !== null) printFact(out, 'time', `${formatTime(timeRange.from)} to ${formatTime(timeRange.to)}, by the clock of who recorded`);
  printFact(out, 'sessions', `${grouped(sessions.begun)} begun, ${grouped(sessions.ended)} ended, ${grouped(sessions.sealed)} sealed`);
  if (events > 0) {
    out.line();
    printTable(out, ['kind', 'events'], Object.entries(kinds).map(([kind, count]) => [kind, grouped(count)]));
  }
  printTools(out, found);
  printModels(out, found);
  out.line();
  out.line('  Signatures were not checked: ', paint('bold', `sealwright verify ${quoted(ledger)}`));
}

function printTools(out: Output, { tools, otherTools }: LedgerStats): void {
  const row = (name: string, { calls, returns, failures, latencyMs }: ToolTotals) => {
    const latencies = latencyMs === null ? ['-', '-', '-'] : [latencyMs.p50, latencyMs.p95, latencyMs.max].map((ms) => `${grouped(ms)} ms`);
    return [name, grouped(calls), grouped(returns), grouped(failures), ...latencies];
  };
  const rows = tools.map((tool) => row(tool.name, tool));
  if (otherTools.calls + otherTools.returns > 0) rows.push(row('(others)', otherTools));
  if (rows.length === 0) return;
  out.line();
  printTable(out, ['tool', 'calls', 'returns', 'failures', 'p50', 'p95', 'max'], rows);
}

function printModels(out: Output, { models, otherModels }: LedgerStats): void {
  const all = otherModels.calls > 0 ? [...models, { id: '(others)', ...otherModels }] : models;
  if (all.length === 0) return;
  const rows = all.map(({ id, calls, promptTokens, responseTokens }) => [id, grouped(calls), grouped(promptTokens), grouped(responseTokens)]);
  out.line();
  printTable(out, ['model', 'calls', 'prompt tokens', 'response tokens'], rows);
}
