/*
 * Coverage: what an auditor should ask about, though none of it breaks a ledger. Each row leads to its event.
 */

import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { visible } from '../../src/cli/safe-text.js';
import { counted, grouped } from '../../src/cli/words.js';
import type { Listed, Model } from '../model/model.js';
import type { ViewProps } from './props.js';
import { durationText, timeText } from './time.js';
import { type Break, breakOf } from './trust.js';

/** Rows that are shown at first. */
const LISTED = 20;

/** The view. */
export function CoverageView({ model, report, onSelect }: ViewProps) {
  const broken = useMemo(() => breakOf(model, report), [model, report]);
  const { openSessions, unpairedCalls, clockJumps, unreadable } = model.coverage;
  const event = (row: number) => <EventLink model={model} broken={broken} row={row} onSelect={onSelect} />;
  return (
    <div class="coverage">
      <Findings
        title="Sessions without an end"
        none="Every session that began has an end."
        meaning="A session that is still running has no end either. After a crash, or where the end was cut off, it has none for good."
        thing="session"
        found={openSessions}
        item={({ session }) => {
          const { id = '', agent = '', first = 0, last = 0 } = model.sessions[session] ?? {};
          return [<b key="id">{visible(id)}</b>, agent === '' ? '' : `, agent ${visible(agent)}: from `, event(first), ' to ', event(last)];
        }}
      />
      <Findings
        title="Calls and returns without the other"
        none="Every call of a tool has its return."
        meaning="Calls and returns are matched by the name of the tool, the first call with the first return."
        thing="event"
        found={unpairedCalls}
        item={({ row, is }) => [event(row), is === 'call' ? ': called, and never returned' : ': returned, and never called', labelOf(model, row)]}
      />
      <Findings
        title="Clock jumps"
        none="No event has an earlier time than the one before it, and none follows after a day or more."
        meaning="Times are those of the clock of who recorded. Nothing proves them."
        thing="jump"
        found={clockJumps}
        item={({ row, by }) => [event(row), by < 0 ? `: ${durationText(-by)} before the event in front of it` : `: ${durationText(by)} after the event in front of it`]}
      />
      <Findings
        title="Lines that cannot be read"
        none="Every line can be read."
        meaning="A line that is no event breaks the ledger, unless it is the last one and a crash cut it off."
        thing="line"
        found={unreadable}
        item={({ row }) => [event(row)]}
      />
    </div>
  );
}

interface FindingsProps<Item> {
  readonly title: string;
  readonly none: string;
  readonly meaning: string;
  readonly thing: string;
  readonly found: Listed<Item>;
  readonly item: (item: Item) => ComponentChildren;
}

function Findings<Item>({ title, none, meaning, thing, found, item }: FindingsProps<Item>) {
  const [isWhole, setWhole] = useState(false);
  const { count, items } = found;
  const shown = isWhole ? items : items.slice(0, LISTED);
  return (
    <section class="coverage-part">
      <h3>
        <Sign isClear={count === 0} />
        {title}
        <span class="coverage-count">{count === 0 ? 'none' : grouped(count)}</span>
      </h3>
      <p>{count === 0 ? none : meaning}</p>
      {count > 0 && <ul>{shown.map((entry, place) => <li key={place}>{item(entry)}</li>)}</ul>}
      {shown.length < count && (
        <p class="chart-note">
          {`${grouped(shown.length)} of ${counted(count, thing)} shown. `}
          {shown.length < items.length && <button type="button" class="coverage-more" onClick={() => setWhole(true)}>{`Show ${grouped(items.length)}`}</button>}
        </p>
      )}
    </section>
  );
}

/** A ring where there is nothing, a triangle where somebody should look. */
function Sign({ isClear }: { readonly isClear: boolean }) {
  return (
    <svg class={isClear ? 'coverage-sign coverage-clear' : 'coverage-sign coverage-found'} viewBox="0 0 16 16" aria-hidden="true">
      {isClear ? <circle cx="8" cy="8" r="5" /> : <path d="M8 2.5L14 13.5H2zM8 6.5V9.5M8 11v1" />}
    </svg>
  );
}

function labelOf(model: Model, row: number): string {
  const label = visible(model.labels[model.events.label[row] ?? 0] ?? '');
  return label === '' ? '' : ` (${label})`;
}

interface EventLinkProps {
  readonly model: Model;
  readonly broken: Break | null;
  readonly row: number;
  readonly onSelect: ((row: number) => void) | undefined;
}

/** An event by its seq, with its time; a line that has none by its number. Leads to it where there is somewhere to go. */
export function EventLink({ model, broken, row, onSelect }: EventLinkProps) {
  const { events } = model;
  const seq = events.seq[row] ?? -1;
  const time = events.time[row] ?? Number.NaN;
  const name = seq === -1 ? `line ${grouped(events.line[row] ?? 0)}` : `event ${grouped(seq)}`;
  const isTrusted = broken === null || row < broken.row;
  return (
    <span class="event-link" data-trusted={isTrusted ? undefined : 'no'}>
      {onSelect === undefined ? name : <button type="button" onClick={() => onSelect(row)}>{name}</button>}
      {Number.isFinite(time) ? ` (${timeText(time)})` : ''}
      {isTrusted ? '' : ' not trusted'}
    </span>
  );
}
