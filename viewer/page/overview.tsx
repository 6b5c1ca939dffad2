/*
 * What a verification came to: checks with what would check the rest, the time it is about, and the facts.
 */

import type { Check, Findings } from '../../src/cli/verify/findings.js';
import type { ReportJson, SegmentsReportJson } from '../../src/report.js';
import type { Actions } from './actions.js';
import { Checks } from './checks.js';
import { Claims } from './claims.js';
import { Facts } from './facts.js';
import type { State } from './state.js';
import { HeadForm, KeyForm } from './trust-forms.js';

interface Props {
  readonly state: State;
  readonly report: ReportJson | SegmentsReportJson;
  readonly findings: Findings;
  readonly actions: Actions;
}

export function Overview({ state, report, findings, actions }: Props) {
  const { keys, head, claims, fingerprints, ledger, model } = state;
  const files = model?.files ?? ledger.map(({ name, blob }) => ({ name, bytes: blob.size }));
  const control = ({ name }: Check) => {
    if (name === 'signer') return <KeyForm actions={actions} keys={keys} signers={report.signers} />;
    return name === 'head' ? <HeadForm actions={actions} head={head} /> : null;
  };
  return (
    <>
      <Checks checks={findings.checks} isBroken={!report.ok} control={control} />
      {claims !== null && <Claims claims={claims} keys={keys} head={head} fingerprints={fingerprints} />}
      <Facts report={report} files={files} fingerprints={fingerprints} />
    </>
  );
}
