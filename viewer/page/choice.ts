/*
 * Which events the table shows, as its bar has it.
 */

import { type Filter, filterRows } from '../model/filter.js';
import type { Model } from '../model/model.js';

export interface Choice {
  /** Places in `Model.kinds`; none for all kinds. */
  readonly kinds: ReadonlySet<number>;
  /** Place in `Model.sessions`, -1 for events in none; null for all. */
  readonly session: number | null;
  /** Place in `Model.signers`; null for all. */
  readonly signer: number | null;
  readonly outcome: 'success' | 'failure' | null;
  readonly text: string;
  /** Where the text is to be: anywhere in a line, or in what the table shows of it. */
  readonly within: 'line' | 'label';
  /** Milliseconds since 1970, both included. */
  readonly from: number | null;
  readonly to: number | null;
}

/** No event is excluded. */
export const EVERYTHING: Choice = {
  kinds: new Set(),
  session: null,
  signer: null,
  outcome: null,
  text: '',
  within: 'line',
  from: null,
  to: null,
};

export function isEverything({ kinds, session, signer, outcome, text, from, to }: Choice): boolean {
  return kinds.size === 0 && session === null && signer === null && outcome === null && text === '' && from === null && to === null;
}

/** The rows that are chosen; null for all. `hits` are rows that have the text, where it is searched for in lines. */
export function chosenRows(model: Model, choice: Choice, hits: Uint32Array | null): Uint32Array | null {
  if (isEverything(choice)) return null;
  const filter: Filter = {
    kinds: choice.kinds.size === 0 ? undefined : choice.kinds,
    sessions: choice.session === null ? undefined : [choice.session],
    signers: choice.signer === null ? undefined : [choice.signer],
    outcome: choice.outcome ?? undefined,
    from: choice.from ?? undefined,
    to: choice.to ?? undefined,
    text: choice.within === 'label' ? choice.text : undefined,
    rows: choice.within === 'line' && choice.text !== '' ? (hits ?? new Uint32Array()) : undefined,
  };
  return filterRows(model, filter);
}

/** The form of `<input type="datetime-local">` in UTC, to the millisecond; '' of none. */
export function formatInput(milliseconds: number | null): string {
  return milliseconds === null ? '' : new Date(milliseconds).toISOString().slice(0, -1);
}

/** The time of such an input, taken as UTC; null of none. */
export function parseInput(text: string): number | null {
  const milliseconds = Date.parse(`${text}Z`);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}
