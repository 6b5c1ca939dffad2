/*
 * Who signed which events.
 */

import { counted, grouped } from '../../src/cli/words.js';
import type { ReportJson, ReportSigner } from '../../src/report.js';
import { Copyable } from './copy.js';
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
              <div>
                <dt>Fingerprint</dt>
                <dd>
                  <Copyable text={fingerprints.get(signer.publicKey) ?? ''} />
                </dd>
              </div>
              <div>
                <dt>Public key</dt>
                <dd>
                  <Copyable text={signer.publicKey} />
                </dd>
              </div>
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
