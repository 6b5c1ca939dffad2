/*
 * The page before anything was opened.
 */

import { About } from './about.js';
import { FileButton } from './drop.js';
import { Symbol } from './symbols.js';

interface Props {
  /** Why nothing can be opened; null where it can. */
  readonly unable: string | null;
  readonly isSorting: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

const TAKEN: readonly (readonly [string, string])[] = [
  ['Ledger', 'one file, or all its segments; also compressed with gzip'],
  ['Pack', 'an evidence pack, as it is'],
  ['Public keys', 'who may sign: hex or PEM'],
  ['Head', 'an event that must be in it, as SEQ:HASH'],
];

export function Start({ unable, isSorting, onFiles }: Props) {
  return (
    <div class="start">
      <section class="start-drop" aria-labelledby="open">
        <Symbol name="drop" large />
        <h1 id="open">Open a ledger</h1>
        {unable === null ? (
          <>
            <p class="soft">Drop it here, or choose it. It is read and verified in this page and sent nowhere: the page cannot reach any network.</p>
            <p class="start-buttons">
              <FileButton onFiles={onFiles} isPrimary>
                {isSorting ? 'Looking' : 'Choose files'}
              </FileButton>
              <FileButton onFiles={onFiles} isFolder>
                Choose a folder
              </FileButton>
            </p>
          </>
        ) : (
          <p class="refusal" role="alert">
            <Symbol name="failed" />
            {unable}
          </p>
        )}
        <dl class="start-taken">
          {TAKEN.map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section class="card" aria-labelledby="about">
        <h2 id="about">Before you believe this page</h2>
        <About />
      </section>
    </div>
  );
}
