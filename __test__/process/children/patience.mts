// One thread waits for a ledger that another process holds; meanwhile this one asks for it without waiting.

import { setTimeout } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Session } from 'sealwright';
import { keypair } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

interface Work {
  readonly ledgerPath: string;
  readonly lockTimeoutMs: number;
  /** 1 while the worker waits. */
  readonly waiting: Int32Array;
}

if (isMainThread) {
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  const { ledgerPath, lockTimeoutMs } = input as Work;
  const worker = new Worker(new URL(import.meta.url), { workerData: { ledgerPath, lockTimeoutMs, waiting } });
  worker.on('error', (error) => say(error.message));
  Atomics.wait(waiting, 0, 0);
  while (Atomics.load(waiting, 0) === 1) {
    const started = performance.now();
    const code = refusal({ ledgerPath, lockTimeoutMs: 0 });
    say({ code, milliseconds: Math.round(performance.now() - started) });
    await setTimeout(20);
  }
} else {
  const { waiting, ...options } = workerData as Work;
  Atomics.store(waiting, 0, 1);
  Atomics.notify(waiting, 0);
  const code = refusal(options);
  Atomics.store(waiting, 0, 2);
  say({ worker: code });
}

function refusal(options: { readonly ledgerPath: string; readonly lockTimeoutMs: number }): string {
  try {
    Session.openSync({ ...options, keypair, sessionId: 'impatient' });
    return 'opened';
  } catch (error) {
    return (error as { code: string }).code;
  }
}
