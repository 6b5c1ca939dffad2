// kill -9 at any moment: what was acknowledged is in the ledger, and the ledger goes on.
//
// SEALWRIGHT_KILL_ROUNDS sets how often; default 10.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type RotateOptions, Session, SignedEvent } from 'sealwright';
import { lastCheckpoint, proveConsistency, verifyConsistency } from 'sealwright/proofs';
import { newFolder, newPath } from '../helpers/folders.mts';
import { ledgerFiles } from '../helpers/ledgers.mts';
import { ORIGIN, policyFor } from '../proofs/helpers/recorded.mts';
import { Child } from './helpers/child.mts';
import { keypair, numbered } from './helpers/fixture.mts';
import { intact } from './helpers/ledger.mts';

const ROUNDS = Number(process.env['SEALWRIGHT_KILL_ROUNDS'] ?? 10);
/** Bytes at the end of a ledger that a round can have written. */
const TAIL = 16 << 20;

test(`an agent killed ${ROUNDS} times while it records loses nothing that was acknowledged`, async (t) => {
  const ledgerPath = newPath(t);
  await killOften(t, ledgerPath, () => [ledgerPath]);
  const { eventCount } = await intact(t, ledgerPath);
  t.true(eventCount > 2 * ROUNDS, `${eventCount} events`);
});

test(`an agent killed ${ROUNDS} times while its ledger goes on in many files loses nothing either`, async (t) => {
  const ledgerPath = newPath(t);
  const files = () => ledgerFiles(ledgerPath);
  await killOften(t, ledgerPath, () => files().slice(-500), { maxEvents: 7 });
  t.true(files().length > ROUNDS, `${files().length} files`);
  const whole = join(newFolder(t), 'whole.ndjson');
  writeFileSync(whole, Buffer.concat(files().map((path) => readFileSync(path))));
  await intact(t, whole);
});

test(`a log killed ${ROUNDS} times while it signs checkpoints never signs two that contradict each other`, async (t) => {
  const ledgerPath = newPath(t);
  const policy = policyFor(keypair);
  let from: string | undefined;
  for (let round = 0; round < ROUNDS; round += 1) {
    const victim = new Child(t, 'checkpoints', { input: { ledgerPath, origin: ORIGIN } });
    const first = await victim.next<string>();
    await setTimeout(Math.random() * 60);
    victim.kill();
    const { signal, messages, stderr } = await victim.end;
    t.is(signal, 'SIGKILL', stderr);

    // Each that was given away, the one that this process signs, and the next round's: a chain of proofs.
    const survivor = await Session.open({ keypair, ledgerPath, sessionId: 'survivor' });
    await survivor.record(numbered('survivor', round));
    const last = await survivor.checkpoint({ origin: ORIGIN });
    await survivor.close();
    for (const to of [first, ...(messages as string[]), last]) {
      if (from !== undefined) {
        const proof = await proveConsistency(ledgerPath, { from, to });
        t.deepEqual(verifyConsistency({ from, to, proof, policy }).problems, [], `round ${round}`);
      }
      from = to;
    }
    t.is(await lastCheckpoint(ledgerPath), last);
  }
  await intact(t, ledgerPath);
});

/** Kills an agent that records again and again; `files` are those at the ledger's end that a round can have written. */
async function killOften(t: ExecutionContext, ledgerPath: string, files: () => string[], rotate?: RotateOptions) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const victim = new Child(t, 'relentless', { input: { ledgerPath, who: `victim-${round}`, rotate } });
    const first = await victim.next<[number, string]>();
    await setTimeout(Math.random() * 120);
    victim.kill();
    const { signal, messages, stderr } = await victim.end;
    t.is(signal, 'SIGKILL', stderr);

    const acknowledged = [first, ...(messages as [number, string][])];
    const last = Math.max(...acknowledged.map(([seq]) => seq));
    const survivor = await Session.open({ keypair, ledgerPath, sessionId: 'survivor', rotate });
    const found = survivor.head?.seq ?? -1;
    t.true(found >= last, `round ${round}: ${last} acknowledged, ${found} found`);
    const hashes = new Map(files().flatMap((path) => [...hashesAtEnd(path)]));
    const lost = acknowledged.filter(([seq, hash]) => hashes.get(seq) !== hash);
    t.deepEqual(lost, [], `round ${round}`);
    await survivor.record(numbered('survivor', round));
    await survivor.close();
  }
}

/** The hashes of a ledger's last events, by their seq. */
function hashesAtEnd(path: string): Map<number, string> {
  const bytes = readFileSync(path);
  const text = bytes.subarray(Math.max(0, bytes.length - TAIL)).toString();
  // The first line may be half a one.
  const lines = text.slice(bytes.length > TAIL ? text.indexOf('\n') + 1 : 0).split('\n');
  return new Map(lines.filter((line) => line !== '').map((line) => SignedEvent.parse(line)).map(({ seq, selfHash }) => [seq, selfHash]));
}
