/*
 * A row of the table of events, and the row that stands where trust ends.
 */

import { visible } from '../../src/cli/safe-text.js';
import { counted } from '../../src/cli/words.js';
import { durationText } from '../charts/time.js';
import type { Model } from '../model/model.js';
import { formatMoment } from './format.js';
import { capital } from './judge.js';
import { Symbol } from './symbols.js';
import type { Trust } from './trust.js';

interface Props {
  readonly model: Model;
  readonly row: number;
  /** Place in the grid, from 1, its head being the first. */
  readonly index: number;
  /** The look of its kind, from 1; 0 for none. */
  readonly slot: number;
  readonly isTrusted: boolean;
  readonly isSelected: boolean;
  readonly onSelect: (row: number) => void;
}

export function EventRow({ model, row, index, slot, isTrusted, isSelected, onSelect }: Props) {
  const { events, kinds, labels, sessions } = model;
  const seq = events.seq[row] ?? -1;
  const kind = kinds[events.kind[row] ?? 0] ?? '';
  const signer = events.signer[row] ?? -1;
  const moment = formatMoment(events.time[row] ?? Number.NaN);
  return (
    <div
      id={`row-${row}`}
      class="grid-row grid-event"
      role="row"
      aria-rowindex={index}
      aria-selected={isSelected}
      data-row={row}
      data-trusted={isTrusted ? undefined : 'no'}
      onClick={() => onSelect(row)}
    >
      <div role="gridcell" class="number cell-seq">
        {seq < 0 ? `line ${events.line[row]}` : seq}
      </div>
      <div role="gridcell" class="number cell-time">
        <span class="cell-date">{moment.slice(0, 11)}</span>
        {moment.slice(11)}
      </div>
      <div role="gridcell" class="cell-kind">
        <span class={`dot dot-${slot}`} />
        {kind === '' ? 'cannot be read' : visible(kind)}
      </div>
      <div role="gridcell" class="cell-label">
        {!isTrusted && <span class="tag tag-untrusted">not trusted</span>}
        {visible(labels[events.label[row] ?? 0] ?? '')}
      </div>
      <div role="gridcell" class="cell-outcome">
        <Outcome value={events.outcome[row] ?? -1} />
      </div>
      <div role="gridcell" class="number cell-span">
        {durationText(events.duration[row] ?? Number.NaN)}
      </div>
      <div role="gridcell" class="cell-session">
        {visible(sessions[events.session[row] ?? -1]?.id ?? '')}
      </div>
      <div role="gridcell" class="cell-signer mono">
        {(model.signers[signer] ?? '').slice(0, 8)}
      </div>
    </div>
  );
}

function Outcome({ value }: { readonly value: number }) {
  if (value === -1) return null;
  return (
    <span class={value === 1 ? 'outcome outcome-good' : 'outcome outcome-bad'}>
      <Symbol name={value === 1 ? 'check' : 'cross'} />
      {value === 1 ? 'success' : 'failure'}
    </span>
  );
}

interface BreakProps {
  readonly index: number;
  readonly end: NonNullable<Trust['end']>;
  readonly columns: number;
}

export function BreakRow({ index, end: { title, reason, count }, columns }: BreakProps) {
  const rest = count === 0 ? '' : `${counted(count, 'row')} from here on not trusted. `;
  const text = `${rest}${capital(visible(reason))}.`;
  return (
    <div class="grid-break" role="row" aria-rowindex={index} data-break>
      <div role="gridcell" aria-colspan={columns}>
        <Symbol name="broken" />
        <strong>{title}</strong>{' '}
        <span class="grid-reason" title={text}>
          {text}
        </span>
      </div>
    </div>
  );
}
