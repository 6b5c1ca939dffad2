/*
 * A name and what is said of it, one of a list of them.
 */

import type { ComponentChildren } from 'preact';

export function Pair({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
