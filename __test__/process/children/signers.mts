// Signers written in JavaScript, in two threads, and ends of threads that they are needed in.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Session, type Signer } from 'sealwright';
import { RecordingSigner } from '../../helpers/signers.mts';
import { numbered, seed } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

/** What to do, on what. */
export interface Plan {
  readonly scene: keyof typeof scenes;
  readonly ledgerPath: string;
}

const { scene, ledgerPath } = (isMainThread ? input : workerData) as Plan;

const scenes = {
  /** A worker thread brings the signer that signs for all, and ends while it signs. */
  async ended(): Promise<void> {
    const worker = start('bring');
    await new Promise((resolve) => worker.once('message', resolve));
    const signer = new RecordingSigner(seed);
    const session = await open('main', signer);
    await session.record(numbered('main', 0));
    say({ asked: signer.asked.length });
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('hang', []);
    await new Promise((resolve) => worker.once('message', resolve));
    const hanging = session.record(numbered('main', 1)).catch((error: unknown) => say({ failed: codeOf(error) }));
    // Its request is in the worker's hands.
    await new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage('end', []);
    await Promise.all([ended, hanging]);
    await session.record(numbered('main', 2));
    say({ asked: signer.asked.length });
    await session.close();
  },

  /** The worker thread's part of it. */
  async bring(): Promise<void> {
    const signer = new RecordingSigner(seed);
    const session = await open('worker', signer);
    parentPort?.on('message', (word) => {
      // It names the session, which would be closed if it were collected before that.
      if (word === 'end') process.exit(session.head === null ? 1 : 0);
      signer.answer = () => {
        parentPort?.postMessage('asked', []);
        return new Promise(() => {});
      };
      parentPort?.postMessage('hanging', []);
    });
    parentPort?.postMessage('ready', []);
  },

  /** Nothing but the record keeps the process alive, and the signer takes its time. */
  async natural(): Promise<void> {
    const signer = new RecordingSigner(seed);
    signer.answer = () => new Promise((resolve) => setTimeout(resolve, 100, undefined).unref());
    const session = await open('session', signer);
    for (let n = 0; n < 3; n += 1) void session.record(numbered('session', n));
  },

  /** Ends while a record is being signed, and others wait for that. */
  async exit(): Promise<void> {
    const signer = new RecordingSigner(seed);
    const session = await open('session', signer);
    await session.record(numbered('session', 0));
    signer.answer = () => new Promise(() => {});
    for (let n = 1; n < 4; n += 1) void session.record(numbered('session', n)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.exit();
  },

  /** The same in a worker thread. */
  async exitOfWorker(): Promise<void> {
    const worker = start('exit');
    say(await new Promise((resolve, reject) => worker.once('error', reject).once('exit', resolve)));
  },
};

await scenes[scene]();

function start(part: keyof typeof scenes): Worker {
  return new Worker(new URL(import.meta.url), { workerData: { scene: part, ledgerPath } satisfies Plan });
}

function open(sessionId: string, signer: Signer): Promise<Session> {
  return Session.open({ signer, ledgerPath, sessionId });
}

function codeOf(error: unknown): unknown {
  const { code, outcome } = error as { readonly code?: unknown; readonly outcome?: unknown };
  return [code, outcome];
}
