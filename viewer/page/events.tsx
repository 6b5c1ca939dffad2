/*
 * The events: a bar, the table, and the event that is chosen.
 */

import { useRef } from 'preact/hooks';
import type { Model } from '../model/model.js';
import type { Actions } from './actions.js';
import { Detail } from './detail.js';
import { Filters } from './filters.js';
import type { State } from './state.js';
import { EventTable } from './table.js';
import type { Trust } from './trust.js';

interface Props {
  readonly state: State;
  readonly model: Model;
  readonly trust: Trust;
  /** The look of each kind. */
  readonly slots: readonly number[];
  readonly actions: Actions;
}

export function Events({ state, model, trust, slots, actions }: Props) {
  const { choice, rows, isSearching, selected, keys, fingerprints } = state;
  const heading = useRef<HTMLHeadingElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const close = () => {
    actions.select(null);
    panel.current?.querySelector<HTMLElement>('[role=grid]')?.focus();
  };
  return (
    <div class="events" ref={panel}>
      <Filters model={model} choice={choice} rows={rows} isSearching={isSearching} slots={slots} actions={actions} />
      <div class={selected === null ? 'events-body' : 'events-body events-split'}>
        <EventTable
          model={model}
          trust={trust}
          slots={slots}
          rows={rows}
          selected={selected?.row ?? null}
          onSelect={(row) => actions.select(row)}
          onEnter={() => heading.current?.focus()}
        />
        {selected !== null && (
          <Detail
            model={model}
            selected={selected}
            isTrusted={selected.row < trust.rows}
            keys={keys}
            fingerprints={fingerprints}
            actions={actions}
            heading={heading}
            onClose={close}
          />
        )}
      </div>
    </div>
  );
}
