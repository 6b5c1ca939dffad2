/*
 * Small pictures beside words: never the only sign of what they say, and unseen by who has the page read out.
 */

/** Names of what can be drawn. */
export type SymbolName = keyof typeof PATHS;

const PATHS = {
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4 4l8 8M12 4l-8 8',
  dash: 'M4 8h8',
  ring: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11',
  passed: 'M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 1 0 0-12.4M5.2 8.2l2 2 3.6-4.2',
  failed: 'M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4L1.8 10.6V5.4zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  open: 'M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 1 0 0-12.4M5.4 8h5.2',
  broken: 'M6.5 9.5l-2 2a2.3 2.3 0 0 1-3.2-3.2l2-2M9.5 6.5l2-2a2.3 2.3 0 0 1 3.2 3.2l-2 2M5.5 1.5v2M1.8 4.8h2M10.5 14.5v-2M14.2 11.2h-2',
  file: 'M4 1.8h5l3.2 3.2v9.2H4zM9 1.8V5h3.2',
  drop: 'M8 2v7.5M4.8 6.5L8 9.7l3.2-3.2M2.5 11v2.7h11V11',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.4 10.4l3.4 3.4',
  up: 'M4 10l4-4 4 4',
  down: 'M4 6l4 4 4-4',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6M8 1.2v1.4M8 13.4v1.4M1.2 8h1.4M13.4 8h1.4M3.2 3.2l1 1M11.8 11.8l1 1M12.8 3.2l-1 1M4.2 11.8l-1 1',
  moon: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1z',
  device: 'M2 3h12v8H2zM5.5 13.5h5',
  print: 'M4.5 6V2h7v4M4.5 11.5H2.2V6h11.6v5.5h-2.3M4.5 9.5h7V14h-7z',
  seal: 'M8 1.6l1.7 1.3 2.1-.1.5 2 1.7 1.2-.8 2 .8 2-1.7 1.2-.5 2-2.1-.1L8 14.4l-1.7-1.3-2.1.1-.5-2L2 10l.8-2L2 6l1.7-1.2.5-2 2.1.1zM5.7 8.1l1.6 1.6 3-3.4',
} as const;

export function Symbol({ name, large = false }: { readonly name: SymbolName; readonly large?: boolean }) {
  return (
    <svg class={large ? 'symbol symbol-large' : 'symbol'} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
