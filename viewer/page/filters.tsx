/*
 * The bar above the table: which events are shown, and how many these are.
 */

import type { ComponentChildren } from 'preact';
import { visible } from '../../src/cli/safe-text.js';
import { counted, grouped } from '../../src/cli/words.js';
import type { Model } from '../model/model.js';
import type { Actions } from './actions.js';
import { type Choice, EVERYTHING, formatInput, isEverything, parseInput } from './choice.js';
import { KindMenu } from './kind-menu.js';
import { Menu } from './menu.js';
import { Symbol } from './symbols.js';

/** Sessions and signers in a list to choose from. */
const LISTED = 500;

interface Props {
  readonly model: Model;
  readonly choice: Choice;
  readonly rows: Uint32Array | null;
  readonly isSearching: boolean;
  readonly slots: readonly number[];
  readonly actions: Actions;
}

export function Filters({ model, choice, rows, isSearching, slots, actions }: Props) {
  const all = model.events.length;
  const shown = rows === null ? counted(all, 'event') : `${grouped(rows.length)} of ${counted(all, 'event')}`;
  return (
    <div class="filters" role="search" aria-label="Which events are shown">
      <div class="filter-search">
        <Symbol name="search" />
        <input
          type="search"
          aria-label="Text"
          placeholder={choice.within === 'line' ? 'Search in whole events' : 'Search in what the table shows'}
          spellcheck={false}
          value={choice.text}
          onInput={(event) => actions.choose({ text: event.currentTarget.value })}
        />
        <select
          aria-label="Where the text is searched for"
          value={choice.within}
          onChange={(event) => actions.choose({ within: event.currentTarget.value === 'label' ? 'label' : 'line' })}
        >
          <option value="line">everywhere</option>
          <option value="label">column What</option>
        </select>
      </div>
      <KindMenu model={model} chosen={choice.kinds} slots={slots} onChange={(kinds) => actions.choose({ kinds })} />
      <Select name="Outcome" value={choice.outcome ?? ''} onChange={(value) => actions.choose({ outcome: value === 'success' || value === 'failure' ? value : null })}>
        <option value="success">success</option>
        <option value="failure">failure</option>
      </Select>
      {model.sessions.length > 0 && (
        <Select name="Session" value={numberText(choice.session)} onChange={(value) => actions.choose({ session: numberOf(value) })}>
          {model.sessions.slice(0, LISTED).map(({ id }, place) => (
            <option key={place} value={place}>
              {visible(id).slice(0, 60)}
            </option>
          ))}
          <option value={-1}>in none</option>
        </Select>
      )}
      {model.signers.length > 1 && (
        <Select name="Signer" value={numberText(choice.signer)} onChange={(value) => actions.choose({ signer: numberOf(value) })}>
          {model.signers.slice(0, LISTED).map((publicKey, place) => (
            <option key={place} value={place}>
              {publicKey.slice(0, 16)}
            </option>
          ))}
        </Select>
      )}
      <Menu name={choice.from === null && choice.to === null ? 'Time' : 'Time: a part'} isSet={choice.from !== null || choice.to !== null}>
        <Moment name="From" value={choice.from} onChange={(from) => actions.choose({ from })} />
        <Moment name="To" value={choice.to} onChange={(to) => actions.choose({ to })} />
        <p class="soft">Times are UTC.</p>
      </Menu>
      <p class="filter-count number" aria-live="polite">
        {isSearching ? 'Searching' : shown}
        {!isEverything(choice) && (
          <button type="button" class="quiet" onClick={() => actions.choose(EVERYTHING)}>
            Show all
          </button>
        )}
      </p>
    </div>
  );
}

interface SelectProps {
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly children: ComponentChildren;
}

function Select({ name, value, onChange, children }: SelectProps) {
  return (
    <select aria-label={name} value={value} onChange={(event) => onChange(event.currentTarget.value)} data-set={value !== ''}>
      <option value="">{name}</option>
      {children}
    </select>
  );
}

interface MomentProps {
  readonly name: string;
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
}

function Moment({ name, value, onChange }: MomentProps) {
  return (
    <label class="filter-moment">
      {name}
      <input
        type="datetime-local"
        step="0.001"
        value={formatInput(value)}
        onChange={(event) => onChange(parseInput(event.currentTarget.value))}
      />
    </label>
  );
}

function numberText(value: number | null): string {
  return value === null ? '' : String(value);
}

function numberOf(text: string): number | null {
  return text === '' ? null : Number(text);
}
