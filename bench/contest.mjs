// The rounds: in each of them every contender has one short turn, in an order that is drawn anew. A disk gets slower and
// faster within minutes, and so does a processor; contenders that take turns of milliseconds meet the same one.

import { performance } from 'node:perf_hooks';
import { Samples } from './statistics.mjs';

/** Rounds that are not counted: compiling, opening and first blocks of files. */
const WARM_UP = 2;

/**
 * Lets contenders take turns as often as the plan allows. Gives the summary in microseconds by name, events a second of
 * those whose turns are timed as a whole, and the delays of the event loop in milliseconds.
 */
export async function contest(contenders, plan) {
  const [latencies, delays] = [new Samples(), new Samples()];
  const totals = new Map();
  const started = performance.now();
  const isLate = () => performance.now() - started > plan.seconds * 1000;
  let rounds = 0;
  for (let round = -WARM_UP; round < plan.rounds && !(rounds > 0 && isLate()); round += 1) {
    for (const { name, work, turn } of shuffled(contenders)) {
      const count = plan[work];
      const answer = await turn(count);
      if (round < 0) continue;
      const { samples, seconds, delays: late } = Array.isArray(answer) ? { samples: answer } : answer;
      latencies.add(name, samples);
      if (late !== undefined) delays.add(name, late);
      const total = totals.get(name) ?? { events: 0, seconds: 0 };
      total.events += count;
      total.seconds += seconds ?? samples.reduce((sum, sample) => sum + sample, 0) / 1e6;
      totals.set(name, total);
    }
    rounds = Math.max(0, round + 1);
  }
  const rateOf = ({ events, seconds }) => events / seconds;
  const names = contenders.map(({ name }) => name);
  const rates = Object.fromEntries(names.map((name) => [name, rateOf(totals.get(name))]));
  return { rounds, latencies: latencies.summaries(names), rates, delays: delays.summaries() };
}

/** Runs actions, by name, in a new order each round; gives each one's samples. For what takes seconds. */
export async function takeTurns(actions, rounds) {
  const samples = new Samples();
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, action] of shuffled(Object.entries(actions))) {
      samples.add(name, [await action()]);
    }
  }
  return samples.summaries(Object.keys(actions));
}

/** Fisher and Yates. */
function shuffled(list) {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [result[last], result[other]] = [result[other], result[last]];
  }
  return result;
}
