// A host with worker threads: two at once import the package, with the main thread and without it.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const program = new URL('../esm/main.mjs', import.meta.url);

async function work() {
  const [code] = await once(new Worker(program), 'exit');
  if (code !== 0) throw new Error(`a worker ended with ${code}`);
}

await Promise.all([work(), work()]);
await import(program);
await work();
