// One thread starts programs without pause while another one opens and closes a ledger.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Session } from 'sealwright';
import { keypair } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

interface Work {
  readonly ledgerPath: string;
  readonly times: number;
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: input });
  const answer: { failed?: unknown; spawned: number } = { spawned: 0 };
  worker.on('message', (message) => {
    answer.failed = message;
  });
  for (; answer.failed === undefined; answer.spawned += 1) await once(spawn('true', { stdio: 'ignore' }), 'exit');
  say(answer);
} else {
  const { ledgerPath, times } = workerData as Work;
  const failed: Record<string, number> = {};
  for (let n = 0; n < times; n += 1) {
    try {
      Session.openSync({ keypair, ledgerPath, sessionId: 'again' }).closeSync();
    } catch (error) {
      const { code } = error as { code: string };
      failed[code] = (failed[code] ?? 0) + 1;
    }
  }
  parentPort?.postMessage(failed, []);
}
