/*
 * What an evidence pack says of itself. Shown to be compared with what came another way, and never taken over.
 */

import { visible } from '../../src/cli/safe-text.js';
import type { Head } from '../../src/report.js';
import type { PackClaims } from '../client.js';
import { Pair } from './pair.js';
import type { Key } from './state.js';

interface Props {
  readonly claims: PackClaims;
  readonly keys: readonly Key[];
  readonly head: Head | null;
  readonly fingerprints: ReadonlyMap<string, string>;
}

export function Claims({ claims, keys, head, fingerprints }: Props) {
  return (
    <section class="card claims" aria-labelledby="claims">
      <h2 id="claims">Claimed by the pack</h2>
      <p class="soft">
        Whoever made the pack wrote this. Nothing here was used to check the ledger. Compare it with what you were told another way.
      </p>
      <dl class="pairs">
        {claims.keys.map((publicKey) => (
          <Pair key={publicKey} name="Key">
            <span class="mono">{visible(publicKey)}</span>
            {fingerprints.has(publicKey) && <div class="soft">fingerprint {fingerprints.get(publicKey)}</div>}
            <div class="compared">{comparedKey(publicKey, keys)}</div>
          </Pair>
        ))}
        {claims.head !== null && (
          <Pair name="Head">
            <span class="mono">{`${claims.head.seq}:${visible(claims.head.hash)}`}</span>
            <div class="compared">{comparedHead(claims.head, head)}</div>
          </Pair>
        )}
        <Pair name="Verdict">{visible(claims.verdict)}</Pair>
        <Pair name="Made by">{visible(claims.tool)}</Pair>
      </dl>
    </section>
  );
}

function comparedKey(publicKey: string, keys: readonly Key[]): string {
  if (keys.length === 0) return 'You have named no key.';
  return keys.some((key) => key.publicKey === publicKey) ? 'It is a key that you named.' : 'It is no key that you named.';
}

function comparedHead(claimed: Head, head: Head | null): string {
  if (head === null) return 'You have named no head.';
  if (claimed.seq !== head.seq) return 'It is another event than the head that you named.';
  return claimed.hash === head.hash ? 'It is the head that you named.' : 'It is not the head that you named.';
}
