/*
 * Events of a report: the first and the last ones, those around a break, and how many are left out between.
 */

import { visible } from '../../src/cli/safe-text.js';
import { counted, grouped } from '../../src/cli/words.js';
import type { Break } from '../charts/index.js';
import { durationText } from '../charts/time.js';
import type { Model } from '../model/model.js';
import { formatMoment } from '../page/format.js';
import { Symbol } from '../page/symbols.js';

/** Rows of either end of the ledger. */
const AT_AN_END = 200;
/** Rows on either side of a break. */
const AROUND_A_BREAK = 20;

interface Props {
  readonly model: Model;
  /** Where it breaks, and why. */
  readonly broken: BrokenAt | null;
  /** Rows that are trusted: not those behind a break, nor a tail that is no event. */
  readonly trusted: number;
}

type BrokenAt = Break & { readonly reason: string };

/** The table. */
export function Events({ model, broken, trusted }: Props) {
  const { length } = model.events;
  const ranges = listedRows(length, broken?.row ?? null);
  const left = length - ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const around = broken === null ? '' : `, and ${AROUND_A_BREAK} on either side of the break`;
  return (
    <section class="report-part report-events" aria-labelledby="events">
      <h2 id="events">Events</h2>
      <p class="soft">
        {left === 0 ? `All ${grouped(length)} rows.` : `The first ${AT_AN_END} and the last ${AT_AN_END} of ${counted(length, 'row')}${around}. ${counted(left, 'row')} in between ${left === 1 ? 'is' : 'are'} left out.`}
      </p>
      <table>
        <thead>
          <tr>
            {['Event', 'Time (UTC)', 'Kind', 'What', 'Outcome', 'Took', 'Session'].map((name) => <th key={name} scope="col">{name}</th>)}
          </tr>
        </thead>
        <tbody>
          {ranges.flatMap(({ from, to }, place) => [
            place === 0 ? null : <LeftOut key={`before ${from}`} count={from - (ranges[place - 1]?.to ?? 0)} />,
            ...Array.from({ length: to - from }, (_, index) => from + index).flatMap((row) => [
              row === broken?.row ? <BreakRow key="break" broken={broken} /> : null,
              <Row key={row} model={model} row={row} isTrusted={row < trusted} />,
            ]),
          ])}
          {broken !== null && broken.row >= length && <BreakRow broken={broken} />}
        </tbody>
      </table>
    </section>
  );
}

/** Rows from one to before another. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** Which rows are listed, in their order. Ranges that touch are one. */
export function listedRows(length: number, breakRow: number | null): readonly RowRange[] {
  const wanted = [
    { from: 0, to: AT_AN_END },
    ...(breakRow === null ? [] : [{ from: breakRow - AROUND_A_BREAK, to: breakRow + AROUND_A_BREAK }]),
    { from: length - AT_AN_END, to: length },
  ];
  const inside = wanted
    .map(({ from, to }) => ({ from: Math.max(0, from), to: Math.min(length, to) }))
    .filter(({ from, to }) => from < to)
    .toSorted((one, other) => one.from - other.from);
  return inside.reduce<RowRange[]>((ranges, next) => {
    const last = ranges.at(-1);
    if (last === undefined || next.from > last.to) return [...ranges, next];
    return [...ranges.slice(0, -1), { from: last.from, to: Math.max(last.to, next.to) }];
  }, []);
}

function Row({ model, row, isTrusted }: { readonly model: Model; readonly row: number; readonly isTrusted: boolean }) {
  const { events, kinds, labels, sessions } = model;
  const seq = events.seq[row] ?? -1;
  const outcome = events.outcome[row] ?? -1;
  const kind = kinds[events.kind[row] ?? 0] ?? '';
  const duration = events.duration[row] ?? Number.NaN;
  const session = sessions[events.session[row] ?? -1];
  return (
    <tr data-row={row} data-trusted={isTrusted ? undefined : 'no'}>
      <th scope="row">
        {seq === -1 ? `line ${grouped(events.line[row] ?? 0)}` : grouped(seq)}
        {!isTrusted && <span class="report-untrusted">not trusted</span>}
      </th>
      <td class="number">{formatMoment(events.time[row] ?? Number.NaN)}</td>
      <td>{kind === '' ? 'cannot be read' : visible(kind)}</td>
      <td>{visible(labels[events.label[row] ?? 0] ?? '')}</td>
      <td>{outcome !== -1 && <Outcome isSuccess={outcome === 1} />}</td>
      <td class="number">{durationText(duration)}</td>
      <td>{session === undefined ? '' : visible(session.id)}</td>
    </tr>
  );
}

function Outcome({ isSuccess }: { readonly isSuccess: boolean }) {
  return (
    <span class={isSuccess ? 'report-outcome' : 'report-outcome report-failure'}>
      <Symbol name={isSuccess ? 'check' : 'cross'} />
      {isSuccess ? 'success' : 'failure'}
    </span>
  );
}

function LeftOut({ count }: { readonly count: number }) {
  return (
    <tr class="report-left-out">
      <td colSpan={7}>{`${counted(count, 'row')} left out`}</td>
    </tr>
  );
}

function BreakRow({ broken: { line, count, reason } }: { readonly broken: BrokenAt }) {
  const place = line === null ? 'The ledger breaks at its end' : `The ledger breaks at line ${grouped(line)}`;
  return (
    <tr class="report-break" data-break>
      <td colSpan={7}>
        <Symbol name="broken" />
        <strong>{place}</strong>
        {`: ${visible(reason)}.${count > 0 ? ' This row and all behind it are not trusted.' : ''}`}
      </td>
    </tr>
  );
}
