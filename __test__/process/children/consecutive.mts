// Three worker threads, one after the other, load the addon and record; this thread loads it last.

import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { input, say } from '../helpers/talk.mts';

if (isMainThread) {
  for (const who of ['first', 'second', 'third']) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...(input as object), who } });
    say(await new Promise((resolve, reject) => worker.on('error', reject).on('exit', resolve)));
  }
  await record({ ...(input as { ledgerPath: string }), who: 'main' });
} else {
  await record(workerData as { ledgerPath: string; who: string });
}

async function record({ ledgerPath, who }: { readonly ledgerPath: string; readonly who: string }): Promise<void> {
  const { Session } = await import('sealwright');
  const { keypair, numbered } = await import('../helpers/fixture.mts');
  const session = await Session.open({ keypair, ledgerPath, sessionId: who });
  await session.record(numbered(who, 0));
  await session.close();
}
