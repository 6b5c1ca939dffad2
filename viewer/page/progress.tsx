/*
 * How far reading and verifying are. Read out now and then, and not at each block.
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import { counted, formatBytes } from '../../src/cli/words.js';
import type { EngineProgress } from '../engine.js';

/** So long between two that are read out, in milliseconds. */
const QUIET = 3000;

interface Props {
  readonly title: string;
  /** Null until the first block. */
  readonly progress: EngineProgress | null;
}

export function Progress({ title, progress }: Props) {
  const text = progress === null ? title : `${title}: ${formatBytes(progress.bytes)} of ${formatBytes(progress.totalBytes)}, ${counted(progress.events, 'event')}`;
  const latest = useRef(text);
  latest.current = text;
  const [said, setSaid] = useState(text);
  useEffect(() => {
    const timer = setInterval(() => setSaid(latest.current), QUIET);
    return () => clearInterval(timer);
  }, []);
  return (
    <div class="progress">
      <p class="number">{text}</p>
      <progress aria-label={title} max={progress?.totalBytes || undefined} value={progress?.bytes} />
      <p class="unseen" aria-live="polite">
        {said}
      </p>
    </div>
  );
}
