// Ends worker threads by force while they record; this thread records on the same ledger all the time.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Session } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { heard, input, say } from '../helpers/talk.mts';

interface Work {
  readonly ledgerPath: string;
  readonly who: string;
  /** Records that were acknowledged. */
  readonly acknowledged: Int32Array;
}

if (isMainThread) {
  const { ledgerPath, times } = input as { readonly ledgerPath: string; readonly times: number };
  const session = await Session.open({ keypair, ledgerPath, sessionId: 'main' });
  let recorded = 0;
  for (let time = 0; time < times; time += 1) {
    const who = `worker-${time}`;
    const acknowledged = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(new URL(import.meta.url), { workerData: { ledgerPath, who, acknowledged } satisfies Work });
    const state = { recording: true };
    const ended = new Promise<void>((resolve, reject) => {
      worker.on('error', reject).on('exit', () => {
        state.recording = false;
        resolve();
      });
    });
    // The worker says when it opens the ledger, and each time it has further records in flight.
    let words = 0;
    worker.on('message', () => {
      words += 1;
      if (words === 1 + (time % 5)) void worker.terminate();
    });
    while (state.recording) {
      await session.record(numbered('main', recorded));
      recorded += 1;
    }
    await ended;
    say({ who, acknowledged: Atomics.load(acknowledged, 0) });
  }
  await session.record(numbered('main', recorded));
  await session.close();
  say({ who: 'main', acknowledged: recorded + 1 });
  // Lives on without a session: nobody else must keep the ledger.
  await heard();
} else {
  const { ledgerPath, who, acknowledged } = workerData as Work;
  parentPort?.postMessage('opening', []);
  const session = await Session.open({ keypair, ledgerPath, sessionId: who });
  for (let n = 0; ; n += 2) {
    const flying = [n, n + 1].map((number) =>
      session.record(numbered(who, number, 50_000)).then(() => Atomics.add(acknowledged, 0, 1)),
    );
    parentPort?.postMessage('recording', []);
    await Promise.all(flying);
  }
}
