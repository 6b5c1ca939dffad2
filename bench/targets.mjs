// What the library promises itself, as ratios and differences within one run: figures of other machines or days decide
// nothing. A target that names a size is judged only at that size, one that names an absent contender not at all.

const MEBIBYTE = 2 ** 20;

/**
 * Each target: what is compared, and `measure(results)`, which gives what was measured and what is allowed in the target's
 * unit, or undefined where the run did not measure it. `atLeast` targets are lower bounds, the others upper ones.
 */
const targets = [
  {
    title: 'signEvent, p50, per raw signature',
    unit: '×',
    measure: ({ p50 }) => [p50('signEvent') / p50('raw signature'), 1.25],
  },
  {
    title: 'signEvent, p50, per sign_event of the peer',
    unit: '×',
    measure: ({ p50 }) => [p50('signEvent') / p50('peer sign_event'), 1],
  },
  {
    title: 'recordSync, p50; raw fdatasync + raw signature + 20 µs',
    unit: 'µs',
    measure: ({ p50 }) => [p50('recordSync'), floor(p50) + 20],
  },
  {
    title: 'record, 1 in flight, p50; that + 60 µs',
    unit: 'µs',
    measure: ({ p50 }) => [p50('record, 1 in flight'), floor(p50) + 80],
  },
  {
    title: 'record, 64 in flight, events a second, per peer with 64 threads',
    unit: '×',
    atLeast: true,
    measure: ({ rate }) => [rate('record, 64 in flight') / rate('peer record, 64 threads'), 10],
  },
  {
    title: 'event-loop delay with 64 in flight, p99',
    unit: 'ms',
    measure: ({ results }) => [results.contest.delays['record, 64 in flight'].p99, 5],
  },
  {
    title: 'verifyFile, all signatures, 200,000 events, times as fast as the peer',
    unit: '×',
    atLeast: true,
    measure: ({ results: { verification } }) =>
      verification.events < 200_000 ? undefined : [verification.peer?.p50 / verification.all.p50, 7],
  },
  {
    title: "verifyFile, signatures: 'last', 200,000 events, times as fast as the peer",
    unit: '×',
    atLeast: true,
    measure: ({ results: { verification } }) =>
      verification.events < 200_000 ? undefined : [verification.peer?.p50 / verification.last.p50, 60],
  },
  {
    title: 'verifyFile of 1 GiB, peak memory above an idle process',
    unit: 'MiB',
    measure: ({ results: { memory } }) => (memory.bytes < 2 ** 30 ? undefined : [memory.above / MEBIBYTE, 32]),
  },
  {
    title: 'Session.open, 1,000,000 events, first of its process, p50',
    unit: 'ms',
    measure: ({ results: { opening } }) => (opening.events < 1_000_000 ? undefined : [opening.first.p50, 5]),
  },
  {
    title: "crosscheck, 10,000 events, per libsodium's own time",
    unit: '×',
    measure: ({ results: { crosscheck } }) =>
      crosscheck.events < 10_000 ? undefined : [crosscheck.crosscheck.p50 / crosscheck.libsodium.p50, 3],
  },
  {
    title: 'proveInclusion, 1,000,000 events, p50',
    unit: 'ms',
    measure: ({ results: { proofs } }) => (proofs.events < 1_000_000 ? undefined : [proofs.prove.p50, 10]),
  },
  {
    title: 'verifyInclusion, 1,000,000 events, p50',
    unit: 'ms',
    measure: ({ results: { proofs } }) => (proofs.events < 1_000_000 ? undefined : [proofs.verify.p50, 1]),
  },
  { title: 'addon', unit: 'MB', measure: ({ results }) => [results.addon.bytes / 1e6, 1.6] },
  { title: 'require, p50', unit: 'ms', measure: ({ results }) => [results.require.p50, 20] },
];

/** By target `{title, unit, atLeast, measured, limit, met}`; of one that was not judged `met` is null. */
export function judge(results) {
  const p50 = (name) => results.contest.latencies[name]?.p50;
  const rate = (name) => results.contest.rates[name];
  return targets.map(({ title, unit, atLeast = false, measure }) => {
    const [measured, limit] = measure({ results, p50, rate }) ?? [];
    // A contender that is absent makes NaN of what it is compared with.
    if (!Number.isFinite(measured)) return { title, unit, atLeast, measured: null, limit: limit ?? null, met: null };
    return { title, unit, atLeast, measured, limit, met: atLeast ? measured >= limit : measured <= limit };
  });
}

/** What one event costs below the library: microseconds. */
const floor = (p50) => p50('raw fdatasync') + p50('raw signature');
