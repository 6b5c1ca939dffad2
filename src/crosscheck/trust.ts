/*
 * Who may sign: checks 16 and 17 of the format. The keys that the caller named may, and those that they hand over to:
 *
 *   KeyRotated {old_key, new_key, first_hash, proof}, sealed by old_key
 *   proof: Ed25519 by new_key over  sealwright/key-rotation/v1 LF {"first_hash":F,"new_key":K,"old_key":O,"seq":N}
 */

import type { Head } from '../report.js';
import { fromHex } from './bytes.js';
import { isUsableKey, verifySignature } from './ed25519.js';
import { isHex } from './fields.js';
import { type Line, textField } from './line.js';
import { Fault, shownText } from './stop.js';

/** Hash that stands where there is no event. */
export const GENESIS = '0'.repeat(64);

/** Who is expected to sign behind a line: its signer, or whom it hands over to. */
export function nextSigner(line: Line): string {
  return line.kind === 'KeyRotated' ? textField(line, 'new_key') : line.signer;
}

/** The keys that count at some place of a ledger. */
export class Trust {
  /** None: any. */
  readonly #keys: Set<string> | undefined;
  #firstHash: string | undefined;

  /** `startAfter` is the event that reading starts behind, if it does. */
  constructor(signers: readonly string[] | undefined, startAfter: Head | undefined) {
    this.#keys = signers && new Set(signers);
    if (startAfter?.seq === 0) this.#firstHash = startAfter.hash;
  }

  /** @throws {@link Fault} */
  check(line: Line): void {
    const keys = this.#keys;
    if (keys !== undefined && !keys.has(line.signer)) {
      const expected = keys.size === 1 ? [...keys].join('') : 'one of several';
      throw new Fault('untrusted_signer', 'signed by none of the expected signers', expected, line.signer);
    }
    if (line.kind === 'KeyRotated') checkRotation(line, line.seq === 0 ? GENESIS : this.#firstHash);
  }

  /** Goes on behind a line that was checked. */
  follow(line: Line): void {
    if (line.seq === 0) this.#firstHash = line.selfHash;
    if (line.kind !== 'KeyRotated') return;
    this.#keys?.delete(line.signer);
    this.#keys?.add(nextSigner(line));
  }
}

/** `firstHash` is that of the ledger's first event, if it is known. */
function checkRotation(line: Line, firstHash: string | undefined): void {
  const [oldKey, newKey, stated] = [textField(line, 'old_key'), textField(line, 'new_key'), textField(line, 'first_hash')];
  const refuse = (reason: string, expected: string | null = null, found: string | null = null) => {
    throw new Fault('rotation_unendorsed', reason, expected, found);
  };
  if (oldKey !== line.signer) refuse('old_key is not the key that sealed the rotation', line.signer, oldKey);
  if (newKey === oldKey) refuse('new_key is the old key', null, newKey);
  if (!isUsableKey(fromHex(newKey))) refuse('new_key is no key that a signature can hold under', null, newKey);
  if (!isHex(stated, 64) || (firstHash !== undefined && stated !== firstHash)) {
    refuse('first_hash is not that of this ledger', firstHash ?? '64 lower-case hex digits', shownText(stated));
  }
  const statement = `{"first_hash":"${stated}","new_key":"${newKey}","old_key":"${oldKey}","seq":${line.seq}}`;
  const signed = new TextEncoder().encode(`sealwright/key-rotation/v1\n${statement}`);
  if (!verifySignature(fromHex(newKey), signed, fromHex(textField(line, 'proof')))) {
    refuse('the proof does not hold under new_key');
  }
}
