/*
 * The kinds of events that are shown: a list that opens, as several may be chosen.
 */

import { visible } from '../../src/cli/safe-text.js';
import { grouped } from '../../src/cli/words.js';
import type { Model } from '../model/model.js';
import { Menu } from './menu.js';

interface Props {
  readonly model: Model;
  /** Places in `Model.kinds`; none for all. */
  readonly chosen: ReadonlySet<number>;
  readonly slots: readonly number[];
  readonly onChange: (chosen: ReadonlySet<number>) => void;
}

export function KindMenu({ model, chosen, slots, onChange }: Props) {
  const toggle = (kind: number) => {
    const next = new Set(chosen);
    if (!next.delete(kind)) next.add(kind);
    onChange(next);
  };
  return (
    <Menu name={chosen.size === 0 ? 'Kinds' : `Kinds: ${grouped(chosen.size)}`} isSet={chosen.size > 0}>
      {model.kinds.map((name, kind) => (
        <label key={kind}>
          <input type="checkbox" checked={chosen.has(kind)} onChange={() => toggle(kind)} />
          <span class={`dot dot-${slots[kind] ?? 0}`} />
          {name === '' ? 'cannot be read' : visible(name)}
        </label>
      ))}
    </Menu>
  );
}
