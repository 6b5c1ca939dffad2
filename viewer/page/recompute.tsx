/*
 * The button that recomputes an event, and the steps.
 */

import { useState } from 'preact/hooks';
import type { EventDetail } from '../client.js';
import { type Actions, failureOf } from './actions.js';
import type { Key } from './state.js';
import { type Step, stepsOf } from './steps.js';
import { Symbol, type SymbolName } from './symbols.js';

const SYMBOLS: Readonly<Record<Step['status'], readonly [SymbolName, string]>> = {
  pass: ['passed', 'Passed'],
  fail: ['failed', 'Failed'],
  'not-checked': ['open', 'Not checked'],
};

interface Props {
  readonly row: number;
  readonly actions: Actions;
  readonly keys: readonly Key[];
}

type Recomputed = { readonly detail: EventDetail; readonly browserHash: string | null } | { readonly failure: string };

export function Recompute({ row, actions, keys }: Props) {
  const [recomputed, setRecomputed] = useState<Recomputed | null>(null);
  const recompute = async () => {
    setRecomputed(null);
    try {
      const detail = await actions.client.event(row);
      const browserHash = 'code' in detail.explanation ? null : await hashOf(detail.explanation.canonical);
      setRecomputed({ detail, browserHash });
    } catch (error) {
      setRecomputed({ failure: failureOf(error).message });
    }
  };
  return (
    <section class="recompute" aria-label="Recompute">
      <button type="button" class="primary" onClick={() => void recompute()}>
        Recompute
      </button>
      <div aria-live="polite">
        {recomputed !== null && 'failure' in recomputed && <p class="refusal">{recomputed.failure}</p>}
        {recomputed !== null && 'detail' in recomputed && (
          <ol class="steps">
            {stepsOf(recomputed.detail, recomputed.browserHash, keys).map(({ title, status, message, value }) => (
              <li key={title} class={`check-${status}`} data-step={title} data-status={status}>
                <span class="status">
                  <Symbol name={SYMBOLS[status][0]} />
                  <span class="unseen">{SYMBOLS[status][1]}: </span>
                </span>
                <div>
                  <h4>{title}</h4>
                  <p>{message}</p>
                  {value !== undefined && <p class="mono">{value}</p>}
                </div>
              </li>
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

/** By the browser itself: null where a page from a file may not ask for it. */
async function hashOf(text: string): Promise<string | null> {
  const digest = await globalThis.crypto?.subtle?.digest('SHA-256', new TextEncoder().encode(text)).catch(() => null);
  if (digest == null) return null;
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
