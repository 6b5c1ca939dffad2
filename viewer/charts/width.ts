/*
 * How wide a picture is. Its text keeps its size: what changes is how much room there is between.
 */

import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Of a page on paper, and until a browser has measured. */
const WIDTH = 720;
const LEAST = 300;

/** An element to measure, and its width in pixels. */
export function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const element = useRef<HTMLDivElement | null>(null);
  const [width, setWidth] = useState(WIDTH);
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const observer = new ResizeObserver(() => {
      // A section that is not shown has none.
      if (current.clientWidth > 0) setWidth(Math.max(LEAST, Math.round(current.clientWidth)));
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
