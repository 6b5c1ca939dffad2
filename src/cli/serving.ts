/*
 * What commands that listen have in common: the same options, and that they go on until they are ended.
 */

import { once } from 'node:events';
import type { Context } from './context.js';
import { ExitCode } from './exit-code.js';

/** Where to listen, and under which names. */
export const listenOptions = {
  port: { kind: 'whole', flags: '--port', value: 'N', least: 0, help: 'default any that is free' },
  host: { kind: 'text', flags: '--host', value: 'ADDRESS', help: 'default 127.0.0.1, which this machine alone can reach' },
  allowHost: { kind: 'many', flags: '--allow-host', value: 'NAME', help: 'a further name, and :PORT unless it is 80, under which it is asked; may be given several times' },
} as const;

/** What all of them end with. */
export const listenExits = { 0: 'SIGTERM', 130: 'Ctrl-C' } as const;

/** Until Ctrl-C, or what ends a service; gives what the command ends with. */
export async function untilEnded({ signal }: Context): Promise<ExitCode> {
  const term = new AbortController();
  const end = () => term.abort();
  process.once('SIGTERM', end);
  const either = AbortSignal.any([signal, term.signal]);
  if (!either.aborted) await once(either, 'abort');
  process.off('SIGTERM', end);
  return signal.aborted ? ExitCode.interrupted : ExitCode.ok;
}
