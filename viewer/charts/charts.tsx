/*
 * All charts of a ledger.
 */

import { useMemo } from 'preact/hooks';
import { counted, grouped } from '../../src/cli/words.js';
import { FailuresByTool, TokensByModel } from './bars.js';
import { EventsOverTime } from './events.js';
import { Latencies } from './latency.js';
import type { TimeViewProps } from './props.js';
import { breakOf } from './trust.js';

/** The charts, one below the other, or two in a row where there is room. */
export function Charts(props: TimeViewProps) {
  const { model, report } = props;
  const broken = useMemo(() => breakOf(model, report), [model, report]);
  return (
    <div class="charts">
      {broken !== null && broken.count > 0 && (
        <p class="chart-warning">
          {`The ledger breaks at line ${grouped(broken.line ?? 0)}. ${counted(broken.count, 'row')} from there on ${broken.count === 1 ? 'is' : 'are'} not trusted: hatched in events over time, and counted in the others.`}
        </p>
      )}
      <EventsOverTime {...props} />
      <div class="charts-row">
        <FailuresByTool model={model} />
        <div class="charts-column">
          <TokensByModel model={model} />
          <Latencies model={model} />
        </div>
      </div>
    </div>
  );
}
