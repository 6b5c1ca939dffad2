/*
 * Each check with how it ended, and, where a page can do it, what would check the rest.
 */

import type { ComponentChildren } from 'preact';
import { visible } from '../../src/cli/safe-text.js';
import type { Check } from '../../src/cli/verify/findings.js';
import { capital } from './judge.js';
import { Symbol, type SymbolName } from './symbols.js';

const STATUS: Readonly<Record<Check['status'], { readonly symbol: SymbolName; readonly word: string }>> = {
  pass: { symbol: 'passed', word: 'Passed' },
  fail: { symbol: 'failed', word: 'Failed' },
  'not-checked': { symbol: 'open', word: 'Not checked' },
};

interface Props {
  readonly checks: readonly Check[];
  readonly isBroken: boolean;
  /** What checks it, below its message. */
  readonly control?: ((check: Check) => ComponentChildren) | undefined;
}

export function Checks({ checks, isBroken, control }: Props) {
  return (
    <section class="card checks" aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      {isBroken && <p class="soft">What passed did so up to the break.</p>}
      <table>
        <thead class="unseen">
          <tr>
            <th scope="col">Outcome</th>
            <th scope="col">Check</th>
            <th scope="col">What was found</th>
          </tr>
        </thead>
        <tbody>
          {checks.map((check) => (
            <tr key={check.name} data-check={check.name} data-status={check.status} class={`check check-${check.status}`}>
              <td>
                <span class="status">
                  <Symbol name={STATUS[check.status].symbol} />
                  {STATUS[check.status].word}
                </span>
              </td>
              <th scope="row">{capital(check.name)}</th>
              <td>
                {visible(capital(check.message))}
                {control?.(check)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
