// What the tests of this folder and their child programs share: keys, events, and the addon's own exports.

import { createRequire } from 'node:module';
import { events, type LedgerEvent, sha256Hex, SigningKeypair } from 'sealwright';

/** The seed of {@link keypair}. */
export const seed = new Uint8Array(32).fill(7);

/** Signs the ledgers of these tests. */
export const keypair = SigningKeypair.fromSeed(seed);

/** Another signer. */
export const otherKeypair = SigningKeypair.fromSeed(new Uint8Array(32).fill(8));

const argsSha256 = sha256Hex('arguments');

/** The `n`th event of `who`, its line some `padding` bytes longer than needed. */
export function numbered(who: string, n: number, padding = 0): LedgerEvent {
  const argsRedacted = padding === 0 ? { n } : { n, padding: 'x'.repeat(padding) };
  return events.toolCalled({ toolName: who, argsSha256, argsRedacted });
}

/** The addon that the package itself has loaded. */
export function loadedAddon(): typeof import('../../../index.js') {
  const require = createRequire(createRequire(import.meta.url).resolve('sealwright/package.json'));
  return (require('./dist/native.js') as { native: typeof import('../../../index.js') }).native;
}
