/*
 * A ledger that could not be read or verified: why, by its code, and what to do.
 */

import type { ComponentChildren } from 'preact';
import { visible } from '../../src/cli/safe-text.js';
import { counted } from '../../src/cli/words.js';
import type { EngineFailure } from '../engine.js';
import { Symbol } from './symbols.js';

/** What to do, by code. For others docs/errors.md says more. */
const ADVICE: Readonly<Record<string, string>> = {
  ERR_INTERNAL: 'This is a defect of the viewer, or of the memory that the browser gives it. Load the page again; `sealwright verify` checks the same on a command line.',
  ERR_LEDGER_IO: 'The file could not be read to its end. Was it moved, or written to, since it was opened here? Open it again.',
  ERR_LEDGER_MALFORMED: 'A line is no event. Is the file a ledger, and whole? Nothing from that line on was verified.',
  ERR_LEDGER_CHANGED: 'The file changed while it was read. Take a copy that nobody writes to.',
  ERR_LINE_TOO_LONG: 'A line is longer than any that is written. Is it a ledger?',
  ERR_SEGMENT_REFUSED: 'The names of the files say which parts of the ledger they are. Open all of one ledger together, as they were named.',
};

interface Props {
  readonly title: string;
  readonly failure: EngineFailure;
  /** What can be done about it. */
  readonly children?: ComponentChildren;
}

export function Failure({ title, failure: { code, message, report }, children }: Props) {
  return (
    <section class="verdict verdict-none" data-verdict="none" aria-labelledby="failure">
      <Symbol name="failed" large />
      <div class="verdict-text">
        <h1 id="failure">{title}</h1>
        <p>{visible(message)}</p>
        <p class="advice">{ADVICE[code] ?? 'The documentation of errors says more of this code.'}</p>
        {report !== undefined && <p>{`${counted(report.eventCount, 'event')} before it hold${report.eventCount === 1 ? 's' : ''}.`}</p>}
        <p class="soft mono">{visible(code)}</p>
        {children}
      </div>
    </section>
  );
}
