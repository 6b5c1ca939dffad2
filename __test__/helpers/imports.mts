// Ledgers to import, and what becomes of them.

import { chmodSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type HeadStore, importLedger, type ImportOptions, verifyFile } from 'sealwright';
import { rejectsError } from './errors.mts';
import { newFolder } from './folders.mts';
import { ended, key1, openSession } from './ledgers.mts';
import { type ExpectedHeads, peerJson, peerPath } from './vectors.mts';

const name = 'ledger_200';
/** 200 events that the peer recorded: who signed them, their bytes, the last and the first of them. */
export const signers = key1.publicKeyHex;
export const bytes = readFileSync(peerPath(`${name}.ndjson`));
export const expectedHead = { seq: 199, hash: peerJson<ExpectedHeads>('ledger_200.expected.json')[name].root_hash };
export const firstHash = (await verifyFile(peerPath(`${name}.ndjson`))).firstHash ?? '';

/** A ledger as the peer leaves it, mode 0644, in a new folder; and a path for a copy in a folder that is not there. */
export function peerLedger(t: ExecutionContext, content: Uint8Array | string = bytes) {
  const folder = realpathSync(newFolder(t));
  const path = join(folder, 'old.ndjson');
  writeFileSync(path, content);
  chmodSync(path, 0o644);
  return { folder, path, to: join(folder, 'new', 'ledger.ndjson') };
}

/** The permissions of a file. */
export const modeOf = (path: string) => statSync(path).mode & 0o777;

/** Continues the peer's ledger with one event. */
export async function isContinued(t: ExecutionContext, ledgerPath: string, headStore?: HeadStore) {
  const session = await openSession(t, { ledgerPath, headStore });
  const { seq, selfHash } = await session.record(ended('continued'));
  await session.close();
  const report = await verifyFile(ledgerPath, { signers, expectedHead: { seq, hash: selfHash }, expectedFirst: firstHash });
  t.like(report, { verdict: 'verified', eventCount: 201, events: 'core', warnings: [] });
}

/** Nothing is there but the ledger as it was. */
export function isUntouched(t: ExecutionContext, { folder, path }: ReturnType<typeof peerLedger>, content: Uint8Array | string) {
  t.true(readFileSync(path).equals(Buffer.from(content)));
  t.is(modeOf(path), 0o644);
  const left = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  t.deepEqual(left.map((entry) => entry.name), ['old.ndjson']);
}

/** Imports in place and as a copy; each is refused, and leaves nothing. */
export async function isRefused(
  t: ExecutionContext,
  content: Uint8Array | string,
  expected: Parameters<typeof rejectsError>[2],
  options: ImportOptions = {},
): Promise<Error[]> {
  const errors: Error[] = [];
  for (const inPlace of [false, true]) {
    const ledger = peerLedger(t, content);
    const call = () => importLedger(ledger.path, { ...options, ...(inPlace ? {} : { to: ledger.to }) });
    errors.push(await rejectsError(t, call, expected));
    isUntouched(t, ledger, content);
  }
  return errors;
}
