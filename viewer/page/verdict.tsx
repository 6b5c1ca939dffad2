/*
 * The verdict: its word, what it rests on, and what was not looked at. Where a ledger breaks, what stands there.
 */

import type { ComponentChildren } from 'preact';
import { visible } from '../../src/cli/safe-text.js';
import type { Findings } from '../../src/cli/verify/findings.js';
import { grouped } from '../../src/cli/words.js';
import type { ReportJson } from '../../src/report.js';
import { splitHeadline } from './judge.js';
import { Symbol, type SymbolName } from './symbols.js';

const SYMBOLS: Readonly<Record<Findings['verdict'], SymbolName>> = { verified: 'passed', intact: 'open', broken: 'broken', empty: 'ring' };

interface Props {
  readonly report: ReportJson;
  readonly findings: Findings;
  /** What can be done about it. */
  readonly children?: ComponentChildren;
}

export function Verdict({ report, findings, children }: Props) {
  const { title, sentence, limits } = splitHeadline(findings.headline);
  return (
    <section class={`verdict verdict-${findings.verdict}`} data-verdict={findings.verdict} aria-labelledby="verdict">
      <Symbol name={SYMBOLS[findings.verdict]} large />
      <div class="verdict-text">
        <h1 id="verdict">{title}</h1>
        <p>{visible(sentence)}</p>
        {limits.length > 0 && (
          <p class="verdict-limits">
            <strong>Not checked:</strong> {limits.join(', ')}
          </p>
        )}
        {!report.ok && <Break report={report} />}
        {children}
      </div>
    </section>
  );
}

function Break({ report: { code, line, byteOffset, brokenAt, expected, found } }: { readonly report: ReportJson }) {
  const place = line === null ? null : `line ${grouped(line)}, which begins at byte ${grouped(byteOffset ?? 0)}`;
  const facts: readonly (readonly [string, string | null])[] = [
    ['Fault', code],
    ['Place', place],
    ['Event', brokenAt === null ? null : grouped(brokenAt)],
    ['Expected', expected],
    ['Found', found],
  ];
  return (
    <dl class="verdict-break">
      {facts.map(([name, value]) => value !== null && <Fact key={name} name={name} value={visible(value)} />)}
    </dl>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="mono">{value}</dd>
    </div>
  );
}
