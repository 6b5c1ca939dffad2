/*
 * How files come in: chosen, or dropped anywhere on the page.
 */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Asks for a folder: an attribute that every browser has and the types do not. */
const FOLDER = { webkitdirectory: true };

interface ButtonProps {
  readonly onFiles: (files: readonly File[]) => void;
  readonly isFolder?: boolean;
  readonly isPrimary?: boolean;
  readonly children: ComponentChildren;
}

/** A button that asks for files, or for all files of a folder. */
export function FileButton({ onFiles, isFolder = false, isPrimary = false, children }: ButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  const choose = (event: Event & { readonly currentTarget: HTMLInputElement }) => {
    const { currentTarget } = event;
    onFiles(Array.from(currentTarget.files ?? []));
    // So that the same file can be chosen again.
    currentTarget.value = '';
  };
  return (
    <>
      <button type="button" class={isPrimary ? 'primary' : undefined} onClick={() => input.current?.click()}>
        {children}
      </button>
      <input ref={input} type="file" hidden multiple {...(isFolder ? FOLDER : {})} onChange={choose} />
    </>
  );
}

/** Takes what is dropped, and says so while something is held above the page. */
export function DropTarget({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    // Before others, as one that takes a document for itself lets nothing through.
    const over = (event: DragEvent) => {
      event.preventDefault();
      setOver(!isElsewhere(event));
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      if (isElsewhere(event)) return;
      onFiles(Array.from(event.dataTransfer?.files ?? []));
    };
    const listeners = { dragover: over, dragleave: leave, drop } as const;
    const stop = new AbortController();
    for (const [name, listener] of Object.entries(listeners)) {
      document.addEventListener(name, listener as EventListener, { signal: stop.signal, capture: true });
    }
    return () => stop.abort();
  }, [onFiles]);
  // It covers the page only for the eye: what is dropped falls through.
  return isOver ? <div class="drop-over">Drop a ledger, a pack, keys or a head</div> : null;
}

/** Whether it is held above a place for documents that are no ledger. */
function isElsewhere({ target }: DragEvent): boolean {
  return target instanceof Element && target.closest('.reveal-drop') !== null;
}
