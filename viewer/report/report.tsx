/*
 * What stands in a report, from the verdict to the last event.
 */

import { visible } from '../../src/cli/safe-text.js';
import { counted, grouped } from '../../src/cli/words.js';
import type { ReportFacts } from '../../src/evidence/pages.js';
import { Charts, CoverageView, Timeline } from '../charts/index.js';
import type { Model } from '../model/model.js';
import { Checks } from '../page/checks.js';
import { CanCopy } from '../page/copy.js';
import { Facts } from '../page/facts.js';
import { judge } from '../page/judge.js';
import { Symbol } from '../page/symbols.js';
import { trustOf } from '../page/trust.js';
import { Verdict } from '../page/verdict.js';
import { Events } from './events.js';

interface Props extends ReportFacts {
  readonly model: Model;
  /** Whether the model is of all lines. */
  readonly isWhole: boolean;
}

/** The page's body. */
export function Report({ model, isWhole, subject, report, fingerprints, version }: Props) {
  const findings = judge(report);
  const { end, rows } = trustOf(model, { report });
  return (
    <CanCopy.Provider value={false}>
      <header class="report-top">
        <p class="report-brand">
          <Symbol name="seal" />
          Sealwright report
        </p>
        <p class="soft">{`made by sealwright ${version}`}</p>
      </header>
      <main data-phase="done">
        <p class="report-subject">{visible(subject)}</p>
        <Verdict report={report} findings={findings} />
        {findings.unmet.map(({ what }) => <p key={what} class="report-note">{what}</p>)}
        <Caution version={version} />
        <Checks checks={findings.checks} isBroken={!report.ok} />
        <Facts report={report} files={model.files} fingerprints={fingerprints} />
        {!isWhole && (
          <p class="report-note">
            {`Everything below is of the first ${counted(model.events.length, 'event')}: the ledger has more than a page is made of. The verdict is of all of it.`}
          </p>
        )}
        <section class="report-part" aria-labelledby="pictures">
          <h2 id="pictures">Pictures</h2>
          <p class="soft">Made of every line that can be read, as it stands there. No check is among them.</p>
          <Timeline model={model} report={report} />
          <Charts model={model} report={report} />
        </section>
        <section class="report-part" aria-labelledby="coverage">
          <h2 id="coverage">Coverage</h2>
          <p class="soft">What to ask about. None of it breaks a ledger.</p>
          <CoverageView model={model} report={report} />
        </section>
        <Events model={model} broken={end} trusted={rows} />
      </main>
      <footer class="soft">{`End of the report on ${visible(subject)}, ${grouped(report.eventCount)} events verified.`}</footer>
    </CanCopy.Provider>
  );
}

function Caution({ version }: { readonly version: string }) {
  return (
    <section class="card report-caution" aria-labelledby="caution">
      <h2 id="caution">What this page is worth</h2>
      <p>
        It says what was found where it was made. To whoever did not make it, it proves nothing: anybody could have written it. Get the
        ledger, and from somewhere else the public key of the signer and an event that was reported, and verify them with a program of
        your own:
      </p>
      <p>
        <code>{`npx sealwright@${version} verify LEDGER --signer KEY --head SEQ:HASH`}</code>
      </p>
    </section>
  );
}
