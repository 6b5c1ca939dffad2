// The results as Markdown, for the terminal and for docs/performance.md.

const number = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
/** Three figures are what such a measurement is worth. */
const figures = (value) => number(value, value >= 100 ? 0 : value >= 10 ? 1 : 2);
const whole = (value) => number(value, 0);
const row = (cells) => `| ${cells.join(' | ')} |`;
const percentiles = ({ p50, p95, p99 }) => [p50, p95, p99].map(figures);
const mebibytes = (bytes) => `${figures(bytes / 2 ** 20)} MiB`;

/** The whole report. */
export function markdown(results) {
  return `${[intro(results), machine(results), targets(results), latencies(results), verification(results), growth(results), proofs(results), rest(results)]
    .concat(durability(results))
    .join('\n\n')}\n`;
}

function intro({ plan, contest, date, load, absent }) {
  const lines = [
    '# Performance',
    '',
    `Written by \`npm run bench -- --write\`; nobody edits it. One ${plan.name} run on ${date}, load ${figures(load)} before`,
    `it began. In each of ${contest.rounds} rounds every contender had one short turn, in an order drawn anew. The event is`,
    'a `ModelInvoked`, made once, with a line of about 715 bytes. Compare within this page: another disk has other figures.',
  ];
  return [...lines, ...absent.map((what) => `Took no part: ${what}.`)].join('\n');
}

function machine({ machine: described }) {
  const rows = Object.entries(described).map(([name, value]) => row([name, value]));
  return ['## Machine', '', '| | |', '|---|---|', ...rows].join('\n');
}

function targets({ targets: judged }) {
  const rows = judged.map(({ title, unit, atLeast, measured, limit, met }) =>
    row([
      title,
      measured === null ? '' : `${figures(measured)} ${unit}`,
      limit === null ? '' : `${atLeast ? '≥' : '≤'} ${figures(limit)} ${unit}`,
      met === null ? 'not judged' : met ? 'met' : 'missed',
    ]),
  );
  return ['## Targets', '', '| target | measured | limit | |', '|---|---:|---:|---|', ...rows].join('\n');
}

function latencies({ contest }) {
  const rows = Object.entries(contest.latencies).map(([name, summary]) =>
    row([name, whole(contest.rates[name]), ...percentiles(summary), whole(summary.count)]),
  );
  const head = ['| µs an event | a second | p50 | p95 | p99 | samples |', '|---|---:|---:|---:|---:|---:|'];
  const notes = [
    '`raw`: the program `crates/core/examples/raw_limits.rs`, which signs, verifies, hashes or appends and does nothing',
    'else; its fdatasync is that after one appended line, the write not counted. `by hand`: `node:crypto` and',
    '`appendFileSync`, `fsyncSync`. `SQLite`: in this process, WAL with `synchronous=FULL`, an unsigned line a transaction.',
    'What waits with 64 in flight waits for the others too: there the rate counts, not the time of one.',
  ];
  return ['## Recording and signing', '', ...head, ...rows, '', ...notes].join('\n');
}

function verification({ contest, processors, verification: { events, bytes, ...seconds }, crosscheck }) {
  const names = { all: 'verifyFile', last: "verifyFile, `signatures: 'last'`", peer: 'verify_file of the peer' };
  const rowsOf = (count, entries) =>
    entries.map(([name, summary]) => row([name, whole(count), whole(count / summary.p50), ...percentiles(summary), summary.count]));
  return [
    '## Verifying',
    '',
    '| seconds | events | a second | p50 | p95 | p99 | runs |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...rowsOf(events, Object.keys(names).filter((name) => seconds[name]).map((name) => [names[name], seconds[name]])),
    ...rowsOf(crosscheck.events, [
      ['crosscheck', crosscheck.crosscheck],
      ['libsodium, its signatures alone', crosscheck.libsodium],
    ]),
    '',
    `The ledger of ${whole(events)} events has ${mebibytes(bytes)}, and was in the system's cache. Raw verifications on`,
    `${processors} processors at once would be ${whole((processors * 1e6) / contest.latencies['raw verification'].p50)} a second: no verifier of`,
    'every signature, one by one, can be faster.',
  ].join('\n');
}

function growth({ growth: lengths }) {
  const rows = lengths.map(({ events, bytes, record, open, all, last }) =>
    row([
      whole(events),
      mebibytes(bytes),
      figures(record.p50),
      figures(open.p50),
      ...[all, last].flatMap((seconds) => [figures(seconds), figures((seconds * 1e6) / events)]),
    ]),
  );
  return [
    '## Growth',
    '',
    "| events | size | recordSync, p50, µs | Session.open, p50, ms | verifyFile, s | µs an event | 'last', s | µs an event |",
    '|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
}

function proofs({ proofs: { events, first, next, prove, verify, consistency } }) {
  const timesOf = (name, summary) => row([name, ...percentiles(summary), whole(summary.count)]);
  return [
    '## Proofs',
    '',
    '| ms | p50 | p95 | p99 | samples |',
    '|---|---:|---:|---:|---:|',
    timesOf('session.checkpoint, 10 events after the last', next),
    timesOf('proveInclusion', prove),
    timesOf('verifyInclusion', verify),
    timesOf('proveConsistency', consistency),
    '',
    `Of a ledger of ${whole(events)} events. Its first checkpoint, for which all of it was read, took ${whole(Math.round(first))} ms.`,
  ].join('\n');
}

function rest({ contest, memory, opening, addon, require }) {
  const delay = contest.delays['record, 64 in flight'];
  const timesOf = (name, summary) => row([name, ...percentiles(summary), whole(summary.count)]);
  return [
    '## Process',
    '',
    '| ms | p50 | p95 | p99 | samples |',
    '|---|---:|---:|---:|---:|',
    timesOf('event-loop delay with 64 in flight, 1 ms of it the timer of the monitor', delay),
    timesOf(`first Session.open of a process, ${whole(opening.events)} events`, opening.first),
    timesOf(`later Session.open, ${whole(opening.events)} events`, opening.later),
    timesOf('require in a fresh process', require),
    '',
    `Verifying ${mebibytes(memory.bytes)} took ${mebibytes(memory.verifying)} at its peak, a process that had only loaded`,
    `the package ${mebibytes(memory.idle)}. The addon has ${whole(addon.bytes)} bytes.`,
  ].join('\n');
}

function durability({ durability: traced }) {
  if (traced === undefined) return ['## Durability\n\nNot traced: there is no strace here that may trace.'];
  const rows = traced.map(({ name, events, groups, syncs }) =>
    row([name, whole(events), groups === null ? '' : whole(groups), whole(syncs)]),
  );
  const head = ['| under strace | events | groups | syncs of its file |', '|---|---:|---:|---:|'];
  return [['## Durability', '', ...head, ...rows].join('\n')];
}
