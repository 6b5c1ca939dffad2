/*
 * Who signed which events.
 */

import { counted, grouped } from '../../src/cli/words.js';
import type { ReportJson, ReportSigner } from '../../src/report.js';
import { Copyable } from './copy.js';
import { Pair } from './pair.js';
import { Symbol } from './symbols.js';

interface Props {
  readonly report: ReportJson;
  /** By public key. */
  readonly fingerprints: ReadonlyMap<string, string>;
}

export function Signers({ report: { signers, unlistedSignerEvents }, fingerprints }: Props) {
  if (signers.length === 0) return null;
  return (
    <section class="card" aria-labelledby="signers">
      <h2 id="signers">{signers.length === 1 ? 'Signer' : counted(signers.length, 'signer')}</h2>
      <ol class="signers">
        {signers.map((signer) => (
          <li key={`${signer.publicKey} ${signer.first}`}>
            <p>
              {rangeOf(signer)}
              <span class={signer.pinned ? 'tag tag-good' : 'tag'}>
                <Symbol name={signer.pinned ? 'check' : 'dash'} />
                {signer.pinned ? 'named by you' : 'by its own word'}
              </span>
            </p>
            <dl class="pairs">
              <Pair name="Fingerprint">
                <Copyable text={fingerprints.get(signer.publicKey) ?? ''} />
              </Pair>
              <Pair name="Public key">
                <Copyable text={signer.publicKey} />
              </Pair>
            </dl>
          </li>
        ))}
      </ol>
      {unlistedSignerEvents > 0 && <p class="soft">{`${counted(unlistedSignerEvents, 'event')} by keys beyond these`}</p>}
    </section>
  );
}

function rangeOf({ first, last }: ReportSigner): string {
  return first === last ? `Event ${grouped(first)}` : `Events ${grouped(first)} to ${grouped(last)}`;
}
