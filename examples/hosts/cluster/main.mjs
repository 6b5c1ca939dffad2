// A ledger is written by one process. Each worker has its own, named by a number that it keeps: whoever takes the place of
// a worker that died goes on with its ledger.

import cluster from 'node:cluster';
import { once } from 'node:events';
import { events, LedgerError, Session, SigningKeypair, verifyFile } from 'sealwright';

const ledgerOf = (place) => `ledger.${place}.ndjson`;

if (cluster.isPrimary) await lead();
else await work(process.env.PLACE);

async function lead() {
  const keypair = SigningKeypair.loadOrCreate('signing.key'); // before there are workers that would make it at once
  const workers = ['0', '1'].map(start);
  await Promise.all(workers.map(({ ready }) => ready));
  await refuseSecondWriter(keypair);

  // A worker dies, another one takes its place.
  workers[0].worker.process.kill('SIGKILL');
  workers[0] = start('0');
  await workers[0].ready;

  for (const { worker } of workers) worker.send('end');
  const codes = await Promise.all(workers.map(({ ended }) => ended));
  if (codes.some((code) => code !== 0)) throw new Error(`workers ended with ${codes}`);
  for (const [place, expected] of [['0', 3], ['1', 2]]) {
    const { verdict, eventCount } = await verifyFile(ledgerOf(place), { signers: keypair.publicKeyHex });
    if (verdict !== 'intact' || eventCount !== expected) throw new Error(`${ledgerOf(place)}: ${eventCount}, ${verdict}`);
  }
}

/** Starts the worker of a place. It is ready when its first event is on disk. */
function start(place) {
  const worker = cluster.fork({ PLACE: place });
  return { worker, ready: once(worker, 'message'), ended: once(worker, 'exit').then(([code]) => code) };
}

async function work(place) {
  const keypair = SigningKeypair.loadOrCreate('signing.key');
  const sessionId = `worker-${place}`;
  // The lock of one that was killed is free when the system has ended it: a moment later.
  const session = await Session.open({ keypair, ledgerPath: ledgerOf(place), sessionId, lockTimeoutMs: 10_000 });
  await session.record(events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId }));
  process.send('ready');
  await once(process, 'message');
  await session.record(events.sessionEnded({ reason: 'completed', summarySha256: '' }));
  await session.close();
  cluster.worker.disconnect();
}

/** The ledger of a worker that runs is refused to every other process, and says so by a code. */
async function refuseSecondWriter(keypair) {
  try {
    await Session.open({ keypair, ledgerPath: ledgerOf('1'), sessionId: 'primary' });
  } catch (error) {
    if (LedgerError.is(error) && error.code === 'ERR_LEDGER_LOCKED') return;
    throw error;
  }
  throw new Error('two processes have one ledger open');
}
