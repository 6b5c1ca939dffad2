/*
 * process.exit(): what sessions have queued is written before the process ends.
 *
 * Addons are told of the end of a worker thread, and of a process that ends by itself, but of process.exit() on the
 * main thread only JavaScript is told.
 */

import { native } from './native.js';

let listening = false;

/** From now on the end of this thread waits for the queues of its sessions, at most 2 s. Call it for each session. */
export function drainAtExit(): void {
  if (listening) return;
  listening = true;
  process.on('exit', () => native.drainSessions());
}
