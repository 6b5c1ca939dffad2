/*
 * Which part of the page is shown. Arrows move between the tabs, as in every list of tabs.
 */

import { grouped } from '../../src/cli/words.js';
import { type Section, SECTIONS } from './state.js';

/** What the parts are called. */
export const TITLES: Readonly<Record<Section, string>> = {
  overview: 'Overview',
  events: 'Events',
  charts: 'Charts',
  coverage: 'Coverage',
  reveal: 'Reveal',
};

interface Props {
  readonly section: Section;
  readonly counts: Partial<Record<Section, number>>;
  readonly onShow: (section: Section) => void;
}

export function Tabs({ section, counts, onShow }: Props) {
  const move = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = SECTIONS[(SECTIONS.indexOf(section) + by + SECTIONS.length) % SECTIONS.length];
    if (by === 0 || next === undefined) return;
    event.preventDefault();
    onShow(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Parts of the page" onKeyDown={move}>
      {SECTIONS.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={name === section}
          aria-controls={`panel-${name}`}
          tabIndex={name === section ? 0 : -1}
          onClick={() => onShow(name)}
        >
          {TITLES[name]}
          {counts[name] !== undefined && <span class="count number">{grouped(counts[name])}</span>}
        </button>
      ))}
    </div>
  );
}
