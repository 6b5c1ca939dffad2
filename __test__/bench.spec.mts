// How bench/ turns samples into claims: percentiles are values that were measured, a target is met only when the run
// measured it, at the size that it names. Nothing is timed here.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { projectRoot } from './helpers/project.mts';

interface Judged {
  readonly title: string;
  readonly measured: number | null;
  readonly limit: number | null;
  readonly met: boolean | null;
}

const load = (name: string): Promise<unknown> => import(pathToFileURL(join(projectRoot, 'bench', name)).href);
const { percentile, summary } = (await load('statistics.mjs')) as {
  percentile(samples: readonly number[], percent: number): number;
  summary(samples: readonly number[]): object;
};
const { judge } = (await load('targets.mjs')) as { judge(results: object): Judged[] };

const times = (value: number) => ({ count: 1, least: value, p50: value, p95: value, p99: value, most: value });

/** A run in which every target is met by a hair. */
function goodRun() {
  const latencies: Record<string, object> = {
    'raw signature': times(20),
    'raw fdatasync': times(200),
    signEvent: times(25),
    'peer sign_event': times(25),
    recordSync: times(240),
    'record, 1 in flight': times(300),
  };
  const rates: Record<string, number> = { 'record, 64 in flight': 20_000, 'peer record, 64 threads': 2000 };
  return {
    contest: { latencies, rates, delays: { 'record, 64 in flight': times(5) } },
    verification: { events: 200_000, all: times(1), last: times(0.125), peer: times(7.5) },
    memory: { bytes: 2 ** 30, above: 2 ** 25 },
    opening: { events: 1_000_000, first: times(5) },
    proofs: { events: 1_000_000, prove: times(10), verify: times(1) },
    crosscheck: { events: 10_000, crosscheck: times(3), libsodium: times(1) },
    addon: { bytes: 1_600_000 },
    require: times(20),
  };
}

const missed = (judged: readonly Judged[]) => judged.filter(({ met }) => met === false).map(({ title }) => title);
const notJudged = (judged: readonly Judged[]) => judged.filter(({ met }) => met === null).map(({ title }) => title);

test('a percentile is the sample that so many percent do not exceed', (t) => {
  const samples = Array.from({ length: 200 }, (_, index) => 200 - index);
  t.deepEqual(summary(samples), { count: 200, least: 1, p50: 100, p95: 190, p99: 198, most: 200 });
  t.deepEqual([percentile([3], 0), percentile([3], 99), percentile([10, 9], 50)], [3, 3, 9]);
  // Numbers in order, not their texts.
  t.is(percentile([100, 20, 3], 50), 20);
  t.throws(() => percentile([], 50), { instanceOf: RangeError });
});

test('targets are met at their limits', (t) => {
  const judged = judge(goodRun());
  t.is(judged.length, 15);
  t.deepEqual([missed(judged), notJudged(judged)], [[], []]);
});

test('a target is missed beyond its limit, whichever way it lies', (t) => {
  const run = goodRun();
  run.contest.latencies['recordSync'] = times(240.1);
  run.contest.rates['record, 64 in flight'] = 19_999;
  run.verification.last = times(0.126);
  run.memory.above += 1;
  const titles = missed(judge(run));
  t.is(titles.length, 4);
  for (const [index, start] of ['recordSync', 'record, 64', "verifyFile, signatures: 'last'", 'verifyFile of'].entries()) {
    t.true(titles[index]?.startsWith(start), titles[index]);
  }
});

test('what a run did not measure, or not at the size that is named, is not judged', (t) => {
  const run = goodRun();
  const { peer, ...alone } = run.verification;
  t.truthy(peer);
  delete run.contest.latencies['peer sign_event'];
  delete run.contest.rates['peer record, 64 threads'];
  const judged = judge({
    ...run,
    verification: alone,
    memory: { ...run.memory, bytes: 2 ** 30 - 1 },
    opening: { ...run.opening, events: 999_999 },
    crosscheck: { ...run.crosscheck, events: 9999 },
  });
  t.deepEqual(missed(judged), []);
  t.is(notJudged(judged).length, 7);
  for (const { met, measured } of judged) t.is(met === null, measured === null);
});
