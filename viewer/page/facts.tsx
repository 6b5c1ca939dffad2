/*
 * What a report says of a ledger beside its verdict: how much of what, when, by whom.
 */

import { visible } from '../../src/cli/safe-text.js';
import { warningText } from '../../src/cli/verify/findings.js';
import { counted, erasedText, formatBytes, grouped } from '../../src/cli/words.js';
import type { ReportJson, SegmentsReportJson } from '../../src/report.js';
import { Copyable } from './copy.js';
import { formatRange } from './format.js';
import { Pair } from './pair.js';
import { Signers } from './signers.js';

/** Lists are cut here: the command line has them whole. */
const LISTED = 32;

interface Props {
  readonly report: ReportJson | SegmentsReportJson;
  /** Names of the files, in their order. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** By public key. */
  readonly fingerprints: ReadonlyMap<string, string>;
}

export function Facts({ report, files, fingerprints }: Props) {
  return (
    <div class="facts">
      <section class="card" aria-labelledby="ledger">
        <h2 id="ledger">{report.ok ? 'Ledger' : 'Ledger, up to the break'}</h2>
        <dl class="pairs">
          <Pair name="Events">{`${grouped(report.eventCount)} in ${formatBytes(report.bytes)}`}</Pair>
          {report.timeRange !== null && (
            <Pair name="Time">
              {formatRange(report)}
              <div class="soft">by the clock of who recorded</div>
            </Pair>
          )}
          {report.head !== null && (
            <Pair name="Head">
              <Copyable text={`${report.head.seq}:${report.head.hash}`} />
            </Pair>
          )}
          {report.firstHash !== null && (
            <Pair name="First">
              <Copyable text={report.firstHash} />
            </Pair>
          )}
          {report.openSessions !== null && report.openSessions.count > 0 && (
            <Pair name="Open">{`${counted(report.openSessions.count, 'session')} without an end`}</Pair>
          )}
          {report.erased > 0 && <Pair name="Erased">{erasedText(report.erased)}</Pair>}
          {report.warnings.map(({ code, count, firstLine }) => (
            <Pair key={code} name="Warning">{`${warningText(code)}: ${counted(count, 'line')}, first line ${grouped(firstLine)}`}</Pair>
          ))}
        </dl>
      </section>
      <Kinds report={report} />
      <Signers report={report} fingerprints={fingerprints} />
      <Files report={report} files={files} />
    </div>
  );
}

function Kinds({ report }: { readonly report: ReportJson }) {
  const kinds = [...Object.entries(report.kinds), ...Object.entries(report.unknownKinds)].toSorted(([, one], [, other]) => other - one);
  if (kinds.length === 0) return null;
  return (
    <section class="card" aria-labelledby="kinds">
      <h2 id="kinds">Kinds of events</h2>
      <table class="list">
        <tbody>
          {kinds.slice(0, LISTED).map(([kind, count]) => (
            <tr key={kind}>
              <th scope="row">
                {visible(kind)}
                {Object.hasOwn(report.unknownKinds, kind) && <span class="soft"> (unknown to this version)</span>}
              </th>
              <td class="number">{grouped(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <More count={kinds.length} />
    </section>
  );
}

function Files({ report, files }: Omit<Props, 'fingerprints'>) {
  const parts = 'files' in report ? report.files : undefined;
  const rows = files.map(({ name, bytes }, place) => ({ name, bytes, sha256: parts?.[place]?.sha256 ?? (parts === undefined ? report.sha256 : null) }));
  return (
    <section class="card" aria-labelledby="files">
      <h2 id="files">{files.length === 1 ? 'File' : counted(files.length, 'file')}</h2>
      <dl class="pairs">
        {rows.slice(0, LISTED).map(({ name, bytes, sha256 }, place) => (
          <Pair key={place} name={visible(name)}>
            {formatBytes(bytes)}
            {sha256 !== null && (
              <div>
                <span class="soft">SHA-256 </span>
                <Copyable text={sha256} />
              </div>
            )}
          </Pair>
        ))}
        {'gaps' in report &&
          report.gaps.slice(0, LISTED).map(({ from, to }) => <Pair key={from} name="Gap">{`events ${grouped(from)} to ${grouped(to)} are in no file`}</Pair>)}
        {'orphans' in report && report.orphans.slice(0, LISTED).map((path) => <Pair key={path} name="No part of it">{visible(path)}</Pair>)}
      </dl>
      <More count={files.length} />
    </section>
  );
}

function More({ count }: { readonly count: number }) {
  return count > LISTED ? <p class="soft">{`and ${grouped(count - LISTED)} more`}</p> : null;
}
