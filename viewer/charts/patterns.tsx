/*
 * Fills of shapes. Each look has a weave beside its colour, and what is not trusted is hatched, so that no picture needs
 * colours to be read. Identifiers are those of one picture: a pattern of a section that is hidden cannot be used by another.
 */

/** Lines over the colour, in a square of eight; the first look has none. */
const WEAVES: readonly string[] = [
  '',
  'M0 8L8 0M-2 2L2 -2M6 10L10 6',
  'M0 2H8M0 6H8',
  'M2 1h2v2h-2zM6 5h2v2h-2z',
  'M0 0L8 8M-2 6L2 10M6 -2L10 2',
  'M2 0V8M6 0V8',
  'M0 0L8 8M0 8L8 0',
  'M0 4H8M4 0V8',
];

/** Definitions of a picture's fills. `slots` are the looks that it uses. */
export function Patterns({ id, slots = [] }: { readonly id: string; readonly slots?: readonly number[] }) {
  return (
    <defs>
      {slots.map((slot) => (
        <pattern key={slot} id={`${id}-${slot}`} width="8" height="8" patternUnits="userSpaceOnUse">
          <rect class={`chart-kind-${slot}`} width="8" height="8" />
          <path class="chart-weave" d={WEAVES[slot - 1] ?? ''} />
        </pattern>
      ))}
      <pattern id={`${id}-untrusted`} width="6" height="6" patternUnits="userSpaceOnUse">
        <rect class="chart-untrusted-ground" width="6" height="6" />
        <path class="chart-untrusted-hatch" d="M0 6L6 0M-1 1L1 -1M5 7L7 5" />
      </pattern>
      <pattern id={`${id}-bad`} width="4" height="4" patternUnits="userSpaceOnUse">
        <rect class="chart-bad" width="4" height="4" />
        <path class="chart-weave" d="M0 4L4 0M-1 1L1 -1M3 5L5 3" />
      </pattern>
    </defs>
  );
}

/** The value of `fill` that names one of them. */
export function fillOf(id: string, look: number | 'untrusted' | 'bad'): string {
  return `url(#${id}-${look})`;
}
