import { randomUUID } from 'node:crypto';
import { Session, SigningKeypair } from 'sealwright';

const KEY = Symbol.for('example.session');

/**
 * The one session of this process. It is opened by the first request, for `next build` loads this module too, and kept on
 * `globalThis`, because a module is there several times: once in each bundle, and again whenever it was edited.
 */
export function openLedger() {
  globalThis[KEY] ??= open().catch((error) => {
    globalThis[KEY] = undefined; // the next request tries again
    throw error;
  });
  return globalThis[KEY];
}

function open() {
  const keypair = SigningKeypair.loadOrCreate('signing.key');
  // While one process is replaced by another, the second waits for the lock.
  return Session.open({ keypair, ledgerPath: 'ledger.ndjson', sessionId: `web-${randomUUID()}`, lockTimeoutMs: 10_000 });
}
