/*
 * An event in full: what it says, what of it is hashed and signed, and what it follows.
 */

import type { ComponentChildren, RefObject } from 'preact';
import { visible, visibleJson } from '../../src/cli/safe-text.js';
import { formatBytes, grouped } from '../../src/cli/words.js';
import type { EventDetail } from '../client.js';
import type { Explanation } from '../engine.js';
import type { Model } from '../model/model.js';
import type { Actions } from './actions.js';
import { Copyable, CopyButton } from './copy.js';
import { formatNanos } from './format.js';
import { Pair } from './pair.js';
import { Recompute } from './recompute.js';
import type { Key, Selected } from './state.js';
import { Symbol } from './symbols.js';

/** Text beyond this is cut, in characters: a line may have 16 MiB. What is copied is whole. */
const SHOWN = 40_000;

interface Props {
  readonly model: Model;
  readonly selected: Selected;
  readonly isTrusted: boolean;
  readonly keys: readonly Key[];
  readonly fingerprints: ReadonlyMap<string, string>;
  readonly actions: Actions;
  /** What has the focus when the table hands it over. */
  readonly heading: RefObject<HTMLHeadingElement | null>;
  readonly onClose: () => void;
}

export function Detail({ model, selected: { row, detail }, isTrusted, keys, fingerprints, actions, heading, onClose }: Props) {
  const { events, kinds } = model;
  const seq = events.seq[row] ?? -1;
  const name = seq < 0 ? `Line ${grouped(events.line[row] ?? 0)}` : `Event ${grouped(seq)}`;
  const pair = events.pair[row] ?? -1;
  return (
    <aside class="detail" aria-labelledby="detail" data-detail={row} onKeyDown={(event) => event.key === 'Escape' && onClose()}>
      <header>
        <h2 id="detail" ref={heading} tabIndex={-1}>
          {name}
        </h2>
        <span class="soft">{visible(kinds[events.kind[row] ?? 0] ?? '')}</span>
        <span class="detail-tools">
          <button type="button" class="icon" aria-label="Event before" disabled={row === 0} onClick={() => actions.select(row - 1)}>
            <Symbol name="up" />
          </button>
          <button type="button" class="icon" aria-label="Event behind" disabled={row === events.length - 1} onClick={() => actions.select(row + 1)}>
            <Symbol name="down" />
          </button>
          <button type="button" class="icon" aria-label="Close" onClick={onClose}>
            <Symbol name="cross" />
          </button>
        </span>
      </header>
      <div class="detail-body">
        {!isTrusted && (
          <p class="untrusted-note">
            <Symbol name="broken" />
            Not trusted: the ledger breaks here or before, or could not be verified from here on. What stands here may have been written
            by anybody.
          </p>
        )}
        {detail === null && <p class="soft late">Reading</p>}
        {detail !== null && 'code' in detail && <p class="refusal">{visible(`${detail.message} (${detail.code})`)}</p>}
        {detail !== null && 'line' in detail && (
          <Body detail={detail} keys={keys} fingerprints={fingerprints} actions={actions}>
            {pair !== -1 && (
              <button type="button" class="quiet" onClick={() => actions.select(pair)}>
                {pair > row ? 'Go to its return' : 'Go to its call'}
              </button>
            )}
          </Body>
        )}
      </div>
    </aside>
  );
}

interface BodyProps extends Pick<Props, 'keys' | 'fingerprints' | 'actions'> {
  readonly detail: EventDetail;
  readonly children: ComponentChildren;
}

function Body({ detail, keys, fingerprints, actions, children }: BodyProps) {
  const { row, line, explanation } = detail;
  if ('code' in explanation) {
    return (
      <>
        <p class="refusal">
          <Symbol name="failed" />
          {visible(`${explanation.reason} (${explanation.code})`)}
        </p>
        <Text title="The line as it stands there" text={line} isOpen />
      </>
    );
  }
  const { payload, canonical, timestampNanos } = explanation;
  return (
    <>
      <p class="number">
        {formatNanos(timestampNanos)} {children}
      </p>
      <Text title="Payload" text={payload} isOpen />
      <Recompute key={row} row={row} actions={actions} keys={keys} />
      <Chain detail={detail} explanation={explanation} fingerprints={fingerprints} actions={actions} />
      <Text title="Canonical bytes, which are hashed" text={canonical} />
      <Text title="The line as it stands there" text={line} />
    </>
  );
}

interface ChainProps extends Pick<Props, 'fingerprints' | 'actions'> {
  readonly detail: EventDetail;
  readonly explanation: Explanation;
}

function Chain({ detail: { previous }, explanation, fingerprints, actions }: ChainProps) {
  const { selfHash, parentHash, signature, signer } = explanation;
  return (
    <dl class="pairs pairs-tall">
      <Pair name="self_hash">
        <Copyable text={selfHash} />
      </Pair>
      <Pair name="parent_hash">
        <Copyable text={parentHash} />
        {previous !== null && (
          <button type="button" class="quiet" onClick={() => actions.select(previous.row)}>
            Go to the event before
          </button>
        )}
      </Pair>
      <Pair name="signature">
        <Copyable text={signature} />
      </Pair>
      <Pair name="signer">
        <Copyable text={signer} />
        {fingerprints.has(signer) && <div class="soft">fingerprint {fingerprints.get(signer)}</div>}
      </Pair>
    </dl>
  );
}

/** Text of the ledger: nothing in it is more than text, and what would not be seen is spelled out. */
function Text({ title, text, isOpen = false }: { readonly title: string; readonly text: string; readonly isOpen?: boolean }) {
  const shown = text.slice(0, SHOWN);
  return (
    <div class="text">
      <details open={isOpen}>
        <summary>
          <h3>{title}</h3>
        </summary>
        <pre tabIndex={0}>{visibleJson(shown)}</pre>
        {shown.length < text.length && <p class="soft">{`and ${formatBytes(text.length - shown.length)} more, which the copy has`}</p>}
      </details>
      <CopyButton text={text} what={`Copy: ${title}`} />
    </div>
  );
}
