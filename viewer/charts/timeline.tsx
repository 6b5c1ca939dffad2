/*
 * The timeline: what happened when, in a lane for each kind and each session, calls of tools with the time that they took,
 * and the place where the ledger breaks. Columns stand for times, so that it is drawn as fast for a million events.
 */

import { useMemo, useState } from 'preact/hooks';
import { counted, grouped } from '../../src/cli/words.js';
import { TimeAxis } from './axis.js';
import { Figure, placeIn } from './figure.js';
import { type Lanes, lanesOf } from './lanes.js';
import { BreakMark, CallBars, LaneRow, layoutOf, type Layout, SessionRow } from './lane-rows.js';
import type { TimeViewProps } from './props.js';
import { Readout } from './readout.js';
import { ledgerTime, type Span, spanText } from './time.js';
import { breakOf } from './trust.js';
import { useWidth } from './width.js';

const SESSIONS = 8;
const MORE_SESSIONS = 24;
const COLUMN = 6;
const ID = 'timeline';

/** The picture, and what is in the column that was pointed at. */
export function Timeline({ model, report, onSelect, range = null, onRange }: TimeViewProps) {
  const [measure, width] = useWidth();
  const [sessions, setSessions] = useState(SESSIONS);
  const [column, setColumn] = useState<number | null>(null);
  const time = useMemo(() => ledgerTime(model.events.time), [model]);
  const broken = useMemo(() => breakOf(model, report), [model, report]);
  const left = Math.min(190, Math.round(width * 0.28));
  const columns = Math.floor((width - left - 8) / COLUMN);
  const span: Span | null = range ?? time;
  const lanes = useMemo(
    () => span && lanesOf(model, broken, span, { columns, sessions }),
    [model, broken, span?.from, span?.to, columns, sessions],
  );
  if (span === null || time === null || lanes === null) return <p class="chart-empty">There is no event with a time.</p>;
  const layout = layoutOf(lanes, { left, right: left + columns * COLUMN, columns, span });
  const pointed = column !== null && column < columns ? column : null;
  const columnAt = (event: PointerEvent) => {
    const at = Math.floor((placeIn(event, width).x - left) / COLUMN);
    return at >= 0 && at < columns ? at : null;
  };
  const pointer = onSelect === undefined ? {} : {
    isActive: true,
    onPointerMove: (event: PointerEvent) => setColumn(columnAt(event) ?? column),
    onPointerDown: (event: PointerEvent) => {
      const at = columnAt(event);
      const row = at === null ? -1 : rowNear(lanes, layout, at, placeIn(event, width).y);
      if (event.button === 0 && row !== -1) onSelect(row);
    },
  };
  const outside = range === null ? time.outside : 0;
  return (
    <div class="timeline">
      <Figure
        id={ID}
        title="Timeline"
        extent={spanText(span)}
        description={descriptionOf(lanes, span)}
        width={width}
        height={layout.height}
        legend={broken === null || broken.count === 0 ? [] : [{ look: 'untrusted', text: `not trusted: ${counted(broken.count, 'row')} from the break on` }]}
        note={outside === 0 ? null : `${counted(outside, 'event')} with a time far from all others ${outside === 1 ? 'is' : 'are'} not in the picture.`}
        table={tableOf(lanes)}
        measure={measure}
        controls={onSelect !== undefined && (
          <Readout model={model} broken={broken} lanes={lanes} span={span} columns={columns} column={pointed} isZoomed={range !== null} onColumn={setColumn} onSelect={onSelect} onRange={onRange} />
        )}
        {...pointer}
      >
        <TimeAxis span={span} box={{ left, right: layout.right, top: layout.top, bottom: layout.bottom }} isAbove />
        {lanes.breaks !== null && <BreakMark id={ID} place={lanes.breaks} layout={layout} />}
        {layout.headings.map(({ text, y }) => <text key={text} class="timeline-heading" x={0} y={y}>{text}</text>)}
        {lanes.kinds.map((lane, place) => <LaneRow key={place} id={ID} lane={lane} y={layout.kinds + place * layout.lane} most={lanes.most.kinds} layout={layout} />)}
        {lanes.failures !== null && <LaneRow id={ID} lane={lanes.failures} y={layout.failures} most={lanes.most.kinds} layout={layout} />}
        {lanes.calls !== null && <CallBars id={ID} calls={lanes.calls} layout={layout} />}
        {lanes.sessions.map((lane, place) => <SessionRow key={place} id={ID} lane={lane} y={layout.sessions + place * layout.lane} most={lanes.most.sessions} layout={layout} />)}
        {pointed !== null && <rect class="timeline-cursor" x={left + pointed * COLUMN} y={layout.top} width={COLUMN} height={layout.bottom - layout.top} />}
      </Figure>
      {lanes.sessionCount > lanes.sessions.length && (
        <p class="chart-note">
          {`${grouped(lanes.sessions.length)} of ${counted(lanes.sessionCount, 'session')} shown. `}
          {onSelect !== undefined && <button type="button" onClick={() => setSessions(sessions + MORE_SESSIONS)}>Show more sessions</button>}
        </p>
      )}
    </div>
  );
}

/** How far from a mark a pointer may be, in columns, the nearest first. */
const NEAR = [0, -1, 1, -2, 2];

function rowNear(lanes: Lanes, layout: Layout, column: number, y: number): number {
  return NEAR.map((offset) => rowAt(lanes, layout, column + offset, y)).find((row) => row !== -1) ?? -1;
}

/** The row that a pointer means: the first one of its lane in the column, or of any lane. */
function rowAt(lanes: Lanes, layout: Layout, column: number, y: number): number {
  const place = (top: number) => Math.floor((y - top) / layout.lane);
  const [kind, session] = [lanes.kinds[place(layout.kinds)], lanes.sessions[place(layout.sessions)]];
  const failure = lanes.failures !== null && place(layout.failures) === 0 ? lanes.failures : undefined;
  const row = (session ?? failure ?? kind)?.first[column] ?? -1;
  if (row !== -1) return row;
  const rows = lanes.kinds.map(({ first }) => first[column] ?? -1).filter((found) => found !== -1);
  return rows.length === 0 ? -1 : Math.min(...rows);
}

function descriptionOf({ kinds, calls, sessionCount, breaks }: Lanes, span: Span): string {
  const parts = [
    `${counted(kinds.length, 'kind')} of events and ${counted(sessionCount, 'session')} from ${spanText(span)}.`,
    calls === null ? '' : `${counted(calls.count, 'call')} of tools with a return.`,
    breaks === null ? '' : breaks.line === null ? 'The ledger breaks at its end.' : `The ledger breaks at line ${grouped(breaks.line)}; what stands from there on is not trusted.`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function tableOf({ kinds, failures, sessions }: Lanes) {
  const sum = (counts: Uint32Array) => counts.reduce((total, count) => total + count, 0);
  const columns = kinds[0]?.first.length ?? 0;
  const share = (column: number | undefined) => (column === undefined || column === -1 ? '-' : `${Math.round((column / Math.max(1, columns)) * 100)} %`);
  return {
    columns: ['Lane', 'Events', 'Not trusted', 'First at', 'Last at'],
    rows: [...kinds, ...(failures === null ? [] : [failures]), ...sessions].map(({ name, trusted, untrusted, first }) => [
      name,
      grouped(sum(trusted) + sum(untrusted)),
      grouped(sum(untrusted)),
      share(first.findIndex((row) => row !== -1)),
      share(first.findLastIndex((row) => row !== -1)),
    ]),
  };
}
