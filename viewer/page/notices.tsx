/*
 * What did not work, until it is dismissed.
 */

import { visible } from '../../src/cli/safe-text.js';
import type { Notice } from './state.js';
import { Symbol } from './symbols.js';

interface Props {
  readonly notices: readonly Notice[];
  readonly onDismiss: (id: number) => void;
}

export function Notices({ notices, onDismiss }: Props) {
  return (
    <div class="notices" role="status">
      {notices.map(({ id, text }) => (
        <p key={id}>
          <Symbol name="open" />
          <span>{visible(text)}</span>
          <button type="button" class="icon" aria-label="Dismiss" onClick={() => onDismiss(id)}>
            <Symbol name="cross" />
          </button>
        </p>
      ))}
    </div>
  );
}
