/*
 * Pictures and findings of a ledger. Those that take `onSelect`, `onRange` or a client can be worked with; without them
 * they are pictures, which need neither a browser nor a script.
 */

export { Charts } from './charts.js';
export { CoverageView } from './coverage.js';
export { kindGroups, type KindGroup } from './kinds.js';
export type { TimeViewProps, ViewProps } from './props.js';
export { RevealView, type RevealProps } from './reveal.js';
export type { Span } from './time.js';
export { Timeline } from './timeline.js';
export { type Break, breakOf } from './trust.js';
