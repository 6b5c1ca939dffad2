/*
 * What commands share that record in a ledger: they open a session, do one thing and close it.
 */

import { FileHeadStore, inspectTail, type Recovery, Session, type SessionOptions, SigningKeypair } from '../index.js';
import type { OptionSpec } from './command.js';
import type { Context } from './context.js';
import { counted } from './words.js';

/** The options that say how a ledger is opened. */
export const openingOptions = {
  key: { kind: 'text', flags: '--key', value: 'FILE', env: 'SEALWRIGHT_KEY', help: 'the key that signs the ledger now' },
  headStore: { kind: 'text', flags: '--head-store', value: 'FILE', help: 'the head store of the ledger: it is compared before, and keeps the new head' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** How a ledger is opened. */
export interface Opening {
  readonly ledger: string;
  readonly key: string;
  readonly headStore: string | undefined;
}

/** The name under which a command's session is known. */
const SESSION_ID = 'sealwright-cli';

/** Options of a session on a ledger that is there already: a command makes none. */
export async function optionsOf({ ledger, key, headStore }: Opening): Promise<SessionOptions> {
  const keypair = SigningKeypair.load(key);
  await inspectTail(ledger);
  const store = headStore === undefined ? {} : { headStore: { store: new FileHeadStore(headStore), wait: true } };
  return { keypair, ledgerPath: ledger, sessionId: SESSION_ID, events: 'extended', ...store };
}

/** Opens a ledger, uses it and closes it. */
export async function withSession<T>(context: Context, opening: Opening, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.open(await optionsOf(opening));
  try {
    tellRecovery(context, session.recovery);
    return await use(session);
  } finally {
    await session.close();
  }
}

/** What opening has mended. */
export function tellRecovery({ err }: Context, { tail }: Recovery): void {
  if (tail !== null) err.line('sealwright: ', `${counted(tail.bytes, 'byte')} that a crash left were cut off, and are kept in `, tail.path);
}
