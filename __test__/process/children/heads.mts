// Head stores written in JavaScript, in two threads, and calls that must not wait for a thread that waits for them.

import { writeFile } from 'node:fs/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Head, type HeadStore, Session } from 'sealwright';
import { keypair, numbered } from '../helpers/fixture.mts';
import { input, say } from '../helpers/talk.mts';

/** What to do, on what. */
export interface Plan {
  readonly scene: keyof typeof scenes;
  readonly ledgerPath: string;
  readonly wait: boolean;
}

/** Bytes of a line of which two do not fit into one group. */
const LARGE = 800_000;

const { scene, ledgerPath, wait } = (isMainThread ? input : workerData) as Plan;

const scenes = {
  /** A worker thread brings the store and ends; this thread goes on recording. */
  async ended(): Promise<void> {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { scene: 'bring', ledgerPath, wait } satisfies Plan,
    });
    await new Promise((resolve) => worker.once('message', resolve));
    const session = await open('main');
    await session.record(numbered('main', 0));
    say({ error: session.headStoreError });
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('end', []);
    await ended;
    for (let n = 1; n <= 3; n += 1) await session.record(numbered('main', n));
    while (session.headStoreError === null) await new Promise((resolve) => setTimeout(resolve, 5));
    say({ error: session.headStoreError });
    await session.close();
  },

  /** The worker thread's part of it. */
  async bring(): Promise<void> {
    const session = await open('worker', storeInMemory());
    await session.record(numbered('worker', 0));
    // It names the session, which would be closed if it were collected before that.
    parentPort?.once('message', () => process.exit(session.head === null ? 1 : 0));
    parentPort?.postMessage('ready', []);
  },

  /** Every call that blocks this thread, while a record waits for the store, which needs this thread. */
  async blocking(): Promise<void> {
    const [session, other, third] = [await open('session', storeInMemory()), await open('other'), await open('third')];
    const [first, second] = [session.record(numbered('session', 0)), session.record(numbered('session', 1))];
    // Until the writer has a group on the disk, and waits for the store.
    while (session.head === null);
    say({ recordSync: code(() => session.recordSync(numbered('session', 2))) });
    say({ otherRecordSync: code(() => other.recordSync(numbered('other', 0))) });
    say({ openSync: code(() => Session.openSync({ keypair, ledgerPath, sessionId: 'fourth' }).closeSync()) });
    say({ otherCloseSync: code(() => other.closeSync()) });
    say({ otherDispose: code(() => third[Symbol.dispose]()) });
    say({ closeSync: code(() => session.closeSync()) });
    await Promise.all([first, second]);
    await session.record(numbered('session', 2));
    say({ lastCloseSync: code(() => session.closeSync()) });
  },

  /** More sessions are closed at once than libuv has threads, which the store needs too. */
  async pool(): Promise<void> {
    const kept = new Map<string, Head>();
    const session = await open('session', {
      get: (id) => kept.get(id) ?? null,
      async set(id, head) {
        await writeFile(`${ledgerPath}.head`, JSON.stringify([id, head]));
        kept.set(id, head);
      },
    });
    const others = await Promise.all(Array.from({ length: 6 }, (_, index) => open(`other-${index}`)));
    const record = session.record(numbered('session', 0));
    await Promise.all(others.map((other) => other.close()));
    await record;
    say({ error: session.headStoreError, kept: kept.size });
    await session.close();
  },

  /** Ends while records wait for the store, and others to be written. */
  async exit(): Promise<void> {
    const session = await open('session', storeInMemory());
    for (let n = 0; n < 5; n += 1) void session.record(numbered('session', n, LARGE));
    process.exit();
  },

  /** The same in a worker thread. */
  async exitOfWorker(): Promise<void> {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { scene: 'exit', ledgerPath, wait } satisfies Plan,
    });
    say(await new Promise((resolve, reject) => worker.once('error', reject).once('exit', resolve)));
  },
};

await scenes[scene]();

function open(sessionId: string, store?: HeadStore): Promise<Session> {
  const options = { keypair, ledgerPath, sessionId };
  return Session.open(store === undefined ? options : { ...options, headStore: { store, wait } });
}

function storeInMemory(): HeadStore {
  const kept = new Map<string, Head>();
  return {
    get: (id) => kept.get(id) ?? null,
    set: (id, head) => {
      kept.set(id, head);
    },
  };
}

/** The code that a call fails with, and whether it took longer than waiting for oneself would be noticed. */
function code(call: () => unknown): string {
  const started = performance.now();
  let result = 'done';
  try {
    call();
  } catch (error) {
    result = (error as { code?: string }).code ?? String(error);
  }
  const took = performance.now() - started;
  return took < 5000 ? result : `${result} after ${Math.round(took)} ms`;
}
