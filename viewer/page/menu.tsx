/*
 * A button that opens a list below it. It closes by Escape, and by a press elsewhere.
 */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  readonly name: string;
  /** Whether something is chosen in it. */
  readonly isSet: boolean;
  readonly children: ComponentChildren;
}

export function Menu({ name, isSet, children }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      if (menu.current !== null && !menu.current.contains(event.target as Node)) menu.current.open = false;
    };
    document.addEventListener('pointerdown', close);
    return () => document.removeEventListener('pointerdown', close);
  }, []);
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || menu.current === null) return;
    menu.current.open = false;
    menu.current.querySelector('summary')?.focus();
  };
  return (
    <details ref={menu} class="menu" onKeyDown={escape}>
      <summary data-set={isSet}>{name}</summary>
      <div class="menu-list" role="group" aria-label={name}>
        {children}
      </div>
    </details>
  );
}
