// Records and ends, one way or another.

import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { Session } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

/** What the process or thread does. */
export interface Plan {
  readonly ledgerPath: string;
  /** Runs all of it in a worker thread; the main thread records one event afterwards. */
  readonly worker?: boolean;
  readonly records: number;
  /** Bytes that each line is longer. */
  readonly padding?: number;
  /** Whether it waits for its records. */
  readonly awaited?: boolean;
  readonly end: 'nothing' | 'exit' | 'throw';
  /** An `exit` listener that records one event more, registered before or after the session is opened. */
  readonly listener?: 'before' | 'after';
}

const plan = (isMainThread ? input : workerData) as Plan;

if (isMainThread && plan.worker === true) {
  const worker = new Worker(new URL(import.meta.url), { workerData: plan });
  const code = await new Promise((resolve) => worker.on('error', () => undefined).on('exit', resolve));
  const session = await Session.open({ keypair, ledgerPath: plan.ledgerPath, sessionId: 'main' });
  await session.record(numbered('main', 0));
  say({ code });
} else {
  await recordAndEnd(plan);
}

async function recordAndEnd({ ledgerPath, records, padding, awaited, end, listener }: Plan): Promise<void> {
  const sessions: Session[] = [];
  const recordAtExit = () => {
    process.on('exit', () => sessions[0]?.recordSync(numbered('exit', 0)));
  };
  if (listener === 'before') recordAtExit();
  const session = await Session.open({ keypair, ledgerPath, sessionId: 'end', events: 'extended', heartbeatMs: 60_000 });
  sessions.push(session);
  if (listener === 'after') recordAtExit();
  const submitted = Array.from({ length: records }, (_, n) => session.record(numbered('end', n, padding)));
  if (awaited === true) await Promise.all(submitted);
  if (isMainThread) say('recorded');
  if (end === 'exit') process.exit();
  if (end === 'throw') throw new Error('nobody catches this');
}
