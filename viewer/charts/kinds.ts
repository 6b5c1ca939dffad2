/*
 * Kinds of events in pictures: eight looks, the same for the same kind wherever it is shown.
 */

import { visible } from '../../src/cli/safe-text.js';
import type { Model } from '../model/model.js';

/** Kinds that look alike. */
export interface KindGroup {
  /** From 1 to 8: the CSS variable `--kind-N`, and a pattern of its own. */
  readonly slot: number;
  readonly name: string;
  /** Places in {@link Model.kinds}. */
  readonly kinds: readonly number[];
}

const SLOTS = 8;
/** Kinds that occur most, in most ledgers, first: each of them has its look whenever it occurs among eight. */
const ORDER = [
  'ToolCalled',
  'ToolReturned',
  'ModelInvoked',
  'UtteranceCaptured',
  'UtteranceSpoken',
  'SessionStarted',
  'SessionEnded',
  'SessionSealed',
  'Custom',
  'Heartbeat',
  'KeyRotated',
  'LedgerRestored',
  'LedgerPruned',
  'PayloadErased',
  'TokenIssued',
];

/** The kinds that occur. Where they are more than eight the last ones share the last look. */
export function kindGroups(model: Model): readonly KindGroup[] {
  const known = KNOWN.get(model);
  if (known !== undefined) return known;
  const groups = groupsOf(model);
  KNOWN.set(model, groups);
  return groups;
}

/** Several pictures ask for the kinds of the same events. */
const KNOWN = new WeakMap<Model, readonly KindGroup[]>();

function groupsOf({ kinds, events }: Model): readonly KindGroup[] {
  const counts = new Uint32Array(kinds.length);
  for (let row = 0; row < events.length; row += 1) {
    const kind = events.kind[row] ?? 0;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  const found = kinds.map((name, kind) => ({ name, kind })).filter(({ kind, name }) => name !== '' && (counts[kind] ?? 0) > 0);
  const rank = ({ name, kind }: { readonly name: string; readonly kind: number }) => {
    const place = ORDER.indexOf(name);
    return place === -1 ? ORDER.length + kind : place;
  };
  const ordered = found.toSorted((one, other) => rank(one) - rank(other));
  const single = ordered.length > SLOTS ? ordered.slice(0, SLOTS - 1) : ordered;
  const rest = ordered.slice(single.length);
  const groups = single.map(({ name, kind }, index) => ({ slot: index + 1, name: visible(name), kinds: [kind] }));
  return rest.length === 0 ? groups : [...groups, { slot: SLOTS, name: `${rest.length} other kinds`, kinds: rest.map(({ kind }) => kind) }];
}

/** Places in {@link kindGroups} by places in {@link Model.kinds}; -1 for a kind of no event. */
export function groupsByKind(model: Model, groups: readonly KindGroup[]): Int8Array {
  const places = new Int8Array(model.kinds.length).fill(-1);
  for (const [place, { kinds }] of groups.entries()) for (const kind of kinds) places[kind] = place;
  return places;
}
