// The power fails while an agent records: what was acknowledged is there afterwards. A recorder whose syncs are skipped
// loses events in the same test, so the test can tell.
//
// SEALWRIGHT_POWER_ROUNDS sets how often; default 5.

import type { ExecutionContext } from 'ava';
import { newFolder } from '../helpers/folders.mts';
import { testWith, unshareArguments } from '../helpers/parts.mts';
import { tableRow } from '../helpers/table.mts';
import type { Round } from './children/power-failure.mts';
import { runChild } from './helpers/child.mts';

const ROUNDS = Number(process.env['SEALWRIGHT_POWER_ROUNDS'] ?? 5);
/** Tells the recorder that its syncs are done, and does none. */
const WITHOUT_SYNC = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=fdatasync,fsync:retval=0'];

function run(t: ExecutionContext, rounds: number, through: readonly string[]): Promise<Round[]> {
  const options = { input: { folder: newFolder(t), rounds, through }, through: ['unshare', ...unshareArguments()] };
  return runChild<Round>(t, 'power-failure', options);
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

testWith.serial(['loop', 'python'], `${ROUNDS} power failures lose nothing that was acknowledged`, async (t) => {
  const rounds = await run(t, ROUNDS, []);
  const acknowledged = sum(rounds.map((round) => round.acknowledged));
  t.is(rounds.length, ROUNDS);
  for (const [number, { lost, failure }] of rounds.entries()) t.deepEqual({ lost, failure }, { lost: [], failure: null }, `${number}`);
  t.true(acknowledged > ROUNDS);
  t.log(tableRow('power failures', `${ROUNDS}, ${acknowledged} events acknowledged`, 'none lost'));
});

testWith.serial(['loop', 'python', 'strace'], 'a recorder that skips its syncs loses events to a power failure', async (t) => {
  const rounds = await run(t, 3, WITHOUT_SYNC);
  const [acknowledged, lost] = [sum(rounds.map((round) => round.acknowledged)), sum(rounds.map((round) => round.lost.length))];
  t.true(lost > 0, 'nothing was lost: the test shows nothing');
  t.log(tableRow('power failures', `3 without syncs, ${acknowledged} events acknowledged`, `${lost} lost`));
});
