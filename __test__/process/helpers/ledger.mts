// What is in a ledger.

import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { type ChainReport, SignedEvent, verifyFile } from 'sealwright';
import { keypair } from './fixture.mts';

/** Requires one chain without a fault, signed by `keypair`, with nothing behind its last event. */
export async function intact(t: ExecutionContext, path: string): Promise<ChainReport> {
  const report = await verifyFile(path, { signers: [keypair.publicKeyHex], spelling: 'exact' });
  t.deepEqual([report.verdict, report.reason, report.tail], ['intact', null, null], path);
  return report;
}

/** The ledger's events as `who:n` of {@link numbered}. */
export function recorded(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => nameOf(SignedEvent.parse(line)));
}

/** An event of {@link numbered} as `who:n`. */
export function nameOf({ event }: SignedEvent): string {
  const { tool_name: who, args_redacted: redacted } = event.payload as { tool_name: string; args_redacted: { n: number } };
  return `${who}:${redacted.n}`;
}

/** The names that `numbered(who, n)` has for `from` to `to - 1`. */
export function names(who: string, to: number, from = 0): string[] {
  return Array.from({ length: to - from }, (_, index) => `${who}:${from + index}`);
}
