/*
 * The kinds of events that are shown: a list that opens, as several may be chosen.
 */

import { useEffect, useRef } from 'preact/hooks';
import { visible } from '../../src/cli/safe-text.js';
import { grouped } from '../../src/cli/words.js';
import type { Model } from '../model/model.js';

interface Props {
  readonly model: Model;
  /** Places in `Model.kinds`; none for all. */
  readonly chosen: ReadonlySet<number>;
  readonly slots: readonly number[];
  readonly onChange: (chosen: ReadonlySet<number>) => void;
}

export function KindMenu({ model, chosen, slots, onChange }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      if (menu.current !== null && !menu.current.contains(event.target as Node)) menu.current.open = false;
    };
    document.addEventListener('pointerdown', close);
    return () => document.removeEventListener('pointerdown', close);
  }, []);
  const toggle = (kind: number) => {
    const next = new Set(chosen);
    if (!next.delete(kind)) next.add(kind);
    onChange(next);
  };
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || menu.current === null) return;
    menu.current.open = false;
    menu.current.querySelector('summary')?.focus();
  };
  return (
    <details ref={menu} class="menu" onKeyDown={escape}>
      <summary data-set={chosen.size > 0}>{chosen.size === 0 ? 'Kinds' : `Kinds: ${grouped(chosen.size)}`}</summary>
      <div class="menu-list" role="group" aria-label="Kinds">
        {model.kinds.map((name, kind) => (
          <label key={kind}>
            <input type="checkbox" checked={chosen.has(kind)} onChange={() => toggle(kind)} />
            <span class={`dot dot-${slots[kind] ?? 0}`} />
            {name === '' ? 'cannot be read' : visible(name)}
          </label>
        ))}
      </div>
    </details>
  );
}
