// Three sessions in each of three threads record on one ledger at the same time, through different names of the file.

import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Session } from 'sealwright';
import { keypair, numbered, otherKeypair } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

interface Work {
  readonly thread: string;
  /** Names of the one file. */
  readonly paths: readonly string[];
  readonly events: number;
  /** Threads that are ready. */
  readonly ready: Int32Array;
}

const THREADS = 3;

if (isMainThread) {
  const { paths, events } = input as Omit<Work, 'thread' | 'ready'>;
  const work = { paths, events, ready: new Int32Array(new SharedArrayBuffer(4)) };
  const workers = ['worker-1', 'worker-2'].map((thread) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...work, thread } satisfies Work });
    return new Promise((resolve, reject) => worker.on('error', reject).on('exit', resolve));
  });
  await record({ ...work, thread: 'main' });
  await Promise.all(workers);
} else {
  await record(workerData as Work);
}

async function record({ thread, paths, events, ready }: Work): Promise<void> {
  const sessions = await Promise.all(
    paths.map((ledgerPath, index) => Session.open({ keypair, ledgerPath, sessionId: `${thread}-${index}` })),
  );
  const wrongKey = await Session.open({ keypair: otherKeypair, ledgerPath: paths[0] ?? '', sessionId: 'other' }).catch(
    (error: unknown) => error as { code: string },
  );
  // No thread begins before all have opened.
  Atomics.add(ready, 0, 1);
  Atomics.notify(ready, 0);
  for (let arrived = 0; (arrived = Atomics.load(ready, 0)) < THREADS; ) {
    Atomics.wait(ready, 0, arrived);
  }
  await Promise.all(
    sessions.map(async (session) => {
      for (let n = 0; n < events; n += 3) {
        await Promise.all([0, 1, 2].map((more) => session.record(numbered(session.sessionId, n + more))));
      }
      await session.close();
    }),
  );
  say({ thread, wrongKey: 'code' in wrongKey ? wrongKey.code : 'opened' });
}
