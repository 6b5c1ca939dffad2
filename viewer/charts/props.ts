/*
 * What every view of a ledger is given. Without the functions it is a picture: that is how the static report has it.
 */

import type { ReportJson } from '../../src/report.js';
import type { Model } from '../model/model.js';
import type { Span } from './time.js';

/** Properties of the views that this folder exports. */
export interface ViewProps {
  readonly model: Model;
  /** Null as long as no verification has ended. */
  readonly report: ReportJson | null;
  /** Shows an event. */
  readonly onSelect?: ((row: number) => void) | undefined;
}

/** Of those that show time. */
export interface TimeViewProps extends ViewProps {
  /** The time that was chosen; null for all of it. */
  readonly range?: Span | null | undefined;
  /** Chooses a time; null for all of it. */
  readonly onRange?: ((range: Span | null) => void) | undefined;
}
